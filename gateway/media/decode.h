// Decoding: access units in, pictures and sound out. Runs in the worker process only; the daemon
// never decodes.
// Owns a GStreamer pipeline whose threads never call us. Threads: one caller.
// Limits: kPixelsMax per picture; kPicturesWaitingMax decoded ahead. A decoder that gives nothing
// for kDecoderPatience is an error, as is any message of its own that says so.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <memory>
#include <optional>

#include "gateway/base/footage.h"

namespace latchstring::media {

inline constexpr int kPixelsMax = 8192 * 4608;
inline constexpr int kPicturesWaitingMax = 64;
inline constexpr Duration kDecoderPatience = std::chrono::seconds{20};

struct Plane {
  std::uint8_t* data = nullptr;
  int stride = 0;  // bytes from row to row
  int width = 0;
  int height = 0;
};

// What must be known of a picture to encode one like it.
struct PictureFormat {
  int width = 0;
  int height = 0;
  int pixel_width = 1;  // shape of a pixel (sample aspect ratio)
  int pixel_height = 1;
  std::string colorimetry;  // GStreamer's name; empty: unknown
  friend bool operator==(const PictureFormat&, const PictureFormat&) = default;
};

// 4:2:0, 8 bit, three planes (I420) in memory of its own, so that it can be drawn on.
class Picture {
 public:
  explicit Picture(PictureFormat format);
  Picture(Picture&&) = default;  // the planes point into the memory, which moves along
  Picture& operator=(Picture&&) = default;
  const PictureFormat& format() const { return format_; }
  const std::array<Plane, 3>& planes() const { return planes_; }
  const Bytes& memory() const { return memory_; }
  Bytes release() && { return std::move(memory_); }

  std::int64_t pts_ns = 0;
  bool damaged = false;  // the decoder had to guess parts of it

 private:
  PictureFormat format_;
  Bytes memory_;
  std::array<Plane, 3> planes_;
};

// One stream format from first to last; a change of the picture size shows in Picture::format().
class Decoder {
 public:
  // `video_caps` as in StreamInfo: H.264 or H.265.
  static absl::StatusOr<std::unique_ptr<Decoder>> open(const std::string& video_caps, int threads);
  virtual ~Decoder() = default;
  // Takes a video unit; the picture comes out of pull() later, by its pts_ns.
  virtual absl::Status push(const AccessUnit& unit) = 0;
  // No more units: what is inside comes out.
  virtual absl::Status finish() = 0;
  // The next picture in presentation order; nullopt: push more, or after finish(): that was all.
  virtual absl::StatusOr<std::optional<Picture>> pull() = 0;
};

}  // namespace latchstring::media
