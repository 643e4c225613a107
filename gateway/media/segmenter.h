// Cuts one camera's access units into runs, segments and fragments, and puts them on the wall
// clock. Knows nothing of GStreamer or the network. Threads: none of its own; calls come one at a
// time. Limits: kSegmentMax_ns and the byte limits of segment_sink.h; a fragment is kFragment_ns
// and at most kFragmentBytesSoft; kSettleBytesMax are held back while the anchor of a new run
// settles; a picture of more than kUnitBytesMax is dropped and ends the run; sound that comes more
// than kSoundLateMax after its time is dropped.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "gateway/media/fragment_writer.h"
#include "gateway/media/segment_sink.h"
#include "gateway/media/time_anchor.h"

namespace latchstring::media {

inline constexpr std::int64_t kFragment_ns = 1'000'000'000;
inline constexpr std::int64_t kFragmentLeast_ns = 500'000'000;  // then an IDR may begin a new one
inline constexpr std::size_t kFragmentBytesSoft = 8U << 20;
inline constexpr std::size_t kSettleBytesMax = 16U << 20;
// Less than the worker takes (redact/messages.h): what is recorded can be redacted.
inline constexpr std::size_t kUnitBytesMax = 16U << 20;
inline constexpr Duration kSoundLateMax = std::chrono::seconds{1};

// One coded picture or audio packet as it came in. Media time: any origin, the same for both
// tracks.
struct ReceivedUnit {
  Track track = Track::video;
  bool is_key = false;
  std::int64_t pts_ns = 0;
  Bytes data;
  Instant received;
  Duration steady{0};
};

struct SegmenterOptions {
  std::string camera;
  // The first instant after the given one at which the household's day ends.
  std::function<Instant(Instant)> next_midnight;
};

class Segmenter {
 public:
  Segmenter(SegmenterOptions options, SegmentSink& sink);

  // A new format takes effect at the next IDR, in a new segment.
  void set_format(Track track, const std::string& caps);
  void set_camera_offset(std::optional<std::int64_t> milliseconds) { offset_ms_ = milliseconds; }
  // Errors of the sink end the segment; the next IDR begins another one. They are not lost:
  // sink_status() has the last one until a segment begins well.
  void add(ReceivedUnit unit);
  // Ends the open segment at the next IDR, because a cut touches it.
  void end_segment_soon() { end_soon_ = true; }
  // The connection is over: the rest is written and the segment ends.
  void end_run(const absl::Status& cause);

  const absl::Status& sink_status() const { return sink_status_; }
  bool is_recording() const { return open_; }
  const std::string& run() const { return run_; }
  // Wall time of a media time of this run; nullopt before its first picture.
  std::optional<Instant> utc_of(std::int64_t pts_ns) const;

 private:
  void start_run(const ReceivedUnit& unit);
  void refuse(const ReceivedUnit& unit);
  bool place_sound(const ReceivedUnit& unit);
  std::int64_t media_ns_of(const ReceivedUnit& unit) const;
  void drain();
  void take(const ReceivedUnit& unit);
  void take_video(const ReceivedUnit& unit, std::int64_t media_ns);
  bool must_end_before(std::int64_t media_ns) const;
  bool fragment_is_full(bool is_key, std::int64_t media_ns) const;
  absl::Status begin_segment(std::int64_t media_ns);
  void finish_fragment(std::int64_t end_ns);
  void end_segment(const absl::Status& cause);
  absl::Status put(ByteView bytes);

  const SegmenterOptions options_;
  SegmentSink& sink_;
  absl::Status sink_status_;
  StreamInfo info_;  // as the stream is now
  bool end_soon_ = false;
  std::optional<std::int64_t> offset_ms_;

  // The run.
  std::string run_;
  std::int64_t origin_ns_ = 0;
  TimeAnchor anchor_;
  // A camera counts sound on a crystal of its own, from a start of its own: where a packet stands
  // in the day does not follow from the pictures' time.
  TimeAnchor sound_anchor_;
  bool settled_ = false;
  std::deque<ReceivedUnit> held_;  // until settled_
  std::size_t held_bytes_ = 0;
  std::int64_t last_media_ns_ = 0;  // of the last picture taken
  std::int64_t last_step_ns_ = 0;   // from the picture before to it

  // The segment.
  bool open_ = false;
  StreamInfo segment_info_;
  std::optional<FragmentWriter> fragment_;
  std::uint64_t written_ = 0;
  std::int64_t segment_start_ns_ = 0;
  std::int64_t last_key_ns_ = 0;
  std::uint64_t last_key_bytes_ = 0;  // size of the segment there
  Instant ends_by_;                   // midnight
};

// 10 random characters of [a-z2-7].
std::string make_run_id();

}  // namespace latchstring::media
