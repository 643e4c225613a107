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

void Recorder::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Recorder::end_segment_soon() {
  const std::lock_guard lock(mutex_);
  segmenter_.end_segment_soon();
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
  const std::lock_guard lock(mutex_);
  segmenter_.end_run(status);
  return status;
}

// Our own watchdog: RTSP's time-outs notice a frozen camera far too late.
absl::Status Recorder::check_pictures(Duration opened) {
  std::optional<Duration> last;
  bool is_recording = false;
  absl::Status sink_status;
  {
    const std::lock_guard lock(mutex_);
    last = last_steady_;
    sink_status = segmenter_.sink_status();
    is_recording = segmenter_.is_recording();
  }
  const Duration now = clock_.steady();
  if (!last) {
    if (now - opened < kFirstPictureMax) return absl::OkStatus();
    return unavailable("no picture came in the first {:.0f} s", seconds_of(kFirstPictureMax));
  }
  if (now - *last > kNoDataMax) {
    return unavailable("no picture for {:.0f} s", seconds_of(kNoDataMax));
  }
  if (!sink_status.ok()) {
    report(RecordingState::not_stored, sink_status);
  } else if (is_recording) {
    report(RecordingState::recording, absl::OkStatus());
    retry_ = kRetryFirst;
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
    const bool same =
        state_.state == state && state_.reason == reason && state_.run == segmenter_.run();
    if (same) return;
    state_.state = state;
    state_.reason = reason;
    state_.run = segmenter_.run();
    copy = state_;
  }
  if (options_.on_state) options_.on_state(copy);
}

void Recorder::on_format(Track track, const std::string& caps) noexcept {
  const std::lock_guard lock(mutex_);
  (track == Track::video ? state_.info.video_caps : state_.info.audio_caps) = caps;
  segmenter_.set_format(track, caps);
}

void Recorder::on_unit(ReceivedUnit unit, std::optional<Instant> camera_time) noexcept {
  const std::lock_guard lock(mutex_);
  if (unit.track == Track::video) {
    last_steady_ = unit.steady;
    state_.last_picture = unit.received;
  }
  const std::int64_t pts_ns = unit.pts_ns;
  segmenter_.add(std::move(unit));
  const std::optional<Instant> ours = camera_time ? segmenter_.utc_of(pts_ns) : std::nullopt;
  if (!ours) return;
  const auto offset = std::chrono::round<milliseconds>(*camera_time - *ours);
  state_.camera_offset_ms = offset.count();
  segmenter_.set_camera_offset(offset.count());
}

}  // namespace latchstring::media
