// Archive::tick(): what goes, and in which order.
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "gateway/archive/appender.h"
#include "gateway/archive/archive.h"
#include "gateway/archive/index.h"
#include "gateway/archive/recovery.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

absl::StatusOr<std::uint64_t> free_bytes(const Path& folder) {
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) {
    return errno_status(fmt::format("cannot stat the disk of `{}`", folder.string()));
  }
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

// The oldest, but for one that grew past the limit by itself: it must not cost the others theirs.
absl::StatusOr<std::string> pin_to_drop(Index& index, std::uint64_t pending_bytes) {
  LS_ASSIGN(const std::vector<Pin> pins, index.pins());
  for (const Pin& pin : pins) {
    LS_ASSIGN(const std::uint64_t bytes, index.bytes_of(pin));
    if (bytes > pending_bytes) return pin.request;
  }
  return pins.empty() ? std::string{} : pins.front().request;
}

}  // namespace

absl::StatusOr<TickReport> Archive::tick() {
  TickReport report;
  LS_RETURN_IF_ERROR(collect());
  LS_ASSIGN(report.lost_pins, keep_pins_within_limit());
  LS_RETURN_IF_ERROR(erase_left_over(report));
  LS_RETURN_IF_ERROR(evict(report));
  if (clock_.is_right()) {
    LS_RETURN_IF_ERROR(forget_days(report));
    LS_RETURN_IF_ERROR(end_holds());
  }
  const absl::Status hashed = hash_next();
  report.not_mended = mend_unfinished();
  if (report.not_mended.ok()) report.not_mended = hashed;
  LS_ASSIGN(report.missing, index_->missing_untold());
  return report;
}

// What an earlier tick could not finish. One file that does not go keeps no other from going.
absl::Status Archive::erase_left_over(TickReport& report) {
  if (clock_.steady() < erase_again_) return absl::OkStatus();
  LS_ASSIGN(const std::vector<Segment> left_over, index_->deleting());
  report.not_erased = erase(left_over);
  if (!report.not_erased.ok()) erase_again_ = clock_.steady() + kMendPatience;
  return absl::OkStatus();
}

// A clock that may be wrong must not age everything away.
Instant Archive::keep_from() const {
  return clock_.is_right() ? clock_.now() - options_.keep_for : Instant::min();
}

absl::StatusOr<std::vector<Segment>> Archive::choose_victims(bool& disk_full) {
  LS_ASSIGN(std::uint64_t free, free_bytes(options_.folder));
  std::uint64_t bytes = index_->bytes();
  const std::set<std::string> leased = this->leased();
  LS_ASSIGN(std::vector<Segment> oldest, index_->oldest_unpinned(kEvictPerTick + leased.size()));
  const Instant from = keep_from();
  std::vector<Segment> victims;
  for (Segment& segment : oldest) {
    const bool must_go =
        segment.time.to <= from || bytes > options_.keep_bytes || free < options_.keep_free;
    if (!must_go || victims.size() == static_cast<std::size_t>(kEvictPerTick)) break;
    if (leased.contains(segment.name.id())) continue;
    bytes -= segment.size_bytes;
    free += segment.size_bytes;
    victims.push_back(std::move(segment));
  }
  disk_full = free < options_.keep_free;
  return victims;
}

absl::Status Archive::evict(TickReport& report) {
  bool disk_full = false;
  LS_ASSIGN(const std::vector<Segment> victims, choose_victims(disk_full));
  LS_RETURN_IF_ERROR(index_->mark_deleting(victims));
  report.not_erased.Update(erase(victims));
  report.evicted = static_cast<int>(victims.size());
  for (const Segment& segment : victims) report.evicted_bytes += segment.size_bytes;
  report.more = report.evicted == kEvictPerTick;
  if (!disk_full || !victims.empty()) return absl::OkStatus();
  // What is only leased goes when whoever reads it is done.
  LS_ASSIGN(const std::vector<Segment> leased, index_->oldest_unpinned(1));
  if (!leased.empty()) return absl::OkStatus();
  // Everything else is gone: pending footage, the oldest first.
  LS_ASSIGN(const std::vector<Pin> pins, index_->pins());
  if (pins.empty()) return absl::OkStatus();
  LS_RETURN_IF_ERROR(index_->unpin(pins.front().request));
  report.lost_pins.push_back(pins.front().request);
  report.more = true;
  return absl::OkStatus();
}

// The rows are marked. Unlink, fsync of the folders, then the rows. What somebody reads, and what
// does not go, stays marked; the error is that of the first that does not go.
absl::Status Archive::erase(const std::vector<Segment>& victims) {
  if (victims.empty()) return absl::OkStatus();
  absl::Status failed;
  std::vector<Segment> gone;
  std::set<Path> folders;
  const std::set<std::string> leased = this->leased();
  for (const Segment& segment : victims) {
    if (leased.contains(segment.name.id())) continue;
    const Path file = file_of(segments(), segment.name);
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
      failed.Update(errno_status(fmt::format("cannot remove `{}`", file.string())));
      continue;
    }
    gone.push_back(segment);
    folders.insert(file.parent_path());
  }
  for (const Path& folder : folders) {
    const absl::Status synced = sync_folder(folder);
    if (!synced.ok() && !absl::IsNotFound(synced)) return synced;
  }
  LS_RETURN_IF_ERROR(index_->drop(gone));
  for (const Segment& segment : gone) emptied_.insert(segment.name.day);
  return failed;
}

// A day before today of which nothing is left, or only what no index knows and is too old to keep.
// That nothing is there is not enough: the disk of the archive may be missing. Either its time is
// over, or its last segment was removed here; and here may be under that missing disk.
absl::Status Archive::forget_days(TickReport& report) {
  const std::string today = options_.local_day(clock_.now());
  const std::string keep_from = options_.local_day(clock_.now() - options_.keep_for);
  LS_ASSIGN(std::set<std::string> in_use, index_->days());
  in_use.merge(intake_->days());
  LS_ASSIGN(const std::vector<CameraDay> folders, list_days(segments()));
  for (const CameraDay& day : folders) {
    if (day.day >= today || in_use.contains(day.day)) continue;
    const Path folder = segments() / day.camera / day.day;
    std::error_code failed;
    if (day.day < keep_from) {
      std::filesystem::remove_all(folder, failed);
    } else {
      std::filesystem::remove(folder, failed);  // only if it is empty
    }
    if (failed) in_use.insert(day.day);
  }
  for (const std::string& day : keys_.days()) {
    if (day >= today || in_use.contains(day)) continue;
    if (day >= keep_from && (options_.is_exchanged || !emptied_.contains(day))) continue;
    LS_RETURN_IF_ERROR(keys_.destroy(day));
    emptied_.erase(day);
    report.forgotten_days.push_back(day);
  }
  return absl::OkStatus();
}

absl::Status Archive::end_holds() {
  std::vector<std::string> over;
  for (const auto& [name, hold] : holds_) {
    if (hold.until <= clock_.now()) over.push_back(name);
  }
  for (const std::string& name : over) LS_RETURN_IF_ERROR(release_hold(name));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Archive::keep_pins_within_limit() {
  std::vector<std::string> lost;
  for (;;) {
    LS_ASSIGN(const std::uint64_t pinned, index_->pinned_bytes());
    if (pinned <= options_.pending_bytes) return lost;
    LS_ASSIGN(const std::string request, pin_to_drop(*index_, options_.pending_bytes));
    if (request.empty()) return lost;
    LS_RETURN_IF_ERROR(index_->unpin(request));
    lost.push_back(request);
  }
}

absl::StatusOr<std::vector<std::string>> Archive::pin(const Pin& pin) {
  if (!is_camera_name(pin.camera) || pin.interval.empty()) {
    return invalid("cannot keep footage of `{}` from {} to {}", pin.camera,
                   to_rfc3339(pin.interval.from), to_rfc3339(pin.interval.to));
  }
  LS_RETURN_IF_ERROR(collect());
  LS_ASSIGN(const std::uint64_t bytes, index_->bytes_of(pin));
  if (bytes > options_.pending_bytes) {
    return exhausted("its footage of `{}` takes {} bytes, and pending_bytes is {}: it is not kept",
                     pin.camera, bytes, options_.pending_bytes);
  }
  LS_RETURN_IF_ERROR(index_->pin(pin));
  return keep_pins_within_limit();
}

absl::Status Archive::unpin(const std::string& request) {
  return index_->unpin(request);
}

absl::StatusOr<std::vector<Pin>> Archive::pins() {
  return index_->pins();
}

}  // namespace latchstring::archive
