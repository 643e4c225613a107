#include "gateway/archive/comparison.h"

#include "gateway/archive/segment_file.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

std::string line_of(const SegmentName& name, const absl::Status& why) {
  return fmt::format("{}: {}", name.id(), message_of(why));
}

}  // namespace

absl::StatusOr<std::set<CameraDay>> Comparison::days() {
  LS_ASSIGN(const std::vector<CameraDay> on_disk, list_days(parts_.segments));
  std::set<CameraDay> days(on_disk.begin(), on_disk.end());
  LS_ASSIGN(const auto in_index, parts_.index.camera_days());
  for (const auto& [camera, day] : in_index) days.insert({camera, day});
  return days;
}

absl::Status Comparison::look_at_day(const CameraDay& day) {
  LS_ASSIGN(const DayFiles files, list_files(parts_.segments, day));
  LS_ASSIGN(const std::vector<Segment> found, parts_.index.of_day(day.camera, day.day));
  std::map<std::string, Segment> rows;
  for (const Segment& row : found) rows.emplace(row.name.id(), row);
  std::map<std::string, Segment> without_file = rows;
  for (const SegmentName& name : files.whole) {
    const auto row = rows.find(name.id());
    without_file.erase(name.id());
    if (row != rows.end() && row->second.fault == Fault::damaged) {
      add_known(row->second, rows);
    } else {
      LS_RETURN_IF_ERROR(
          look_at_file(name, row == rows.end() ? std::nullopt : std::optional(row->second)));
    }
  }
  for (auto& [id, row] : without_file) LS_RETURN_IF_ERROR(miss(std::move(row)));
  for (const SegmentName& name : files.parts) {
    if (!parts_.intake.is_open(name)) LS_RETURN_IF_ERROR(mend(name));
  }
  for (const Path& file : files.foreign) {
    parts_.report.unreadable.push_back(fmt::format("{}: not the name of a segment", file.string()));
  }
  return absl::OkStatus();
}

absl::Status Comparison::look_at_file(const SegmentName& name, const std::optional<Segment>& row) {
  if (row && is_missing(row->fault)) return take_back(*row);
  std::error_code failed;
  const std::uint64_t size = std::filesystem::file_size(file_of(parts_.segments, name), failed);
  if (!row || failed || row->size_bytes != size) return take_file(name, row);
  ++parts_.report.segments;
  return absl::OkStatus();
}

absl::Status Comparison::take_file(const SegmentName& name, const std::optional<Segment>& row) {
  absl::StatusOr<Segment> segment = examine(parts_.segments, name, parts_.keys);
  if (absl::IsDataLoss(segment.status())) return add_damaged(name, row, segment.status());
  if (!segment.ok()) {
    add_unreadable(name, segment.status());
    return absl::OkStatus();
  }
  if (row && !row->sha256.empty() && row->sha256 != segment->sha256) {
    return add_damaged(name, row, data_loss("it is not what was recorded"));
  }
  parts_.report.added.push_back(name.id());
  if (!parts_.repair) return absl::OkStatus();
  ++parts_.report.segments;
  if (row) {
    segment->ledger_index = row->ledger_index;
    segment->camera_offset_ms = row->camera_offset_ms;
  }
  return parts_.index.add(*segment);
}

// Its file was away, perhaps with a whole disk of others: its headers must do. Whoever cuts it, or
// checks the archive, reads it and compares it with the hash of the row.
absl::Status Comparison::take_back(Segment row) {
  const absl::StatusOr<Segment> found = look_at(parts_.segments, row.name, parts_.keys);
  if (absl::IsDataLoss(found.status())) return add_damaged(row.name, row, found.status());
  if (!found.ok()) {
    add_unreadable(row.name, found.status());
    return absl::OkStatus();
  }
  parts_.report.returned.push_back(row.name.id());
  if (!parts_.repair) return absl::OkStatus();
  ++parts_.report.segments;
  row.size_bytes = found->size_bytes;
  row.fault = Fault::none;
  return parts_.index.add(row);
}

void Comparison::add_known(const Segment& row, const std::map<std::string, Segment>& rows) {
  SegmentName saved = row.name;
  saved.recovered = true;
  const auto rest = rows.find(saved.id());
  const bool has_rest =
      rest != rows.end() && rest->second.fault == Fault::none && !row.name.recovered;
  parts_.report.damaged.push_back(
      {row.name.id(), row.time, "", true, has_rest ? rest->second.time : Interval{}});
}

absl::Status Comparison::miss(Segment row) {
  if (row.time.to <= parts_.keep_from) return absl::OkStatus();
  const bool known = is_missing(row.fault);
  parts_.report.missing.push_back({row.name.id(), row.time, known});
  if (known || !parts_.repair) return absl::OkStatus();
  row.fault = Fault::missing;
  row.size_bytes = 0;
  return parts_.index.add(row);
}

void Comparison::add_unreadable(const SegmentName& name, const absl::Status& why) {
  const bool is_final = absl::IsDataLoss(why) || absl::IsNotFound(why);
  (is_final ? parts_.report.unreadable : parts_.report.failed).push_back(line_of(name, why));
}

absl::Status Comparison::add_damaged(const SegmentName& name, const std::optional<Segment>& row,
                                     const absl::Status& why) {
  DamagedSegment damaged{name.id(), row ? row->time : Interval{}, std::string(message_of(why)),
                         false, Interval{}};
  if (!parts_.repair) {
    // Without a row and with nothing to save there is nothing to repair either.
    const bool is_ours = row || can_salvage(parts_.segments, name, parts_.keys).value_or(false);
    if (is_ours) {
      parts_.report.damaged.push_back(std::move(damaged));
    } else {
      add_unreadable(name, why);
    }
    return absl::OkStatus();
  }
  const absl::StatusOr<std::optional<Segment>> rest = salvage(parts_.segments, name, parts_.keys);
  if (!rest.ok()) {
    parts_.report.failed.push_back(line_of(name, rest.status()));
    return absl::OkStatus();
  }
  return mark_damaged(name, row, *rest, std::move(damaged));
}

absl::Status Comparison::mark_damaged(const SegmentName& name, const std::optional<Segment>& row,
                                      const std::optional<Segment>& rest, DamagedSegment damaged) {
  // Nothing says that this was ever footage of ours: it is not even marked, so that it is never
  // evicted as footage is.
  if (!row && !rest) {
    parts_.report.unreadable.push_back(line_of(name, data_loss("{}", damaged.why)));
    return absl::OkStatus();
  }
  Segment marked = row ? *row : *rest;
  marked.name = name;
  if (!row) marked.sha256.clear();
  std::error_code failed;
  const std::uint64_t size = std::filesystem::file_size(file_of(parts_.segments, name), failed);
  marked.size_bytes = failed ? 0 : size;
  marked.fault = Fault::damaged;
  std::vector<Segment> rows{std::move(marked)};
  if (rest) {
    damaged.saved = rest->time;
    rows.push_back(*rest);
    ++parts_.report.segments;
  }
  parts_.report.damaged.push_back(std::move(damaged));
  return parts_.index.add_all(rows);
}

absl::Status Comparison::mend(const SegmentName& name) {
  if (!parts_.repair) {
    parts_.report.recovered.push_back(name.id());
    return absl::OkStatus();
  }
  const absl::StatusOr<std::optional<Segment>> segment =
      recover(parts_.segments, name, parts_.keys);
  if (!segment.ok()) {
    add_unreadable(name, segment.status());
    return absl::OkStatus();
  }
  if (!*segment) return absl::OkStatus();
  parts_.report.recovered.push_back((*segment)->name.id());
  ++parts_.report.segments;
  return parts_.index.add(**segment);
}

}  // namespace latchstring::archive
