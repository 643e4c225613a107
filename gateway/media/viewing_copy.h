// Whether a clip of the camera's own units needs a copy beside it for people to look at.
#pragma once

#include <absl/status/statusor.h>

#include "gateway/base/footage.h"

namespace latchstring::media {

// True unless it is H.264 with AAC or without sound, which browsers and the usual players play.
// False, too, for pictures that our decoder cannot give to the encoder: 4:2:2, 4:4:4, ten bits.
absl::StatusOr<bool> wants_viewing_copy(const StreamInfo& info);

}  // namespace latchstring::media
