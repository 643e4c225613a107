// Recorded footage as the modules pass it on: compressed access units with wall time. Nothing here
// decodes a picture.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/time.h"

namespace latchstring {

enum class Track : std::uint8_t { video, audio };

// One coded picture or one audio packet, as the camera sent it.
struct AccessUnit {
  Track track = Track::video;
  bool is_key = false;      // an IDR picture; always true for audio
  bool keep = true;         // false: lead-in, needed to decode what follows and never released
  Instant utc;              // wall time of its presentation
  std::int64_t pts_ns = 0;  // media time in its run, for durations only
  std::int64_t dts_ns = 0;
  std::int64_t duration_ns = 0;  // 0 where unknown
  std::uint32_t source = 0;      // index into Clip::sources(): the segment it lies in
  Bytes data;  // video: length-prefixed NAL units (AVC/HEVC sample); audio: raw packet
};

// What the tracks are, as GStreamer caps strings: for example
// `video/x-h264,stream-format=avc,alignment=au,codec_data=(buffer)...,width=768,height=576`.
struct StreamInfo {
  std::string video_caps;
  std::string audio_caps;  // empty: no audio
  friend bool operator==(const StreamInfo&, const StreamInfo&) = default;
};

// Access units in decoding order, one stretch of one stream format. rewind() starts again from the
// first: redaction reads a clip twice. Not thread-safe.
class FootageReader {
 public:
  virtual ~FootageReader() = default;
  virtual const StreamInfo& info() const = 0;
  // nullopt at the end. DataLoss: the stored footage is damaged; nothing of the clip may be
  // released.
  virtual absl::StatusOr<std::optional<AccessUnit>> next() = 0;
  virtual absl::Status rewind() = 0;
  // What whoever gets a clip made of this must be told about it; empty: nothing.
  virtual std::string note() const { return {}; }
};

// A finished file of known size, on disk under a one-time key (or in memory in tests).
class Spool {
 public:
  virtual ~Spool() = default;
  virtual std::uint64_t size_bytes() const = 0;
  // Fills `out` wholly from `offset`; DataLoss when there are not so many bytes.
  virtual absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) const = 0;
};

}  // namespace latchstring
