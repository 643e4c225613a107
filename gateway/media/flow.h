// Private to media: a pipeline with an appsrc `in` and an appsink `out`, driven by one caller:
// push, pull what is ready, push more, finish, pull the rest.
// Limits: `waiting_max` buffers pushed and not yet pulled: beyond that pull() waits for one, at
// most kDecoderPatience. It must be larger than what the elements keep inside.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/media/gst.h"

namespace latchstring::media {

// Where buffers' times begin: decoders and encoders may give times a little before their first.
inline constexpr std::int64_t kFlowStartNs = 10'000'000'000;

class Flow {
 public:
  // `what` names it in errors: `cannot decode`.
  static absl::StatusOr<std::unique_ptr<Flow>> open(std::string what,
                                                    const std::string& description,
                                                    const GstCaps* in_caps,
                                                    std::uint64_t waiting_max);
  absl::Status push(gst::Buffer buffer);
  absl::Status finish();
  // Null: nothing is ready now; after finish(): all is out.
  absl::StatusOr<gst::Sample> pull();

 private:
  Flow(std::string what, gst::Pipeline pipeline, std::uint64_t waiting_max);
  absl::Status check_bus(GstClockTime timeout) const;

  const std::string what_;
  const gst::Pipeline pipeline_;  // stopped before the elements below go
  const gst::Element in_;
  const gst::Element out_;
  const gst::Bus bus_;
  const std::uint64_t waiting_max_;
  std::uint64_t waiting_ = 0;
  bool finished_ = false;
};

// `video/x-h264`; empty for caps that say nothing.
std::string_view name_of(const GstCaps* caps);

// A buffer that takes over the bytes.
gst::Buffer buffer_of(Bytes bytes);
absl::StatusOr<Bytes> bytes_of(GstBuffer* buffer);

}  // namespace latchstring::media
