// The index: one row for each segment, and the pins of pending requests. Everything but the pins
// and the ledger's commitments can be rebuilt from the segment files.
// Threads: loop only.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/archive/cutter.h"
#include "gateway/archive/report.h"
#include "gateway/archive/segment.h"
#include "gateway/store/store.h"

namespace latchstring::archive {

inline constexpr std::size_t kPinsMax = 4096;
inline constexpr std::size_t kMissingPerTick = 1024;  // segments of which a tick tells

class Index {
 public:
  // DataLoss: damaged. FailedPrecondition: of a newer program, or another database.
  static absl::StatusOr<std::unique_ptr<Index>> open(const Path& file);

  absl::Status add(const Segment& segment);  // or replaces it
  absl::Status add_all(const std::vector<Segment>& segments);
  // The first one after this id whose hash is not known.
  absl::StatusOr<std::optional<Segment>> unhashed(const std::string& after);
  // Of segments that are whole and not being deleted. By start; at most `limit`.
  absl::StatusOr<std::vector<Segment>> touching(const std::string& camera, const Interval& interval,
                                                std::size_t limit);
  // The first one with a fault that would be among them.
  absl::StatusOr<std::optional<Segment>> faulty(const std::string& camera,
                                                const Interval& interval);
  absl::StatusOr<std::vector<Segment>> missing_untold();
  absl::StatusOr<std::optional<Segment>> find(const SegmentName& name);
  absl::StatusOr<std::optional<Segment>> newest(const std::string& camera);
  absl::StatusOr<std::vector<Segment>> of_day(const std::string& camera, const std::string& day);
  absl::StatusOr<std::vector<Segment>> oldest_unpinned(std::size_t limit);
  absl::Status each_by_camera(const std::function<void(const Segment&)>& each);
  // By id, which begins with the camera and the day; those after `after`, at most `limit`. Damaged
  // ones too.
  absl::StatusOr<std::vector<Segment>> page(const std::string& after, std::size_t limit);
  absl::StatusOr<std::vector<DayTotal>> day_totals();  // by camera and day
  absl::StatusOr<std::set<std::string>> days();        // with any row
  absl::StatusOr<std::set<std::pair<std::string, std::string>>> camera_days();
  std::uint64_t bytes() const { return bytes_; }  // of all rows

  // True from the making of the file until rebuilt(): rows of some files may be missing.
  absl::StatusOr<bool> is_rebuilding();
  absl::Status rebuilt();

  // Order of deleting: mark, unlink, fsync, drop.
  absl::Status mark_deleting(const std::vector<Segment>& segments);
  absl::StatusOr<std::vector<Segment>> deleting();
  absl::Status drop(const std::vector<Segment>& segments);

  absl::Status pin(const Pin& pin);
  absl::Status unpin(const std::string& request);
  absl::StatusOr<std::vector<Pin>> pins();  // oldest first
  absl::StatusOr<std::uint64_t> pinned_bytes();
  absl::StatusOr<std::uint64_t> bytes_of(const Pin& pin);  // of the segments that it would keep

  absl::StatusOr<std::vector<Segment>> uncommitted(Instant before);  // of those with a hash
  absl::Status committed(const std::vector<std::string>& ids, std::int64_t ledger_index);

 private:
  explicit Index(std::unique_ptr<store::Database> db) : db_(std::move(db)) {}
  absl::StatusOr<std::vector<Segment>> select(const std::string& where, store::Params params);
  absl::StatusOr<std::uint64_t> put(const Segment& segment);  // bytes of the row it replaced
  absl::Status count_bytes();

  const std::unique_ptr<store::Database> db_;
  std::uint64_t bytes_ = 0;
};

}  // namespace latchstring::archive
