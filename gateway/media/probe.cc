#include "gateway/media/probe.h"

#include <algorithm>
#include <mutex>

#include "gateway/base/status.h"
#include "gateway/media/recorder.h"

namespace latchstring::media {
namespace {

constexpr Duration kLookEvery = std::chrono::milliseconds{100};

class Listener final : public SessionHandler {
 public:
  explicit Listener(bool counts_sound) : counts_sound_(counts_sound) {}

  void on_format(Track track, const std::string& caps) noexcept override {
    const auto format = parse_format(caps);
    if (!format.ok()) return;
    const std::lock_guard lock(mutex_);
    if (track == Track::audio) {
      report_.audio_codec = to_rfc6381(*format);
      report_.audio_rate = format->rate;
      return;
    }
    report_.video_codec = to_rfc6381(*format);
    report_.width = format->width;
    report_.height = format->height;
  }

  void on_unit(ReceivedUnit unit, std::optional<Instant> camera_time) noexcept override {
    const std::lock_guard lock(mutex_);
    if (unit.track == Track::video || counts_sound_) bytes_ += unit.data.size();
    if (unit.track == Track::audio) return;
    if (frames_++ == 0) first_ns_ = unit.pts_ns, first_steady_ = unit.steady;
    last_ns_ = unit.pts_ns;
    // As in TimeAnchor: nothing arrives before it was sent.
    const Duration offset = unit.received.time_since_epoch() - Duration{unit.pts_ns / 1000};
    anchor_ = anchor_ ? std::min(*anchor_, offset) : offset;
    if (unit.is_key) {
      if (last_key_ns_) gop_ns_ = std::max(gop_ns_, unit.pts_ns - *last_key_ns_);
      last_key_ns_ = unit.pts_ns;
    }
    if (camera_time)
      camera_offset_ = camera_time->time_since_epoch() - Duration{unit.pts_ns / 1000};
  }

  std::optional<Duration> started() const {
    const std::lock_guard lock(mutex_);
    return first_steady_;
  }

  CameraReport report() const {
    const std::lock_guard lock(mutex_);
    CameraReport report = report_;
    const double seconds = static_cast<double>(last_ns_ - first_ns_) / 1e9;
    if (seconds > 0) {
      report.frames_per_second = static_cast<double>(frames_ - 1) / seconds;
      report.kilobits_per_second = static_cast<double>(bytes_) * 8 / 1000 / seconds;
    }
    if (gop_ns_ > 0) report.gop_s = static_cast<double>(gop_ns_) / 1e9;
    if (camera_offset_ && anchor_) {
      report.clock_offset_ms =
          std::chrono::round<std::chrono::milliseconds>(*camera_offset_ - *anchor_).count();
    }
    return report;
  }

 private:
  const bool counts_sound_;

  mutable std::mutex mutex_;
  // All guarded by mutex_.
  CameraReport report_;
  std::uint64_t bytes_ = 0;
  std::int64_t frames_ = 0;
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t gop_ns_ = 0;
  std::optional<std::int64_t> last_key_ns_;
  std::optional<Duration> first_steady_;
  std::optional<Duration> anchor_;
  std::optional<Duration> camera_offset_;
};

}  // namespace

absl::StatusOr<CameraReport> probe_camera(const CameraStream& stream, const Clock& clock,
                                          Duration listen) {
  Listener listener(stream.audio);
  CameraStream whole = stream;
  // Also where it is not recorded: the household may not know that there is one.
  whole.audio = true;
  LS_ASSIGN(const std::unique_ptr<RtspSession> session, RtspSession::open(whole, clock, listener));
  const Duration opened = clock.steady();
  for (;;) {
    LS_RETURN_IF_ERROR(session->wait(kLookEvery));
    const std::optional<Duration> started = listener.started();
    if (started && clock.steady() - *started >= listen) return listener.report();
    if (!started && clock.steady() - opened > kFirstPictureMax) {
      return unavailable("the camera at `{}` sends no picture", stream.url);
    }
  }
}

}  // namespace latchstring::media
