// Private to redact: what parent and worker say to each other, in order:
//   worker: ready            parent: job
//   worker: next             parent: unit or end        (until the end, and not once more)
//   worker: rewind           (once, after the end; the parent starts the footage again)
//   worker: format, frame, sound, image                 (results, whenever there are some)
//   worker: done or failed   the worker leaves; done after the second end, or after an image
// The parent takes nothing on trust: each body is decoded strictly, within the limits below.
#pragma once

#include <absl/status/statusor.h>

#include "gateway/base/footage.h"
#include "gateway/redact/core.h"

namespace latchstring::redact {

enum class Say : std::uint8_t {
  job = 1,
  unit,
  end,  // parent
  ready = 11,
  next,
  rewind,
  format,
  frame,
  sound,
  image,
  done,
  failed,  // worker
};

inline constexpr std::size_t kCapsMax = 64 * 1024;
inline constexpr std::size_t kUnitBytesMax = 24 * 1024 * 1024;
inline constexpr std::size_t kCodecDataMax = 4096;
inline constexpr std::size_t kImageBytesMax = 24 * 1024 * 1024;
inline constexpr std::size_t kFailureTextMax = 1000;
inline constexpr std::size_t kNameMax = 256;
inline constexpr int kSideMax = 8192;

struct JobMessage {
  Job job;
  StreamInfo info;
};
Bytes encode_job(const JobMessage& message);
absl::StatusOr<JobMessage> decode_job(ByteView body);

Bytes encode_unit(const AccessUnit& unit);
absl::StatusOr<AccessUnit> decode_unit(ByteView body);

Bytes encode_format(const OutputFormat& format);
absl::StatusOr<OutputFormat> decode_format(ByteView body);

struct FrameMessage {
  std::uint64_t index = 0;
  AccessUnit unit;
  FrameRegions regions;
};
Bytes encode_frame(std::uint64_t index, const AccessUnit& unit, const FrameRegions& regions);
absl::StatusOr<FrameMessage> decode_frame(ByteView body);

struct ImageMessage {
  Bytes bytes;
  FrameRegions regions;
};
Bytes encode_image_message(ByteView bytes, const FrameRegions& regions);
absl::StatusOr<ImageMessage> decode_image_message(ByteView body);

// The status of a worker that says why it fails: one of a few codes, printable text.
Bytes encode_failure(const absl::Status& status);
absl::StatusOr<absl::Status> decode_failure(ByteView body);

}  // namespace latchstring::redact
