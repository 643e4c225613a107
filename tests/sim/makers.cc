// The one place outside gateway/seal that makes a SealedClip; tests/tidy names it. Programs with
// this file do not link gateway/seal. Why: docs/design/03-simulation.md.
#include "tests/sim/makers.h"

#include <utility>

namespace latchstring::seal {

class Sealer {
 public:
  static SealedClip stand_in(const Grant& grant, int part, std::vector<SealedFile> files,
                             std::string delivery_jws) {
    return SealedClip(MadeBy<Sealer>(), grant.terms().release_id, grant.terms().piece, part,
                      std::move(files), std::move(delivery_jws));
  }
};

}  // namespace latchstring::seal

namespace latchstring::sim {

SealedClip sealed_clip(const Grant& grant, int part, std::vector<SealedFile> files,
                       std::string delivery_jws) {
  return seal::Sealer::stand_in(grant, part, std::move(files), std::move(delivery_jws));
}

}  // namespace latchstring::sim
