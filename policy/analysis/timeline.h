// When requests may arrive and which weeks of footage they may ask for, as far as two policies can
// tell them apart. Arrivals are of one class where the same rules are in force. Weeks are of one
// kind where both clocks do the same in them: all ordinary weeks are one kind, and each change of a
// clock is another. Pure; any thread.
#pragma once

#include <optional>
#include <vector>

#include "policy/engine/index.h"

namespace latchstring::policy {

// From Monday 00:00 to Monday 00:00, by the clock of the second policy.
struct FootageWeek {
  Interval utc;
  std::size_t kind = 0;
};

// From this instant on, until the next moment.
struct Moment {
  Instant now;
  std::size_t arrival = 0;
};

// A moment of some class, and the footage of a week of some kind that is over by then.
struct View {
  Instant now;
  Interval footage;
  std::size_t week = 0;
};

class Timeline {
 public:
  // From `now` on until both have ended, but at most some 400 days beyond the last date of a rule.
  Timeline(const Policy& before, const Policy& after, Instant now);

  // Which rules are in force: those of the first policy, then those of the second.
  const std::vector<std::vector<bool>>& arrivals() const { return arrivals_; }
  std::size_t kinds() const { return kinds_.size(); }
  const std::vector<Moment>& moments() const { return moments_; }
  const std::vector<FootageWeek>& weeks() const { return weeks_; }
  std::size_t ordinary_kind() const { return ordinary_kind_; }
  // The class of arrivals at this instant.
  std::optional<std::size_t> arrival_at(Instant now) const;
  // The one that shows most of such a week; nullopt: no request that arrives then reaches one.
  const std::optional<View>& view(std::size_t arrival, std::size_t kind) const {
    return views_[arrival][kind];
  }
  Instant end() const { return end_; }

 private:
  // What a clock does: where in the week, and by how much.
  using Kind = std::vector<std::pair<Duration, Duration>>;

  void add_moments(const std::vector<const Policy*>& policies, Instant now);
  void add_weeks(const WallClock& before, const WallClock& after, Instant from);
  void add_views(Duration oldest);

  Instant end_;
  std::vector<std::vector<bool>> arrivals_;
  std::vector<Moment> moments_;
  std::vector<Kind> kinds_;
  std::size_t ordinary_kind_ = 0;
  std::vector<FootageWeek> weeks_;
  std::vector<std::vector<std::optional<View>>> views_;
};

}  // namespace latchstring::policy
