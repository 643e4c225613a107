// Recorder: keeps one camera recorded. Connects, cuts what comes into segments for the sink,
// notices a camera that went away or froze, and connects again: a new pipeline each time, never
// sooner than the back-off says. Threads: one of its own that waits for the network; the sink is
// called on the streaming threads, one call at a time; `on_state` on the recorder's own thread.
// start() and stop() on the owner's; stop_soon(), end_segment_soon() and state() on any, and none
// of these waits for the sink. Limits: kNoDataMax without a picture is a lost camera; kNoKeyMax
// without one that recording could begin at is a fault. Back-off from kRetryFirst, doubled up to
// kRetryMost; a refused login waits kRetryLogin, for cameras lock accounts. Each with jitter of a
// quarter, so that cameras behind one switch do not come back at once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "gateway/media/rtsp_session.h"
#include "gateway/media/segment_sink.h"

namespace latchstring::media {

inline constexpr Duration kNoDataMax = std::chrono::seconds{7};
inline constexpr Duration kFirstPictureMax = std::chrono::seconds{15};
inline constexpr Duration kNoKeyMax = std::chrono::seconds{15};
inline constexpr Duration kRetryFirst = std::chrono::seconds{1};
inline constexpr Duration kRetryMost = std::chrono::seconds{30};
inline constexpr Duration kRetryLogin = std::chrono::seconds{60};

enum class RecordingState : std::uint8_t {
  connecting,
  recording,
  not_stored,  // pictures come, but cannot be recorded or the sink takes none: see reason
  lost,        // see reason; it will be tried again
  stopped,
};

struct RecorderState {
  RecordingState state = RecordingState::stopped;
  absl::Status reason;
  std::string run;  // while recording
  StreamInfo info;  // as last seen
  std::optional<std::int64_t> camera_offset_ms;
  std::optional<Instant> last_picture;
};

struct RecorderOptions {
  SegmenterOptions segments;
  CameraStream stream;
  std::function<void(const RecorderState&)> on_state;  // on every change of state or reason
};

class Recorder final : private SessionHandler {
 public:
  Recorder(RecorderOptions options, const Clock& clock, SegmentSink& sink);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder() override { stop(); }

  void start();
  // Ends the segment and disconnects; waits for both.
  void stop();
  // Begins to, and does not wait: so that many end at once.
  void stop_soon();
  // Ends the open segment at the next IDR: a cut touches it.
  void end_segment_soon();
  RecorderState state() const;

 private:
  void on_format(Track track, const std::string& caps) noexcept override;
  void on_unit(ReceivedUnit unit, std::optional<Instant> camera_time) noexcept override;

  void run();
  absl::Status record_until_lost();
  absl::Status check_pictures(Duration opened);
  void pause(const absl::Status& reason);
  bool stopping() const;
  void report(RecordingState state, const absl::Status& reason);
  void note_segmenter();  // with recording_ held

  const RecorderOptions options_;
  const Clock& clock_;

  // What a sink with a slow disk may hold up. Taken before mutex_, never after it.
  std::mutex recording_;
  Segmenter segmenter_;  // guarded by recording_

  mutable std::mutex mutex_;  // held for moments
  std::condition_variable wake_;
  bool stopping_ = false;     // guarded by mutex_
  RecorderState state_;       // guarded by mutex_
  std::string run_;           // guarded by mutex_: this and the next two as of the last unit
  bool is_stored_ = false;    // guarded by mutex_: a segment is open
  absl::Status sink_status_;  // guarded by mutex_
  std::optional<Duration>
      last_steady_;  // guarded by mutex_: of the last picture of this connection
  std::atomic<bool> end_soon_ = false;

  // Recorder's thread only.
  Duration retry_{kRetryFirst};
  std::optional<Duration> not_stored_since_;  // steady time: pictures come, and no segment is open
  std::minstd_rand jitter_{std::random_device{}()};

  std::thread thread_;
};

}  // namespace latchstring::media
