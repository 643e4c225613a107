// Where a camera's recording goes: the archive implements this, the recorder calls it.
// Threads: all calls of one camera come one after another, on its streaming threads; never from two
// threads at once.
// Order: begin, then any number of (write, fragment), then exactly one end for every begin that
// returned ok. The first write after begin is the header of the file (ftyp, moov); each later write
// is one whole fragment, followed by its mark.
// If the sink falls behind: any error ends the segment early; the recorder calls end() with it and
// begins a new segment at the next IDR.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/base/footage.h"

namespace latchstring::media {

inline constexpr std::int64_t kSegmentMax_ns = 60'000'000'000;
// A segment ends at the IDR before it would grow past this; with GOPs longer than a segment it
// goes on to the next IDR, at most to kSegmentBytesHard, where it is cut off.
inline constexpr std::uint64_t kSegmentBytesMax = 64ULL << 20;
inline constexpr std::uint64_t kSegmentBytesHard = 2 * kSegmentBytesMax;

struct SegmentHead {
  std::string camera;
  std::string run;  // one connection's unbroken time line: 10 of [a-z2-7]
  StreamInfo info;
  Instant wall_start;               // of the first frame
  std::int64_t media_start_ns = 0;  // pts of the first frame, counted from the start of the run
  // The camera's own clock minus ours, from RTCP sender reports: evidence, never truth. Unknown
  // until the first report has come.
  std::optional<std::int64_t> camera_offset_ms;
};

// About a second of footage: a moof and its mdat, in one piece of the file.
struct FragmentMark {
  std::uint64_t offset = 0;  // in the plaintext file
  std::uint64_t size = 0;
  std::int64_t media_ns = 0;     // earliest pts in it, counted from the start of the run
  std::int64_t duration_ns = 0;  // to the first frame of the next fragment
  Instant first_frame_utc;       // of the frame at media_ns
  bool starts_with_key = false;  // its first frame in decoding order is an IDR
  std::uint32_t frames = 0;      // video frames
  friend bool operator==(const FragmentMark&, const FragmentMark&) = default;
};

// Why a segment ended.
struct SegmentEnd {
  absl::Status cause;  // ok: it was full, or its end was asked for; else what broke it off
  std::optional<std::int64_t> camera_offset_ms;
};

class SegmentSink {
 public:
  virtual ~SegmentSink() = default;
  virtual absl::Status begin(const SegmentHead& head) = 0;
  virtual absl::Status write(ByteView bytes) = 0;
  virtual absl::Status fragment(const FragmentMark& mark) = 0;
  virtual absl::Status end(const SegmentEnd& end) = 0;
};

}  // namespace latchstring::media
