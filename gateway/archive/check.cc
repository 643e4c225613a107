// Archive::check(): files and index side by side.
#include <algorithm>
#include <map>

#include "gateway/archive/appender.h"
#include "gateway/archive/archive.h"
#include "gateway/archive/index.h"
#include "gateway/archive/recovery.h"
#include "gateway/base/status.h"

namespace latchstring::archive {

absl::StatusOr<CheckReport> Archive::check(bool repair) {
  LS_RETURN_IF_ERROR(collect());
  CheckReport report;
  LS_ASSIGN(const std::vector<CameraDay> on_disk, list_days(segments()));
  std::set<CameraDay> days(on_disk.begin(), on_disk.end());
  LS_ASSIGN(const auto in_index, index_->camera_days());
  for (const auto& [camera, day] : in_index) days.insert({camera, day});
  for (const CameraDay& day : days) LS_RETURN_IF_ERROR(check_day(day, repair, report));
  return report;
}

std::function<absl::Status(const Segment&)> Archive::examiner() const {
  return [folder = segments(), &keys = keys_](const Segment& row) -> absl::Status {
    std::error_code unknown;
    const bool is_there = std::filesystem::exists(file_of(folder, row.name), unknown);
    if (!is_there && !unknown) return absl::OkStatus();
    LS_ASSIGN(const Segment found, examine(folder, row.name, keys));
    const bool same = row.sha256.empty() || found.sha256 == row.sha256;
    if (found.size_bytes == row.size_bytes && same) return absl::OkStatus();
    return data_loss("it is not what was recorded");
  };
}

absl::Status Archive::check_day(const CameraDay& day, bool repair, CheckReport& report) {
  LS_ASSIGN(const DayFiles files, list_files(segments(), day));
  LS_ASSIGN(const std::vector<Segment> rows, index_->of_day(day.camera, day.day));
  std::map<std::string, std::uint64_t> size_of_row;
  for (const Segment& row : rows) size_of_row.emplace(row.name.id(), row.size_bytes);
  std::set<std::string> on_disk;
  for (const SegmentName& name : files.whole) {
    on_disk.insert(name.id());
    const auto row = size_of_row.find(name.id());
    std::error_code failed;
    const std::uint64_t size = std::filesystem::file_size(file_of(segments(), name), failed);
    if (row != size_of_row.end() && !failed && row->second == size) {
      ++report.segments;
    } else {
      LS_RETURN_IF_ERROR(add_unknown(name, repair, report));
    }
  }
  for (const Segment& row : rows) {
    if (on_disk.contains(row.name.id())) continue;
    report.dropped.push_back(row.name.id());
    if (repair) LS_RETURN_IF_ERROR(index_->drop({row}));
  }
  for (const SegmentName& name : files.parts) {
    if (!intake_->is_open(name)) LS_RETURN_IF_ERROR(mend(name, repair, report));
  }
  for (const Path& file : files.foreign) {
    report.unreadable.push_back(fmt::format("{}: not the name of a segment", file.string()));
  }
  return absl::OkStatus();
}

absl::Status Archive::add_unknown(const SegmentName& name, bool repair, CheckReport& report) {
  const absl::StatusOr<Segment> segment = examine(segments(), name, keys_);
  if (!segment.ok()) {
    report.unreadable.push_back(fmt::format("{}: {}", name.id(), message_of(segment.status())));
    return absl::OkStatus();
  }
  report.added.push_back(name.id());
  if (!repair) return absl::OkStatus();
  ++report.segments;
  return index_->add(*segment);
}

// A disk that failed while a segment was written may work again.
absl::Status Archive::mend_unfinished() {
  if (clock_.steady() < mend_again_) return absl::OkStatus();
  const std::optional<SegmentName> name = intake_->unfinished();
  if (!name) return absl::OkStatus();
  const absl::StatusOr<std::optional<Segment>> segment = recover(segments(), *name, keys_);
  // Damaged, or gone by now: no later try mends that. check() names what still lies there.
  const bool is_final =
      segment.ok() || absl::IsDataLoss(segment.status()) || absl::IsNotFound(segment.status());
  if (is_final) {
    intake_->mended(*name);
  } else {
    mend_again_ = clock_.steady() + kMendPatience;
  }
  if (!segment.ok()) return within(fmt::format("segment `{}`", name->id()), segment.status());
  return *segment ? index_->add(**segment) : absl::OkStatus();
}

absl::Status Archive::mend(const SegmentName& name, bool repair, CheckReport& report) {
  if (!repair) {
    report.recovered.push_back(name.id());
    return absl::OkStatus();
  }
  const absl::StatusOr<std::optional<Segment>> segment = recover(segments(), name, keys_);
  if (!segment.ok()) {
    report.unreadable.push_back(fmt::format("{}: {}", name.id(), message_of(segment.status())));
    return absl::OkStatus();
  }
  if (!*segment) return absl::OkStatus();
  report.recovered.push_back((*segment)->name.id());
  ++report.segments;
  return index_->add(**segment);
}

}  // namespace latchstring::archive
