#include "gateway/media/recorder.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::media {
namespace {

using std::chrono::milliseconds;

constexpr Duration kLookEvery = milliseconds{200};

double seconds_of(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace

Recorder::Recorder(RecorderOptions options, const Clock& clock, SegmentSink& sink)
    : options_(std::move(options)), clock_(clock), segmenter_(options_.segments, sink) {}

void Recorder::start() {
  ensure(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void Recorder::stop_soon() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void Recorder::stop() {
  stop_soon();
  if (thread_.joinable()) thread_.join();
}

void Recorder::end_segment_soon() {
  end_soon_ = true;
}

RecorderState Recorder::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool Recorder::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Recorder::run() {
  while (!stopping()) {
    report(RecordingState::connecting, absl::OkStatus());
    const absl::Status lost = record_until_lost();
    if (stopping()) break;
    report(RecordingState::lost, lost);
    pause(lost);
  }
  report(RecordingState::stopped, absl::OkStatus());
}

absl::Status Recorder::record_until_lost() {
  {
    const std::lock_guard lock(mutex_);
    last_steady_.reset();
  }
  not_stored_since_.reset();
  absl::Status status;
  {
    auto session = RtspSession::open(options_.stream, clock_, *this);
    if (!session.ok()) return session.status();
    const Duration opened = clock_.steady();
    while (status.ok() && !stopping()) {
      status = (*session)->wait(kLookEvery);
      if (status.ok()) status = check_pictures(opened);
    }
  }
  // The session is gone, so nobody else is in the segmenter.
  const std::lock_guard lock(recording_);
  segmenter_.end_run(status);
  note_segmenter();
  return status;
}

// Our own watchdog: RTSP's time-outs notice a frozen camera far too late.
absl::Status Recorder::check_pictures(Duration opened) {
  std::optional<Duration> last;
  bool is_stored = false;
  absl::Status sink_status;
  {
    const std::lock_guard lock(mutex_);
    last = last_steady_;
    sink_status = sink_status_;
    is_stored = is_stored_;
  }
  const Duration now = clock_.steady();
  if (!last) {
    if (now - opened < kFirstPictureMax) return absl::OkStatus();
    return unavailable("no picture came in the first {:.0f} s", seconds_of(kFirstPictureMax));
  }
  if (now - *last > kNoDataMax) {
    return unavailable("no picture for {:.0f} s", seconds_of(kNoDataMax));
  }
  if (is_stored) {
    not_stored_since_.reset();
  } else if (!not_stored_since_) {
    not_stored_since_ = now;
  }
  if (!sink_status.ok()) {
    report(RecordingState::not_stored, sink_status);
  } else if (is_stored) {
    report(RecordingState::recording, absl::OkStatus());
    retry_ = kRetryFirst;
  } else if (now - *not_stored_since_ > kNoKeyMax) {
    report(
        RecordingState::not_stored,
        unavailable("pictures come, but for {:.0f} s no key picture that a recording could begin "
                    "at: set the camera's key frame interval to a few seconds",
                    seconds_of(kNoKeyMax)));
  }
  return absl::OkStatus();
}

void Recorder::pause(const absl::Status& reason) {
  const Duration base = absl::IsPermissionDenied(reason) ? kRetryLogin : retry_;
  retry_ = std::min<Duration>(retry_ * 2, kRetryMost);
  std::uniform_int_distribution<Duration::rep> quarter(0, base.count() / 4);
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, base + Duration{quarter(jitter_)}, [this] { return stopping_; });
}

void Recorder::report(RecordingState state, const absl::Status& reason) {
  RecorderState copy;
  {
    const std::lock_guard lock(mutex_);
    const bool same = state_.state == state && state_.reason == reason && state_.run == run_;
    if (same) return;
    state_.state = state;
    state_.reason = reason;
    state_.run = run_;
    copy = state_;
  }
  if (options_.on_state) options_.on_state(copy);
}

void Recorder::note_segmenter() {
  const std::lock_guard lock(mutex_);
  run_ = segmenter_.run();
  is_stored_ = segmenter_.is_recording();
  sink_status_ = segmenter_.sink_status();
}

void Recorder::on_format(Track track, const std::string& caps) noexcept {
  const std::lock_guard recording(recording_);
  segmenter_.set_format(track, caps);
  const std::lock_guard lock(mutex_);
  (track == Track::video ? state_.info.video_caps : state_.info.audio_caps) = caps;
}

void Recorder::on_unit(ReceivedUnit unit, std::optional<Instant> camera_time) noexcept {
  const std::lock_guard recording(recording_);
  if (unit.track == Track::video) {
    const std::lock_guard lock(mutex_);
    last_steady_ = unit.steady;
    state_.last_picture = unit.received;
  }
  if (end_soon_.exchange(false)) segmenter_.end_segment_soon();
  const std::int64_t pts_ns = unit.pts_ns;
  segmenter_.add(std::move(unit));
  note_segmenter();
  const std::optional<Instant> ours = camera_time ? segmenter_.utc_of(pts_ns) : std::nullopt;
  if (!ours) return;
  const auto offset = std::chrono::round<milliseconds>(*camera_time - *ours);
  segmenter_.set_camera_offset(offset.count());
  const std::lock_guard lock(mutex_);
  state_.camera_offset_ms = offset.count();
}

}  // namespace latchstring::media
