// One run of the simulation: a house and its requesters for a month of virtual time, everything
// that can go wrong going wrong for the first ten days, then quiet, so that all must end well.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/base/files.h"
#include "tests/sim/faults.h"

namespace latchstring::sim {

struct Result {
  std::string invariant;  // empty: all held
  std::string what;
  std::string trace_sha256;
  int delivered = 0;
};

// `folder`: empty, of this run's own. `verbose`: prints what happens.
Result run(std::uint64_t seed, const Path& folder, Tally& tally, bool verbose);

}  // namespace latchstring::sim
