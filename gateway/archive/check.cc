// Archive::check(): files and index side by side, then the content of every file.
#include <algorithm>

#include "gateway/archive/archive.h"
#include "gateway/archive/comparison.h"
#include "gateway/archive/segment_file.h"
#include "gateway/base/status.h"

namespace latchstring::archive {

Comparison Archive::comparison(bool repair, CheckReport& report) {
  return Comparison({segments(), *index_, *intake_, keys_, keep_from(), repair, report});
}

absl::StatusOr<CheckReport> Archive::check(bool repair) {
  LS_RETURN_IF_ERROR(collect());
  // A row without a file must not be one that is being removed.
  LS_ASSIGN(const std::vector<Segment> deleting, index_->deleting());
  CheckReport report;
  const absl::Status erased = erase(deleting);
  if (!erased.ok()) report.unreadable.emplace_back(message_of(erased));
  Comparison comparison = this->comparison(repair, report);
  LS_ASSIGN(const std::set<CameraDay> days, comparison.days());
  for (const CameraDay& day : days) LS_RETURN_IF_ERROR(comparison.look_at_day(day));
  LS_ASSIGN(const std::vector<DayTotal> totals, day_totals());
  report.keyless = keyless_days(totals);
  return report;
}

std::function<Examined(const Segment&)> Archive::examiner(bool repair) const {
  return [folder = segments(), &keys = keys_, repair](const Segment& row) {
    Examined examined;
    examined.row = row;
    if (is_gone(folder, row.name)) return examined;
    const absl::StatusOr<Segment> found = examine(folder, row.name, keys);
    examined.whole = found.status();
    if (found.ok()) {
      // The size of a damaged one is what it had when it was marked.
      const bool same_size = row.fault != Fault::none || found->size_bytes == row.size_bytes;
      const bool same = row.sha256.empty() || found->sha256 == row.sha256;
      if (!same_size || !same) examined.whole = data_loss("it is not what was recorded");
      return examined;
    }
    if (!repair || row.fault != Fault::none || !absl::IsDataLoss(examined.whole)) return examined;
    absl::StatusOr<std::optional<Segment>> rest = salvage(folder, row.name, keys);
    examined.saving = rest.status();
    if (rest.ok()) examined.rest = *std::move(rest);
    return examined;
  };
}

absl::Status Archive::note(const Examined& examined, bool repair, CheckReport& report) {
  const std::string id = examined.row.name.id();
  if (examined.row.fault == Fault::damaged) {
    if (!examined.whole.ok() || is_gone(segments(), examined.row.name)) return absl::OkStatus();
    std::erase_if(report.damaged, [&](const DamagedSegment& each) { return each.segment == id; });
    report.returned.push_back(id);
    if (!repair) return absl::OkStatus();
    ++report.segments;
    return take_back(examined.row);
  }
  if (examined.whole.ok() || report.names(id)) return absl::OkStatus();
  --report.segments;
  if (absl::IsNotFound(examined.whole) && report.is_keyless(examined.row.name.day)) {
    return absl::OkStatus();
  }
  Comparison comparison = this->comparison(repair, report);
  if (!absl::IsDataLoss(examined.whole)) {
    comparison.add_unreadable(examined.row.name, examined.whole);
    return absl::OkStatus();
  }
  if (!examined.saving.ok()) {
    comparison.add_unreadable(examined.row.name, examined.saving);
    return absl::OkStatus();
  }
  DamagedSegment damaged{id, examined.row.time, std::string(message_of(examined.whole)), false, {}};
  if (!repair) {
    report.damaged.push_back(std::move(damaged));
    return absl::OkStatus();
  }
  // The row as it is now: the ledger may have taken it up meanwhile.
  LS_ASSIGN(const std::optional<Segment> row, index_->find(examined.row.name));
  if (!row) return absl::OkStatus();
  return comparison.mark_damaged(row->name, row, examined.rest, std::move(damaged));
}

// It can be read again: what was saved of it would give the same footage twice. It goes when nobody
// reads it any more.
absl::Status Archive::take_back(const Segment& segment) {
  LS_ASSIGN(std::optional<Segment> row, index_->find(segment.name));
  if (!row) return absl::OkStatus();
  std::error_code failed;
  row->fault = Fault::none;
  row->size_bytes = std::filesystem::file_size(file_of(segments(), row->name), failed);
  if (failed) return absl::OkStatus();
  SegmentName saved = row->name;
  saved.recovered = true;
  LS_ASSIGN(const std::optional<Segment> rest, index_->find(saved));
  if (rest && !segment.name.recovered) {
    LS_RETURN_IF_ERROR(index_->mark_deleting({*rest}));
  }
  return index_->add(*row);
}

absl::Status Archive::told(std::vector<Segment> missing) {
  for (Segment& segment : missing) segment.fault = Fault::missing_told;
  return index_->add_all(missing);
}

// A disk that failed while a segment was written may work again.
absl::Status Archive::mend_unfinished() {
  if (clock_.steady() < mend_again_) return absl::OkStatus();
  const std::optional<SegmentName> name = intake_->unfinished();
  if (!name) return absl::OkStatus();
  const absl::StatusOr<std::optional<Segment>> segment = recover(segments(), *name, keys_);
  // Damaged, or gone by now: no later try mends that. check() names what still lies there.
  const bool is_gone = absl::IsNotFound(segment.status());
  if (segment.ok() || is_gone || absl::IsDataLoss(segment.status())) {
    intake_->mended(*name);
  } else {
    mend_again_ = clock_.steady() + kMendPatience;
  }
  if (is_gone) return absl::OkStatus();
  if (!segment.ok()) return within(fmt::format("segment `{}`", name->id()), segment.status());
  return *segment ? index_->add(**segment) : absl::OkStatus();
}

}  // namespace latchstring::archive
