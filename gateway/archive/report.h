// What the archive is told, and what it reports.
#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

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

struct CheckReport {
  bool index_rebuilt = false;           // it was missing or damaged
  int segments = 0;                     // in the index, after the check
  std::vector<std::string> added;       // whole files that the index did not know
  std::vector<std::string> recovered;   // cut short by a crash, written anew
  std::vector<std::string> dropped;     // rows without a file
  std::vector<std::string> unreadable;  // files left as they are, each with the reason
  bool clean() const {
    return !index_rebuilt && added.empty() && recovered.empty() && dropped.empty() &&
           unreadable.empty();
  }
};

struct TickReport {
  int evicted = 0;
  std::uint64_t evicted_bytes = 0;
  bool more = false;                        // call again soon
  std::vector<std::string> forgotten_days;  // their keys were destroyed
  std::vector<std::string> lost_pins;       // requests whose footage had to go
  // Why an unfinished segment stays so, or one cannot be read; no harm to others.
  absl::Status not_mended;
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
};

// Footage without a gap.
struct Span {
  std::string camera;
  Interval interval;
  std::uint64_t size_bytes = 0;
  std::uint64_t segments = 0;
};

}  // namespace latchstring::archive
