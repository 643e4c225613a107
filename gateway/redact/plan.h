// Private to redact: what a redaction plan means, before any picture is seen. Parent and worker
// both ask here, so that they agree.
#pragma once

#include <optional>

#include "gateway/redact/core.h"

namespace latchstring::redact {

// `slow_to_one_frame_per`: which kept pictures stay. Ask in presentation order.
class FrameChooser {
 public:
  explicit FrameChooser(Duration per) : per_(per) {}
  bool takes(Instant utc);

 private:
  const Duration per_;
  std::optional<Instant> last_;
};

// The picture's size under `picture_height_at_most`; never enlarged, sides even.
media::PictureFormat output_format(const media::PictureFormat& source, int height_at_most);

}  // namespace latchstring::redact
