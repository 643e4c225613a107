#include "gateway/archive/archive.h"

#include <algorithm>

#include "gateway/archive/appender.h"
#include "gateway/archive/comparison.h"
#include "gateway/archive/segment_file.h"
#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

constexpr int kRecentDays = 2;  // of each camera, looked through at every start

// The damaged index is kept for whoever wants to know why.
absl::Status move_away(const Path& file) {
  const Path aside = file.string() + ".damaged";
  if (std::rename(file.c_str(), aside.c_str()) != 0) {
    return errno_status(fmt::format("cannot move `{}` away", file.string()));
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    LS_RETURN_IF_ERROR(remove_durably(file.string() + suffix));
  }
  return absl::OkStatus();
}

// Takes those out whose files are gone, and marks them.
std::vector<Segment> take_missing(const Path& segments, std::vector<Segment>& found) {
  const auto first = std::stable_partition(
      found.begin(), found.end(),
      [&segments](const Segment& segment) { return !is_gone(segments, segment.name); });
  std::vector<Segment> missing(first, found.end());
  found.erase(first, found.end());
  for (Segment& segment : missing) {
    segment.fault = Fault::missing;
    segment.size_bytes = 0;
  }
  return missing;
}

// Each day is looked at once.
class KeyFaults {
 public:
  explicit KeyFaults(const DayKeys& keys) : keys_(keys) {}
  const std::optional<KeyFault>& of(const std::string& day) {
    const auto known = days_.find(day);
    return known == days_.end() ? days_.emplace(day, keys_.fault(day)).first->second
                                : known->second;
  }

 private:
  const DayKeys& keys_;
  std::map<std::string, std::optional<KeyFault>> days_;
};

// Takes those out that no key opens; which key one of them misses, or empty.
std::string drop_keyless(const Path& segments, const DayKeys& keys, std::vector<Segment>& found) {
  KeyFaults faults(keys);
  std::string why;
  std::erase_if(found, [&](const Segment& segment) {
    const std::string& day = segment.name.day;
    const std::optional<KeyFault>& fault = faults.of(day);
    if (!fault) return false;
    const Path file = file_of(segments, segment.name);
    if (!absl::IsNotFound(keys.identity(day, file).status())) return false;
    why = fmt::format("the key of {} {}", day, fault->what);
    return true;
  });
  return why;
}

}  // namespace

Archive::Archive(Options options, crypto::Keyring& keyring, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      keys_(keyring),
      intake_(std::make_unique<Intake>(options_.wake)) {}

Archive::~Archive() = default;

absl::StatusOr<std::unique_ptr<Archive>> Archive::open(Options options, crypto::Keyring& keyring,
                                                       const Clock& clock) {
  ensure(options.local_day != nullptr);
  std::unique_ptr<Archive> archive(new Archive(std::move(options), keyring, clock));
  LS_RETURN_IF_ERROR(make_folder(archive->segments()));
  LS_RETURN_IF_ERROR(make_folder(archive->holds_folder()));
  LS_RETURN_IF_ERROR(archive->open_index());
  LS_RETURN_IF_ERROR(archive->check_at_open());
  LS_RETURN_IF_ERROR(archive->read_holds());
  return archive;
}

absl::Status Archive::open_index() {
  const Path file = options_.folder / "index.db";
  absl::StatusOr<std::unique_ptr<Index>> index = Index::open(file);
  if (absl::IsDataLoss(index.status())) {
    LS_RETURN_IF_ERROR(move_away(file));
    index = Index::open(file);
  }
  if (!index.ok()) return index.status();
  index_ = *std::move(index);
  return absl::OkStatus();
}

absl::Status Archive::check_at_open() {
  // What does not go now is told of, and tried again, by tick().
  LS_ASSIGN(const std::vector<Segment> deleting, index_->deleting());
  (void)erase(deleting);
  // Also where a kill ended the last rebuild half way.
  LS_ASSIGN(found_.index_rebuilt, index_->is_rebuilding());
  Comparison comparison = this->comparison(true, found_);
  LS_ASSIGN(const std::set<CameraDay> days, comparison.days());
  for (const CameraDay& day : days) keys_.expect(day.day);
  std::map<std::string, int> seen;
  for (auto day = days.rbegin(); day != days.rend(); ++day) {
    if (found_.index_rebuilt) {
      LS_RETURN_IF_ERROR(add_by_name(*day));
    } else if (seen[day->camera]++ < kRecentDays) {
      LS_RETURN_IF_ERROR(comparison.look_at_day(*day));
    }
  }
  // What could not be read now is asked for again at the next start.
  if (found_.index_rebuilt && found_.failed.empty()) LS_RETURN_IF_ERROR(index_->rebuilt());
  if (days.empty()) found_.index_rebuilt = false;  // a new archive
  return absl::OkStatus();
}

std::unique_ptr<media::SegmentSink> Archive::appender() {
  return make_appender({segments(), options_.sync, options_.local_day, keys_, *intake_, clock_});
}

absl::Status Archive::collect() {
  std::vector<Segment> ended = intake_->take_ended();
  for (auto segment = ended.begin(); segment != ended.end(); ++segment) {
    const absl::Status status = index_->add(*segment);
    if (status.ok()) continue;
    // The rest waits for the next call; nothing is lost.
    intake_->put_back({segment, ended.end()});
    return status;
  }
  return absl::OkStatus();
}

bool Archive::open_segment_touches(const std::string& camera, const Interval& interval) const {
  return intake_->touches(camera, interval);
}

Footage Archive::lease(std::string camera, std::vector<Segment> segments) {
  std::erase_if(leases_, [](const std::weak_ptr<const Lease>& old) { return old.expired(); });
  Lease lease;
  for (const Segment& segment : segments) lease.ids.push_back(segment.name.id());
  Footage footage{std::move(camera), std::move(segments),
                  std::make_shared<const Lease>(std::move(lease))};
  leases_.push_back(footage.lease);
  return footage;
}

std::set<std::string> Archive::leased() const {
  std::set<std::string> ids;
  for (const std::weak_ptr<const Lease>& weak : leases_) {
    if (const auto lease = weak.lock()) ids.insert(lease->ids.begin(), lease->ids.end());
  }
  return ids;
}

absl::StatusOr<Footage> Archive::footage(const std::string& camera, const Interval& interval) {
  LS_RETURN_IF_ERROR(collect());
  LS_ASSIGN(std::vector<Segment> found, index_->touching(camera, interval, kSegmentsPerCutMax + 1));
  if (found.size() > kSegmentsPerCutMax) {
    return exhausted("the interval touches more than {} segments of `{}`; ask for less at a time",
                     kSegmentsPerCutMax, camera);
  }
  for (const Segment& segment : take_missing(segments(), found)) {
    LS_RETURN_IF_ERROR(index_->add(segment));
  }
  const std::string keyless = drop_keyless(segments(), keys_, found);
  if (found.empty() && !keyless.empty()) {
    return data_loss("{}: the footage of that time cannot be opened", keyless);
  }
  if (found.empty()) {
    LS_ASSIGN(const std::optional<Segment> lost, index_->faulty(camera, interval));
    if (lost) {
      const std::string mend = is_missing(lost->fault) ? "" : fmt::format("; {}", kMendFirst);
      return data_loss("segment `{}`: {}, and there is no other footage of that time{}",
                       lost->name.id(),
                       is_missing(lost->fault) ? "its file is gone" : "it is damaged", mend);
    }
    return not_found("there is no footage of `{}` between {} and {}", camera,
                     to_rfc3339(interval.from), to_rfc3339(interval.to));
  }
  for (Segment& segment : found) {
    if (segment.sha256.empty()) LS_RETURN_IF_ERROR(add_hash(segment));
  }
  return lease(camera, std::move(found));
}

absl::StatusOr<Footage> Archive::newest(const std::string& camera) {
  LS_RETURN_IF_ERROR(collect());
  LS_ASSIGN(std::optional<Segment> found, index_->newest(camera));
  if (!found) return not_found("there is no footage of `{}` yet", camera);
  return lease(camera, {*std::move(found)});
}

absl::StatusOr<Footage> Archive::page(const std::string& after, std::size_t limit) {
  LS_RETURN_IF_ERROR(collect());
  LS_ASSIGN(std::vector<Segment> found, index_->page(after, limit));
  return lease("", std::move(found));
}

absl::StatusOr<std::vector<DayTotal>> Archive::day_totals() {
  LS_RETURN_IF_ERROR(collect());
  LS_ASSIGN(std::vector<DayTotal> totals, index_->day_totals());
  KeyFaults faults(keys_);
  for (DayTotal& total : totals) total.key_fault = faults.of(total.day);
  return totals;
}

Cutter Archive::cutter() const {
  return {segments(), keys_};
}

std::uint64_t Archive::bytes() const {
  return index_->bytes();
}

absl::StatusOr<std::vector<Span>> Archive::spans() {
  LS_RETURN_IF_ERROR(collect());
  std::vector<Span> spans;
  LS_RETURN_IF_ERROR(index_->each_by_camera([&spans](const Segment& segment) {
    const bool goes_on = !spans.empty() && spans.back().camera == segment.name.camera &&
                         segment.time.from <= spans.back().interval.to + kGapMax;
    if (!goes_on) spans.push_back({segment.name.camera, segment.time, 0, 0});
    spans.back().interval.to = std::max(spans.back().interval.to, segment.time.to);
    spans.back().size_bytes += segment.size_bytes;
    ++spans.back().segments;
  }));
  return spans;
}

absl::StatusOr<std::vector<Segment>> Archive::uncommitted(Instant before) {
  LS_RETURN_IF_ERROR(collect());
  return index_->uncommitted(before);
}

absl::Status Archive::committed(const std::vector<std::string>& ids, std::int64_t ledger_index) {
  return index_->committed(ids, ledger_index);
}

absl::StatusOr<HoldJob> Archive::plan_hold(const std::string& hold, const Footage& footage,
                                           const crypto::age::Recipient& household) {
  if (!is_hold_name(hold)) return invalid("`{}` cannot be the name of a hold", hold);
  if (holds_.contains(hold)) return not_now("the footage of `{}` is held already", hold);
  std::uint64_t bytes = 0;
  for (const auto& [name, held] : holds_) bytes += held.size_bytes;
  for (const Segment& segment : footage.segments) bytes += segment.size_bytes;
  if (bytes > options_.hold_bytes) {
    return exhausted("holds would take {} bytes, and hold_bytes is {}", bytes, options_.hold_bytes);
  }
  return HoldJob{hold, footage, household, segments(), holds_folder() / hold};
}

absl::Status Archive::record_hold(const HeldFiles& held, Instant until) {
  LS_ASSIGN(const Hold hold, finish_hold(held, until));
  holds_[held.hold] = hold;
  return absl::OkStatus();
}

absl::Status Archive::release_hold(const std::string& hold) {
  if (!is_hold_name(hold)) return invalid("`{}` cannot be the name of a hold", hold);
  LS_RETURN_IF_ERROR(remove_hold(holds_folder() / hold));
  holds_.erase(hold);
  return absl::OkStatus();
}

absl::Status Archive::read_holds() {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(holds_folder(), failed)) {
    const std::string name = entry.path().filename().string();
    if (!is_hold_name(name)) continue;
    LS_ASSIGN(const std::optional<Hold> hold, read_hold(entry.path()));
    if (hold) {
      holds_[name] = *hold;
    } else {
      LS_RETURN_IF_ERROR(remove_hold(entry.path()));
    }
  }
  if (failed) return unavailable("cannot read `{}`: {}", holds_folder().string(), failed.message());
  return absl::OkStatus();
}

}  // namespace latchstring::archive
