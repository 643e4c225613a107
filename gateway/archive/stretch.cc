#include "gateway/archive/stretch.h"

#include <algorithm>
#include <iterator>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

Instant end_of(const media::FragmentMark& mark) {
  return mark.first_frame_utc +
         std::chrono::ceil<Duration>(std::chrono::nanoseconds(mark.duration_ns));
}

absl::Status with_advice(const absl::Status& status) {
  return absl::IsDataLoss(status) ? data_loss("{}; {}", message_of(status), kMendFirst) : status;
}

absl::Status within_segment(const Segment& segment, const absl::Status& status) {
  return with_advice(within(fmt::format("segment `{}`", segment.name.id()), status));
}

absl::StatusOr<MediaView> open_view(const Path& segments, const DayKeys& keys,
                                    const SegmentName& name) {
  LS_ASSIGN(const crypto::age::Identity identity, keys.identity(name.day, file_of(segments, name)));
  absl::StatusOr<MediaView> view = open_segment(segments, name, identity);
  if (!view.ok()) return with_advice(view.status());
  return view;
}

absl::StatusOr<std::pair<StreamInfo, Source>> look_through(const Path& segments,
                                                           const DayKeys& keys,
                                                           const Segment& segment) {
  Source source;
  source.segment = segment;
  LS_ASSIGN(const MediaView view, open_view(segments, keys, segment.name));
  absl::StatusOr<media::SegmentScan> scan = media::scan_segment(view.read_at, view.size);
  if (!scan.ok()) return within_segment(segment, scan.status());
  if (scan->truncated || scan->fragments.empty()) {
    return within_segment(segment, data_loss("it does not hold whole fragments"));
  }
  source.fragments = std::move(scan->fragments);
  return std::pair{std::move(scan->info), std::move(source)};
}

bool goes_on(const Stretch& stretch, const StreamInfo& info, const Source& source) {
  const Source& last = stretch.sources.back();
  const Duration gap = source.time().from - last.time().to;
  return last.segment.name.run == source.segment.name.run && stretch.info == info &&
         gap <= kGapMax && gap >= -kGapMax;
}

}  // namespace

Interval Source::time() const {
  return {fragments.front().first_frame_utc, end_of(fragments.back())};
}

absl::StatusOr<std::vector<std::shared_ptr<const Stretch>>> open_stretches(const Path& segments,
                                                                           const DayKeys& keys,
                                                                           const Footage& footage) {
  std::vector<std::shared_ptr<const Stretch>> stretches;
  std::shared_ptr<Stretch> last;
  for (const Segment& segment : footage.segments) {
    ensure(segment.name.camera == footage.camera);
    LS_ASSIGN(auto opened, look_through(segments, keys, segment));
    if (!last || last->sources.size() == kSourcesPerPartMax ||
        !goes_on(*last, opened.first, opened.second)) {
      last = std::make_shared<Stretch>(segments, keys);
      last->info = std::move(opened.first);
      last->lease = footage.lease;
      stretches.push_back(last);
    }
    last->sources.push_back(std::move(opened.second));
  }
  return stretches;
}

StretchReader::StretchReader(std::shared_ptr<const Stretch> stretch, Window window,
                             std::string note)
    : stretch_(std::move(stretch)),
      window_(window),
      note_(std::move(note)),
      info_(stretch_->info),
      start_(window.interval.from) {
  if (!window_.audio) info_.audio_caps.clear();
}

absl::Status StretchReader::rewind() {
  reader_.reset();
  next_source_ = 0;
  ready_.clear();
  after_.clear();
  lead_bytes_ = 0;
  last_sound_ns_.reset();
  start_ = window_.interval.from;
  started_ = false;
  video_over_ = false;
  return absl::OkStatus();
}

// From the fragment with the IDR before the window to the last one that may hold something of it.
std::vector<media::FragmentMark> StretchReader::fragments_of(const Source& source) const {
  const Duration skew = window_.audio ? kAudioSkewMax : Duration::zero();
  const Instant from = window_.interval.from - skew;
  const Instant to = window_.interval.to + skew;
  auto first = source.fragments.begin();
  for (auto mark = source.fragments.begin(); mark != source.fragments.end(); ++mark) {
    if (mark->first_frame_utc <= from && mark->starts_with_key) first = mark;
  }
  const auto last = std::find_if(first, source.fragments.end(),
                                 [to](const auto& mark) { return mark.first_frame_utc >= to; });
  return {first, last};
}

// The next unit of the fragments, whatever it is.
absl::StatusOr<std::optional<AccessUnit>> StretchReader::read() {
  for (;;) {
    if (reader_) {
      absl::StatusOr<std::optional<AccessUnit>> read = reader_->next();
      if (!read.ok())
        return within_segment(stretch_->sources[next_source_ - 1].segment, read.status());
      std::optional<AccessUnit> unit = *std::move(read);
      if (unit) {
        // Lead-in may lie before the first source that is counted; it has no row anywhere.
        unit->source =
            static_cast<std::uint32_t>(std::max(next_source_ - 1, first_source_) - first_source_);
        return unit;
      }
      reader_.reset();
    }
    if (next_source_ == stretch_->sources.size()) return std::nullopt;
    const Source& source = stretch_->sources[next_source_++];
    std::vector<media::FragmentMark> fragments = fragments_of(source);
    if (fragments.empty()) continue;
    absl::StatusOr<MediaView> view =
        open_view(stretch_->segments, stretch_->keys, source.segment.name);
    if (!view.ok()) return view.status();
    absl::StatusOr<std::unique_ptr<FootageReader>> reader =
        media::read_segment(std::move(view->read_at), std::move(fragments));
    if (!reader.ok()) return within_segment(source.segment, reader.status());
    reader_ = *std::move(reader);
  }
}

absl::Status StretchReader::take_lead(AccessUnit unit) {
  if (unit.is_key) {
    ready_.clear();
    lead_bytes_ = 0;
  } else if (ready_.empty()) {
    return absl::OkStatus();  // cannot be decoded: its IDR is not here
  }
  lead_bytes_ += unit.data.size();
  if (lead_bytes_ > kLeadBytesMax) {
    return exhausted("the lead-in before {} is larger than {} bytes", to_rfc3339(start_),
                     kLeadBytesMax);
  }
  unit.keep = false;
  ready_.push_back(std::move(unit));
  return absl::OkStatus();
}

absl::Status StretchReader::judge(AccessUnit unit) {
  const bool inside = window_.interval.contains(unit.utc) && unit.utc >= start_;
  if (unit.track == Track::audio) {
    judge_sound(std::move(unit), inside);
    return absl::OkStatus();
  }
  if (video_over_) return absl::OkStatus();
  return window_.edge == Edge::native ? judge_native(std::move(unit), inside)
                                      : judge_exact(std::move(unit), inside);
}

// A packet is kept if all of it is heard inside. What a segment says of the last packet of each
// fragment is shorter than the packet is, so the step from the one before counts too; after a gap
// that is longer, and a packet at the very end too many is left out.
void StretchReader::judge_sound(AccessUnit unit, bool inside) {
  std::int64_t length_ns = unit.duration_ns;
  if (last_sound_ns_) length_ns = std::max(length_ns, unit.pts_ns - *last_sound_ns_);
  last_sound_ns_ = unit.pts_ns;
  const Instant end = unit.utc + std::chrono::ceil<Duration>(std::chrono::nanoseconds(length_ns));
  if (window_.audio && started_ && inside && end <= window_.interval.to) {
    ready_.push_back(std::move(unit));
  }
}

absl::Status StretchReader::judge_native(AccessUnit unit, bool inside) {
  if (unit.utc >= window_.interval.to) {
    // What follows in decoding order may need it, so the clip ends here.
    video_over_ = true;
    return absl::OkStatus();
  }
  if (!started_) {
    if (!unit.is_key || !inside) return absl::OkStatus();
    started_ = true;
    start_ = unit.utc;
  } else if (!inside) {
    return data_loss("a picture of {} comes after an IDR of {}", to_rfc3339(unit.utc),
                     to_rfc3339(start_));
  }
  ready_.push_back(std::move(unit));
  return absl::OkStatus();
}

absl::Status StretchReader::judge_exact(AccessUnit unit, bool inside) {
  if (unit.utc >= window_.interval.to) {
    // Needed only if a picture that is shown before it, inside, is decoded after it.
    if (unit.is_key || after_.size() == kReorderMax) {
      video_over_ = true;
      after_.clear();
    } else {
      unit.keep = false;
      after_.push_back(std::move(unit));
    }
    return absl::OkStatus();
  }
  if (!started_ && !inside) return take_lead(std::move(unit));
  if (!started_ && unit.is_key) {
    ready_.clear();
    after_.clear();
  }
  if (!started_ && !unit.is_key && ready_.empty()) return absl::OkStatus();  // its IDR is not here
  started_ = true;
  std::move(after_.begin(), after_.end(), std::back_inserter(ready_));
  after_.clear();
  unit.keep = inside;
  ready_.push_back(std::move(unit));
  return absl::OkStatus();
}

absl::Status StretchReader::fill() {
  while (ready_.empty() || !started_) {
    if (video_over_ && !window_.audio) {
      reader_.reset();  // closes its file
      next_source_ = stretch_->sources.size();
      break;
    }
    LS_ASSIGN(std::optional<AccessUnit> unit, read());
    if (!unit) break;
    LS_RETURN_IF_ERROR(judge(*std::move(unit)));
  }
  // A lead-in that leads to nothing.
  if (!started_) ready_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<AccessUnit>> StretchReader::next() {
  LS_RETURN_IF_ERROR(fill());
  if (ready_.empty()) return std::nullopt;
  AccessUnit unit = std::move(ready_.front());
  ready_.pop_front();
  // Checked again, apart from how it was chosen. Invariant: what is kept lies inside the window.
  ensure(!unit.keep || (unit.utc >= window_.interval.from && unit.utc < window_.interval.to));
  ensure(window_.edge == Edge::exact || unit.keep);
  ensure(unit.track == Track::video || window_.audio);
  return unit;
}

}  // namespace latchstring::archive
