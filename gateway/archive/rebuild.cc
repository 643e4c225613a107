// A lost index: rows from the files' names at once, so that recording begins; hashes later.
#include <filesystem>

#include "gateway/archive/appender.h"
#include "gateway/archive/archive.h"
#include "gateway/archive/comparison.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

// How long one question may hold up the loop.
constexpr Duration kHashingAtOnce = std::chrono::milliseconds{200};

// A run goes on from one segment to the next without a gap, so that the end of one is the start of
// the next. Where the sink had failed in between it is later than it was: the index only finds
// segments, and what is in them is asked when they are cut.
std::optional<Instant> end_by_next(const std::vector<SegmentName>& names, std::size_t i) {
  if (i + 1 == names.size() || names[i + 1].run != names[i].run) return std::nullopt;
  const Duration length = names[i + 1].start - names[i].start;
  if (length <= Duration::zero() || length > kSegmentLengthMax / 30) return std::nullopt;
  return names[i + 1].start;
}

}  // namespace

absl::Status Archive::add_by_name(const CameraDay& day) {
  LS_ASSIGN(const DayFiles files, list_files(segments(), day));
  LS_ASSIGN(const std::vector<Segment> known, index_->of_day(day.camera, day.day));
  std::set<std::string> has_row;
  for (const Segment& row : known) has_row.insert(row.name.id());
  Comparison comparison = this->comparison(true, found_);
  std::vector<Segment> rows;
  for (std::size_t i = 0; i < files.whole.size(); ++i) {
    const SegmentName& name = files.whole[i];
    if (has_row.contains(name.id())) continue;  // an earlier start came as far as this
    std::error_code failed;
    absl::StatusOr<Segment> row = Segment{};
    const std::optional<Instant> end = end_by_next(files.whole, i);
    row->size_bytes = std::filesystem::file_size(file_of(segments(), name), failed);
    if (end && !failed) {
      row->name = name;
      row->time = {name.start, *end};
    } else {
      row = look_at(segments(), name, keys_);
    }
    if (absl::IsDataLoss(row.status())) {
      LS_RETURN_IF_ERROR(comparison.add_damaged(name, std::nullopt, row.status()));
      continue;
    }
    if (!row.ok()) {
      comparison.add_unreadable(name, row.status());
      continue;
    }
    found_.added.push_back(name.id());
    rows.push_back(*std::move(row));
  }
  LS_RETURN_IF_ERROR(index_->add_all(rows));
  found_.segments += static_cast<int>(rows.size());
  for (const SegmentName& name : files.parts) LS_RETURN_IF_ERROR(comparison.mend(name));
  for (const Path& file : files.foreign) {
    found_.unreadable.push_back(fmt::format("{}: not the name of a segment", file.string()));
  }
  return absl::OkStatus();
}

absl::Status Archive::add_hash(Segment& row) {
  absl::StatusOr<Segment> found = examine(segments(), row.name, keys_);
  if (!found.ok()) return within(fmt::format("segment `{}`", row.name.id()), found.status());
  row.time = found->time;
  row.size_bytes = found->size_bytes;
  row.sha256 = std::move(found->sha256);
  return index_->add(row);
}

absl::StatusOr<bool> Archive::hashes_missing(const std::string& camera, const Interval& interval) {
  if (all_hashed_) return false;
  const Duration until = clock_.steady() + kHashingAtOnce;
  LS_ASSIGN(std::vector<Segment> rows, index_->touching(camera, interval, kSegmentsPerCutMax));
  for (Segment& row : rows) {
    if (!row.sha256.empty()) continue;
    if (clock_.steady() >= until) return true;
    LS_RETURN_IF_ERROR(add_hash(row));
  }
  return false;
}

// What is damaged is left without: it cannot be released, and check() tells of it. What only could
// not be read now does not hold up the others, and has another turn after them.
absl::Status Archive::hash_next() {
  if (all_hashed_ || clock_.steady() < hash_after_) return absl::OkStatus();
  LS_ASSIGN(std::optional<Segment> row, index_->unhashed(hashed_to_));
  if (!row) {
    all_hashed_ = !hash_again_;
    hash_again_ = false;
    hashed_to_.clear();
    hash_after_ = clock_.steady() + kMendPatience;
    return absl::OkStatus();
  }
  hashed_to_ = row->name.id();
  const absl::Status added = add_hash(*row);
  if (absl::IsNotFound(added)) return absl::OkStatus();  // check() or a cut finds that it is gone
  if (!added.ok() && !absl::IsDataLoss(added)) hash_again_ = true;
  return added;
}

}  // namespace latchstring::archive
