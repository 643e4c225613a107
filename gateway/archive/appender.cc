#include "gateway/archive/appender.h"

#include <optional>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

class Appender final : public media::SegmentSink {
 public:
  explicit Appender(AppenderParts parts) : parts_(std::move(parts)) {}
  ~Appender() override {
    if (writer_) parts_.intake.broke_off(segment_.name);
  }

  absl::Status begin(const media::SegmentHead& head) override;
  absl::Status write(ByteView bytes) override;
  absl::Status fragment(const media::FragmentMark& mark) override;
  absl::Status end(const media::SegmentEnd& end) override;

 private:
  absl::Status make_file();

  const AppenderParts parts_;
  std::unique_ptr<SegmentWriter> writer_;  // while a segment is open
  Segment segment_;
  bool header_written_ = false;
  bool has_footage_ = false;
  Duration synced_at_{0};
};

absl::Status Appender::begin(const media::SegmentHead& head) {
  ensure(writer_ == nullptr);
  segment_ = Segment{};
  segment_.name = {head.camera, parts_.local_day(head.wall_start), head.wall_start, head.run,
                   false};
  if (SegmentName::parse(segment_.name.id()) != segment_.name) {
    return invalid("`{}` cannot be the name of a segment", segment_.name.id());
  }
  segment_.time = {head.wall_start, head.wall_start};
  segment_.camera_offset_ms = head.camera_offset_ms;
  header_written_ = false;
  has_footage_ = false;
  synced_at_ = parts_.clock.steady();
  // Before its key is asked for, so that the day is not forgotten in between.
  parts_.intake.opened(segment_.name);
  const absl::Status status = make_file();
  if (!status.ok()) parts_.intake.dropped(segment_.name);
  return status;
}

absl::Status Appender::make_file() {
  LS_ASSIGN(const crypto::age::Recipient recipient, parts_.keys.recipient(segment_.name.day));
  LS_ASSIGN(writer_, SegmentWriter::create(part_of(parts_.segments, segment_.name),
                                           file_of(parts_.segments, segment_.name), recipient));
  return absl::OkStatus();
}

absl::Status Appender::write(ByteView bytes) {
  ensure(writer_ != nullptr);
  LS_RETURN_IF_ERROR(writer_->write(bytes));
  if (header_written_) return absl::OkStatus();
  header_written_ = true;
  return writer_->write(segment_.name.box());
}

absl::Status Appender::fragment(const media::FragmentMark& mark) {
  ensure(writer_ != nullptr);
  has_footage_ = true;
  const auto length = std::chrono::nanoseconds(mark.duration_ns);
  segment_.time.to = mark.first_frame_utc + std::chrono::ceil<Duration>(length);
  if (segment_.time.length() > kSegmentLengthMax) {
    return exhausted("the segment `{}` is longer than an hour", segment_.name.id());
  }
  const Duration now = parts_.clock.steady();
  if (now - synced_at_ < parts_.sync) return absl::OkStatus();
  synced_at_ = now;
  return writer_->sync();
}

absl::Status Appender::end(const media::SegmentEnd& end) {
  ensure(writer_ != nullptr);
  const std::unique_ptr<SegmentWriter> writer = std::move(writer_);
  if (end.camera_offset_ms) segment_.camera_offset_ms = end.camera_offset_ms;
  if (!has_footage_) {
    parts_.intake.dropped(segment_.name);
    return writer->discard();
  }
  absl::StatusOr<Written> written = writer->finish();
  if (!written.ok()) {
    parts_.intake.broke_off(segment_.name);
    return written.status();
  }
  segment_.size_bytes = written->size_bytes;
  segment_.sha256 = std::move(written->sha256);
  parts_.intake.ended(segment_);
  return absl::OkStatus();
}

}  // namespace

void Intake::opened(const SegmentName& name) {
  const std::lock_guard lock(mutex_);
  open_.emplace(name.id(), name);
}

void Intake::ended(Segment segment) {
  {
    const std::lock_guard lock(mutex_);
    open_.erase(segment.name.id());
    ended_.push_back(std::move(segment));
  }
  if (wake_) wake_();
}

void Intake::dropped(const SegmentName& name) {
  const std::lock_guard lock(mutex_);
  open_.erase(name.id());
}

void Intake::broke_off(const SegmentName& name) {
  const std::lock_guard lock(mutex_);
  open_.erase(name.id());
  unfinished_.emplace(name.id(), name);
}

std::optional<SegmentName> Intake::unfinished() const {
  const std::lock_guard lock(mutex_);
  if (unfinished_.empty()) return std::nullopt;
  return unfinished_.begin()->second;
}

void Intake::mended(const SegmentName& name) {
  const std::lock_guard lock(mutex_);
  unfinished_.erase(name.id());
}

std::vector<Segment> Intake::take_ended() {
  const std::lock_guard lock(mutex_);
  return std::exchange(ended_, {});
}

void Intake::put_back(std::vector<Segment> segments) {
  const std::lock_guard lock(mutex_);
  ended_.insert(ended_.begin(), std::make_move_iterator(segments.begin()),
                std::make_move_iterator(segments.end()));
}

bool Intake::touches(const std::string& camera, const Interval& interval) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, name] : open_) {
    if (name.camera == camera && name.start < interval.to) return true;
  }
  return false;
}

bool Intake::is_open(const SegmentName& name) const {
  const std::lock_guard lock(mutex_);
  return open_.contains(name.id());
}

std::set<std::string> Intake::days() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> days;
  for (const auto& [id, name] : open_) days.insert(name.day);
  for (const Segment& segment : ended_) days.insert(segment.name.day);
  return days;
}

std::unique_ptr<media::SegmentSink> make_appender(AppenderParts parts) {
  return std::make_unique<Appender>(std::move(parts));
}

}  // namespace latchstring::archive
