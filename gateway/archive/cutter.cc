#include "gateway/archive/cutter.h"

#include "gateway/archive/parts.h"
#include "gateway/base/status.h"

namespace latchstring::archive {

absl::StatusOr<std::vector<Clip>> Cutter::cut(Grant grant, const Footage& footage) const {
  LS_ASSIGN(std::vector<Part> parts, cut_parts(segments_, keys_, grant.terms(), footage));
  std::vector<Clip> clips;
  for (Part& part : parts) {
    clips.emplace_back(MadeBy<Cutter>{}, std::move(part.terms), std::move(part.reader),
                       std::move(part.sources));
  }
  return clips;
}

absl::StatusOr<Preview> Cutter::look(Look look, const Footage& footage) const {
  LS_ASSIGN(Part part, first_part(segments_, keys_, look.terms(), footage));
  return Preview(MadeBy<Cutter>{}, std::move(part.terms), std::move(part.reader));
}

absl::StatusOr<Preview> Cutter::look_at_newest(Look look, const Footage& footage) const {
  LS_ASSIGN(Part part, newest_frame(segments_, keys_, look.terms(), footage));
  return Preview(MadeBy<Cutter>{}, std::move(part.terms), std::move(part.reader));
}

}  // namespace latchstring::archive
