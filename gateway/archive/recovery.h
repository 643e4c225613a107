// Rows from files: what stands in the folders of the archive, whole or cut short by a crash.
// Threads: loop only, but for salvage() and can_salvage(). Memory: a file that was cut short is
// read whole, at most kSegmentFileMax.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "gateway/archive/day_keys.h"
#include "gateway/archive/segment.h"
#include "gateway/base/files.h"

namespace latchstring::archive {

struct CameraDay {
  std::string camera;
  std::string day;
  friend auto operator<=>(const CameraDay&, const CameraDay&) = default;
};

// The days that have a folder, sorted.
absl::StatusOr<std::vector<CameraDay>> list_days(const Path& segments);

struct DayFiles {
  std::vector<SegmentName> whole;
  std::vector<SegmentName> parts;  // being written, or cut short by a crash
  std::vector<Path> foreign;       // not ours
};
absl::StatusOr<DayFiles> list_files(const Path& segments, const CameraDay& day);

// The row of a whole file by its headers, without its hash: for when all rows are lost and nobody
// can wait until everything is read. Errors as of examine().
absl::StatusOr<Segment> look_at(const Path& segments, const SegmentName& name, const DayKeys& keys);

// The row of a whole file, from its content. DataLoss: damaged, or not what its name says.
absl::StatusOr<Segment> examine(const Path& segments, const SegmentName& name, const DayKeys& keys);

// Writes the whole fragments before the first damage of a whole file as a new one, and returns that
// one's row; the damaged file stays. nullopt: there is none, or the file can be read, so that it is
// other footage than was recorded; that is not given for it. Any thread, while the segment is
// leased.
absl::StatusOr<std::optional<Segment>> salvage(const Path& segments, const SegmentName& name,
                                               const DayKeys& keys);

// Whether that would save anything.
absl::StatusOr<bool> can_salvage(const Path& segments, const SegmentName& name,
                                 const DayKeys& keys);

// Writes what a crash had left of a segment as a new, whole file, removes the old one and returns
// the new one's row. nullopt: there was no whole fragment in it, and it is gone.
absl::StatusOr<std::optional<Segment>> recover(const Path& segments, const SegmentName& name,
                                               const DayKeys& keys);

}  // namespace latchstring::archive
