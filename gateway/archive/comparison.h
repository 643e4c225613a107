// Files and index of one camera's day side by side: what is whole, what is not, and what can be
// done about it. The content of a file is read only where the index does not know it.
// Threads: loop only. Memory: as recovery.h.
#pragma once

#include <map>
#include <set>

#include "gateway/archive/appender.h"
#include "gateway/archive/index.h"
#include "gateway/archive/recovery.h"
#include "gateway/archive/report.h"

namespace latchstring::archive {

class Comparison {
 public:
  // All of it outlives the comparison.
  struct Parts {
    Path segments;
    Index& index;
    Intake& intake;
    const DayKeys& keys;
    Instant keep_from;    // what is older may go at any time, and nobody misses it
    bool repair = false;  // else nothing is changed
    CheckReport& report;
  };
  explicit Comparison(Parts parts) : parts_(std::move(parts)) {}

  // With a folder, or with a row.
  absl::StatusOr<std::set<CameraDay>> days();
  absl::Status look_at_day(const CameraDay& day);
  // A file that is not whole, and not being written.
  absl::Status mend(const SegmentName& name);
  // A file that cannot be read, or is not what was recorded. `row`: as the index has it.
  absl::Status add_damaged(const SegmentName& name, const std::optional<Segment>& row,
                           const absl::Status& why);
  // The same, once it is known what could be saved of it.
  absl::Status mark_damaged(const SegmentName& name, const std::optional<Segment>& row,
                            const std::optional<Segment>& rest, DamagedSegment damaged);
  // Anything else than DataLoss is no fault of the file, and may pass.
  void add_unreadable(const SegmentName& name, const absl::Status& why);

 private:
  absl::Status look_at_file(const SegmentName& name, const std::optional<Segment>& row);
  absl::Status take_file(const SegmentName& name, const std::optional<Segment>& row);
  absl::Status take_back(Segment row);
  void add_known(const Segment& row, const std::map<std::string, Segment>& rows);
  absl::Status miss(Segment row);

  const Parts parts_;
};

}  // namespace latchstring::archive
