// What the archive is told, and what it reports.
#pragma once

#include <absl/status/status.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway/archive/day_keys.h"
#include "gateway/archive/segment.h"
#include "gateway/base/files.h"
#include "gateway/base/time.h"

namespace latchstring::archive {

struct Options {
  Path folder;
  Duration keep_for{0};
  std::uint64_t keep_bytes = 0;
  std::uint64_t keep_free = 0;  // of the disk, whoever uses it
  std::uint64_t hold_bytes = 0;
  std::uint64_t pending_bytes = 0;
  Duration sync{0};  // what a power cut may lose
  // It is not the folder that was recorded to before: what goes here may not be all of its day.
  bool is_exchanged = false;
  // The household's local day of a moment: `2026-05-04`. Called on any thread.
  std::function<std::string(Instant)> local_day;
  // Called on streaming threads when a segment has ended: post collect() to the loop. A post that
  // is dropped is made up for by the next tick().
  std::function<void()> wake;
};

// Footage of a pending request, kept while residents think.
struct Pin {
  std::string request;
  std::string camera;
  Interval interval;
};

// A row whose file is gone, though its time is not over. It stays, marked, until that ends.
struct MissingSegment {
  std::string segment;
  Interval time;
  bool known = false;  // and marked, before this check
};

// A file that cannot be read to its end, or is not what was recorded. It stays as it is, its row
// marked, until its time ends; what can be read of it from its start is written anew.
struct DamagedSegment {
  std::string segment;
  Interval time;  // empty: not known
  std::string why;
  bool known = false;  // and marked, before this check
  Interval saved;      // what was written anew; empty: nothing
};

// Segments are there and their key is not, or not whole. Retention destroys a key after the last of
// them, so it was lost. Where the day has another key, only some of them cannot be opened.
struct KeylessDay {
  std::string day;
  KeyFault fault;
  std::uint64_t segments = 0;    // of the day
  std::uint64_t size_bytes = 0;  // of these
};

struct CheckReport {
  bool index_rebuilt = false;          // it was missing or damaged
  int segments = 0;                    // in the index, after the check
  std::vector<std::string> added;      // whole files that the index did not know
  std::vector<std::string> recovered;  // cut short by a crash, written anew
  std::vector<std::string> returned;   // missing or damaged before, and there again
  std::vector<MissingSegment> missing;
  std::vector<DamagedSegment> damaged;
  std::vector<KeylessDay> keyless;      // days; their segments are not named one by one
  std::vector<std::string> unreadable;  // files left as they are, each with the reason
  std::vector<std::string> failed;      // not looked at or not mended now, each with the reason
  bool clean() const {
    return !index_rebuilt && added.empty() && recovered.empty() && returned.empty() &&
           missing.empty() && damaged.empty() && keyless.empty() && unreadable.empty() &&
           failed.empty();
  }
  bool is_keyless(const std::string& day) const {
    return std::any_of(keyless.begin(), keyless.end(),
                       [&](const KeylessDay& each) { return each.day == day; });
  }
  // That something is wrong with what stands in its file.
  bool names(const std::string& segment) const {
    const auto begins = [&](const std::string& line) { return line.starts_with(segment + ":"); };
    return std::any_of(damaged.begin(), damaged.end(),
                       [&](const DamagedSegment& each) { return each.segment == segment; }) ||
           std::any_of(failed.begin(), failed.end(), begins) ||
           std::any_of(unreadable.begin(), unreadable.end(), begins);
  }
};

// A segment that was read to its end, or as far as it goes.
struct Examined {
  Segment row;
  absl::Status whole;           // DataLoss: damaged, or not what was recorded
  absl::Status saving;          // whether what can be read could be written anew
  std::optional<Segment> rest;  // which is this, if anything
};

struct TickReport {
  int evicted = 0;
  std::uint64_t evicted_bytes = 0;
  bool more = false;                        // call again soon
  std::vector<std::string> forgotten_days;  // their keys were destroyed
  std::vector<std::string> lost_pins;       // requests whose footage had to go
  absl::Status not_erased;  // the first file that cannot be removed; it is tried again
  // Why an unfinished segment stays so, or one cannot be read; no harm to others.
  absl::Status not_mended;
  // Their files are gone before their time, and nobody was told yet: tell, then told().
  std::vector<Segment> missing;
};

// The footage of one camera and day of the household's calendar.
struct DayTotal {
  std::string camera;
  std::string day;
  Interval time;  // first to last
  std::uint64_t size_bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t recovered = 0;  // of these, written anew after a crash
  Duration length{0};           // of all of them
  std::optional<KeyFault> key_fault = {};
};
std::vector<KeylessDay> keyless_days(const std::vector<DayTotal>& totals);  // by day

// Footage without a gap.
struct Span {
  std::string camera;
  Interval interval;
  std::uint64_t size_bytes = 0;
  std::uint64_t segments = 0;
};

}  // namespace latchstring::archive
