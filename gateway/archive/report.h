// What the archive is told, and what it reports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/base/time.h"

namespace latchstring::archive {

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
};

// Footage without a gap.
struct Span {
  std::string camera;
  Interval interval;
  std::uint64_t size_bytes = 0;
  std::uint64_t segments = 0;
};

}  // namespace latchstring::archive
