// What one case gets at every instant of a stretch of footage, and whether one outcome gives more
// than another. The engine's own decision, asked once for a stretch: it finds the edges itself.
// What limits a request as a whole (its length, its age, the month's quota, the case number, the
// end of the file) is lifted and compared apart. Pure; any thread.
#pragma once

#include <map>

#include "policy/engine/decide.h"

namespace latchstring::policy {

struct Case {
  std::string agency;
  std::string officer;  // may be empty
  std::string camera;
  Basis basis = Basis::consent;
  std::string purpose;
};
Question question_of(const Case& one, const Interval& footage);

// Beside a piece's terms: what decides about requests that are longer than the instant.
struct Outcome {
  Approval approval = Approval::refuse;
  std::set<std::string> redact;
  int height_at_most = 0;
  Duration one_frame_per{0};
  bool watermark = false;
  Duration answer_within{0};
  Duration clip_at_most{0};     // the longest that the permitting rules and `always` give
  bool clip_of_always = false;  // it is `always` that limits it
  bool trims = false;           // part_outside of a permitting rule
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
// Without the last three; for comparison with what a question was answered.
Outcome outcome_of(const Piece& piece);

struct Run {
  Interval footage;
  Outcome outcome;
};

// A policy without the limits of a whole request. `policy` must outlive it.
class Lifted {
 public:
  explicit Lifted(const Policy& policy);
  // In time order, covering the footage; neighbours differ. `arrival` is not before its end.
  std::vector<Run> runs(const Case& one, Instant arrival, const Interval& footage) const;
  // What a request for all of this footage gets, by the real length and part_outside of each rule.
  Approval whole(const Case& one, Instant arrival, const Interval& footage) const;

 private:
  // How long a clip a rule gives, and whether it trims.
  using Reach = std::pair<Duration, bool>;
  std::set<Reach> reaches_of(const Decision& decision) const;
  Outcome outcome_with(const Piece& piece, const Reach& reach) const;

  const Policy& policy_;
  Policy real_;                            // every rule as it is
  Policy all_;                             // every rule gives any length and trims
  std::map<Reach, Policy> only_;           // the same of these rules; the others permit nothing
  std::map<std::string, Reach> reach_of_;  // by the name of an allow rule
};

// What the second gives, seen from the first.
enum class Order : std::uint8_t { same, looser, tighter, changed };
std::string_view to_string(Order order);
// Collects what is more and what is less.
class Balance {
 public:
  void add(Order order);
  template <class T>
  void more_is_looser(const T& before, const T& after) {
    if (before < after) add(Order::looser);
    if (after < before) add(Order::tighter);
  }
  void more_is_tighter(const std::set<std::string>& before, const std::set<std::string>& after);
  Order order() const;

 private:
  bool looser_ = false;
  bool tighter_ = false;
};
Order order(const Outcome& before, const Outcome& after);

}  // namespace latchstring::policy
