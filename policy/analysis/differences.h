// Where two policies answer differently: by enumeration of every agency, officer, camera, basis and
// purpose that either tells apart, of every class of arrivals and kind of week, and of every
// instant of a week. Cases whom the same rules of both concern are judged once. Pure; any thread.
#pragma once

#include "policy/analysis/cases.h"
#include "policy/analysis/timeline.h"
#include "policy/analysis/week_times.h"
#include "policy/analysis/weekly.h"

namespace latchstring::policy {

// A question, and when it arrives, that shows a change: `policy explain` answers it differently.
struct Witness {
  Case one;
  Interval footage;
  Instant now;
};

struct Change {
  Order order = Order::same;
  // All combinations of these.
  std::set<std::string> agencies;
  std::set<std::string> officers;
  std::set<std::string> cameras;
  std::set<Basis> bases;
  std::set<std::string> purposes;
  std::set<std::size_t> arrivals;  // classes of the timeline
  Intervals times;                 // of the week, by the clock of the second policy
  std::optional<Instant> week;     // only in weeks like the one that begins here: a clock changes
  bool over_edges = false;         // only of requests that reach from before these times to behind
  Outcome before;
  Outcome after;
  std::optional<Witness> witness;  // nullopt: no question that is young enough was found
};

// Looser ones first, then tighter ones, then those that are neither; without witnesses.
std::vector<Change> differences(const Policy& before, const Policy& after, const Fields& fields,
                                const Timeline& timeline);

// Looks for a question that shows the change in one of its cases.
std::optional<Witness> find_witness(const Policy& before, const Policy& after,
                                    const Timeline& timeline, const Change& change);
// Whether the two answer this question as the change says.
bool shows(const Policy& before, const Policy& after, const Witness& witness, const Change& change);

}  // namespace latchstring::policy
