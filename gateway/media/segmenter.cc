#include "gateway/media/segmenter.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/media/demux.h"

namespace latchstring::media {
namespace {

constexpr std::size_t kRunIdLength = 10;
constexpr std::size_t kFragmentSamplesSoft = kFragmentSamplesMax / 2;
constexpr std::int64_t kUsualFrame_ns = 40'000'000;

}  // namespace

std::string make_run_id() {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<std::uint8_t, kRunIdLength> random{};
  ensure(::getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  std::string id;
  for (const std::uint8_t byte : random) id += kAlphabet[byte & 31];
  return id;
}

Segmenter::Segmenter(SegmenterOptions options, SegmentSink& sink)
    : options_(std::move(options)), sink_(sink) {}

void Segmenter::set_format(Track track, const std::string& caps) {
  (track == Track::video ? info_.video_caps : info_.audio_caps) = caps;
}

void Segmenter::add(ReceivedUnit unit) {
  if (unit.data.size() > kUnitBytesMax) return refuse(unit);
  if (unit.track == Track::video) {
    if (run_.empty()) start_run(unit);
    if (anchor_.add(unit.received, unit.steady, unit.pts_ns - origin_ns_) ==
        TimeAnchor::Verdict::new_run) {
      end_run(not_now("the time line broke: a clock was set or the camera's stream jumped"));
      start_run(unit);
      anchor_.add(unit.received, unit.steady, 0);
    }
  }
  if (run_.empty()) return;  // sound before the first picture
  if (unit.track == Track::audio && !place_sound(unit)) return;
  const Duration steady = unit.steady;
  if (settled_) {
    take(unit);
    return;
  }
  held_bytes_ += unit.data.size();
  held_.push_back(std::move(unit));
  if (anchor_.settled(steady) || held_bytes_ > kSettleBytesMax) drain();
}

// Pictures after it may need it, so nothing goes on from here.
void Segmenter::refuse(const ReceivedUnit& unit) {
  if (unit.track == Track::audio) return;
  const absl::Status cause =
      exhausted("the camera sent a picture of {} bytes; at most {} can be recorded",
                unit.data.size(), kUnitBytesMax);
  end_run(cause);
  sink_status_ = cause;
}

// False: where it stands in the day is not known, and it may not be given for another time's.
bool Segmenter::place_sound(const ReceivedUnit& unit) {
  const std::int64_t media_ns = unit.pts_ns - origin_ns_;
  if (sound_anchor_.add(unit.received, unit.steady, media_ns) == TimeAnchor::Verdict::new_run) {
    sound_anchor_ = TimeAnchor();
    sound_anchor_.add(unit.received, unit.steady, media_ns);
  }
  const bool is_placed = !settled_ || sound_anchor_.settled(unit.steady);
  return is_placed && unit.received - sound_anchor_.utc_of(media_ns) <= kSoundLateMax;
}

// Media time of the pictures, also for sound.
std::int64_t Segmenter::media_ns_of(const ReceivedUnit& unit) const {
  const std::int64_t media_ns = unit.pts_ns - origin_ns_;
  if (unit.track == Track::video) return media_ns;
  const Duration apart = sound_anchor_.utc_of(media_ns) - anchor_.utc_of(media_ns);
  return media_ns + std::chrono::duration_cast<std::chrono::nanoseconds>(apart).count();
}

void Segmenter::start_run(const ReceivedUnit& unit) {
  run_ = make_run_id();
  origin_ns_ = unit.pts_ns;
  anchor_ = TimeAnchor();
  sound_anchor_ = TimeAnchor();
  settled_ = false;
  last_media_ns_ = 0;
  last_step_ns_ = kUsualFrame_ns;
}

void Segmenter::drain() {
  settled_ = true;
  for (const ReceivedUnit& unit : held_) take(unit);
  held_.clear();
  held_bytes_ = 0;
}

void Segmenter::take(const ReceivedUnit& unit) {
  const std::int64_t media_ns = media_ns_of(unit);
  if (media_ns < 0 || unit.data.empty()) return;
  if (unit.track == Track::video) {
    take_video(unit, media_ns);
  } else if (open_ && !segment_info_.audio_caps.empty() &&
             fragment_->samples() < kFragmentSamplesMax - 1) {
    fragment_->add(Track::audio, true, media_ns, unit.data);
  }
}

void Segmenter::take_video(const ReceivedUnit& unit, std::int64_t media_ns) {
  const bool cut_off = open_ && written_ + fragment_->bytes() > kSegmentBytesHard;
  if (open_ && (cut_off || (unit.is_key && must_end_before(media_ns)))) {
    finish_fragment(media_ns);
    end_segment(absl::OkStatus());
  }
  if (!open_) {
    if (!unit.is_key) return;
    sink_status_ = begin_segment(media_ns);
    if (!sink_status_.ok()) return;
  }
  if (fragment_is_full(unit.is_key, media_ns)) {
    finish_fragment(media_ns);
    if (!open_) return;  // the sink refused it
  }
  if (unit.is_key) {
    last_key_ns_ = media_ns;
    last_key_bytes_ = written_ + fragment_->bytes();
  }
  fragment_->add(Track::video, unit.is_key, media_ns, unit.data);
  if (media_ns > last_media_ns_) last_step_ns_ = media_ns - last_media_ns_;
  last_media_ns_ = std::max(last_media_ns_, media_ns);
}

// Asked at an IDR: would the segment, with one more GOP like the last one, be too long?
bool Segmenter::must_end_before(std::int64_t media_ns) const {
  const std::int64_t gop_ns = media_ns - last_key_ns_;
  const std::uint64_t bytes = written_ + fragment_->bytes();
  const std::uint64_t gop_bytes = bytes - last_key_bytes_;
  return end_soon_ || segment_info_ != info_ || anchor_.utc_of(media_ns) >= ends_by_ ||
         media_ns - segment_start_ns_ + gop_ns > kSegmentMax_ns + last_step_ns_ / 2 ||
         bytes + gop_bytes > kSegmentBytesMax;
}

bool Segmenter::fragment_is_full(bool is_key, std::int64_t media_ns) const {
  if (!fragment_->has_video()) return false;
  const std::int64_t length = media_ns - fragment_->first_pts_ns();
  return length >= kFragment_ns || (is_key && length >= kFragmentLeast_ns) ||
         fragment_->bytes() > kFragmentBytesSoft || fragment_->samples() > kFragmentSamplesSoft;
}

absl::Status Segmenter::begin_segment(std::int64_t media_ns) {
  LS_ASSIGN(fragment_, FragmentWriter::open(info_));
  SegmentHead head;
  head.camera = options_.camera;
  head.run = run_;
  head.info = info_;
  head.wall_start = anchor_.utc_of(media_ns);
  head.media_start_ns = to_ns(to_ticks(media_ns, kVideoTimescale), kVideoTimescale);
  head.camera_offset_ms = offset_ms_;
  LS_RETURN_IF_ERROR(sink_.begin(head));
  open_ = true;
  segment_info_ = info_;
  segment_start_ns_ = last_key_ns_ = media_ns;
  last_key_bytes_ = written_ = 0;
  ends_by_ = options_.next_midnight(head.wall_start);
  end_soon_ = false;
  if (const absl::Status status = put(fragment_->header()); !status.ok()) {
    end_segment(status);
    return status;
  }
  return absl::OkStatus();
}

absl::Status Segmenter::put(ByteView bytes) {
  LS_RETURN_IF_ERROR(sink_.write(bytes));
  written_ += bytes.size();
  return absl::OkStatus();
}

void Segmenter::finish_fragment(std::int64_t end_ns) {
  if (!fragment_->has_video()) return;
  FragmentMark mark;
  mark.offset = written_;
  const Instant utc = anchor_.utc_of(fragment_->first_pts_ns());
  const Bytes bytes = fragment_->finish(end_ns, utc, mark);
  absl::Status status = put(bytes);
  if (status.ok()) status = sink_.fragment(mark);
  if (!status.ok()) {
    sink_status_ = status;
    end_segment(status);
  }
}

void Segmenter::end_segment(const absl::Status& cause) {
  if (!open_) return;
  open_ = false;
  fragment_.reset();
  const absl::Status ended = sink_.end({cause, offset_ms_});
  if (sink_status_.ok()) sink_status_ = ended;
}

void Segmenter::end_run(const absl::Status& cause) {
  if (run_.empty()) return;
  if (!settled_) drain();
  if (open_) {
    finish_fragment(last_media_ns_ + last_step_ns_);
    end_segment(cause);
  }
  run_.clear();
}

std::optional<Instant> Segmenter::utc_of(std::int64_t pts_ns) const {
  if (run_.empty()) return std::nullopt;
  return anchor_.utc_of(pts_ns - origin_ns_);
}

}  // namespace latchstring::media
