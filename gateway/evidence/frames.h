// frames-S.csv: when each frame of a clip was, and in which segment of the archive it lies.
// `frame,utc,source`, then one row a frame in the order of the clip, counted from 0; lines end in
// LF.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/terms.h"

namespace latchstring::evidence {

std::string frames_csv(const std::vector<FrameTime>& frames);

// The number of rows; InvalidArgument names the line. An error of `each` ends it.
absl::StatusOr<std::uint64_t> read_frames_csv(
    std::string_view text, const std::function<absl::Status(const FrameTime&)>& each);

}  // namespace latchstring::evidence
