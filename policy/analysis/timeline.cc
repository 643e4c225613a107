#include "policy/analysis/timeline.h"

#include <algorithm>
#include <map>

#include "policy/analysis/week_times.h"

namespace latchstring::policy {
namespace {

using std::chrono::days;

constexpr Duration kHorizon = days(400);    // a year of weeks, with all that clocks do in one
constexpr Duration kOldestMax = days(400);  // footage that is looked at
constexpr Duration kInstant{1};

using RuleWindow = std::pair<std::array<bool, 7>, std::pair<int, int>>;

RuleWindow window_of(const Rule& rule) {
  return {rule.requests.days, {rule.requests.from_minute, rule.requests.to_minute}};
}

// Whether an instant lies in one of the intervals, which are sorted.
bool lies_in(const Intervals& intervals, Instant t) {
  const auto after =
      std::upper_bound(intervals.begin(), intervals.end(), t,
                       [](Instant x, const Interval& each) { return x < each.from; });
  return after != intervals.begin() && std::prev(after)->contains(t);
}

// The hours in which requests may arrive, for the rules of one policy.
class Arrivals {
 public:
  Arrivals(const Policy& policy, const Interval& range) : policy_(policy) {
    const std::vector<Stretch> stretches = policy.index->clock.stretches(range);
    for (const Rule& rule : policy.rules) {
      auto& hours = hours_[window_of(rule)];
      if (hours.empty()) hours = inside(rule.requests, stretches);
    }
  }

  void add_edges(const Interval& range, std::set<Instant>& out) const {
    const auto add = [&](Instant t) {
      if (range.contains(t)) out.insert(t);
    };
    for (const auto& each : hours_) {
      for (const Interval& hours : each.second) {
        add(hours.from);
        add(hours.to);
      }
    }
    for (const Rule& rule : policy_.rules) {
      for (const auto& date : {rule.starts, rule.ends}) {
        if (!date) continue;
        add(*date - kInstant);
        add(*date);
      }
    }
  }

  void add_fits(Instant now, std::vector<bool>& out) const {
    for (const Rule& rule : policy_.rules) {
      out.push_back(!(rule.starts && now < *rule.starts) && !(rule.ends && now >= *rule.ends) &&
                    lies_in(hours_.at(window_of(rule)), now));
    }
  }

 private:
  const Policy& policy_;
  std::map<RuleWindow, Intervals> hours_;
};

Instant last_date(const Policy& policy, Instant now) {
  Instant last = now;
  for (const Rule& rule : policy.rules) {
    for (const auto& date : {rule.starts, rule.ends}) {
      if (date && *date < policy.ends) last = std::max(last, *date);
    }
  }
  return last;
}

}  // namespace

Timeline::Timeline(const Policy& before, const Policy& after, Instant now) {
  const Instant latest = std::max(last_date(before, now), last_date(after, now)) + kHorizon;
  end_ = std::min(std::max({before.ends, after.ends, now + days(1)}), latest);
  const Duration oldest =
      std::min(std::max(before.always.footage_no_older_than, after.always.footage_no_older_than),
               kOldestMax);
  add_weeks(before.index->clock, after.index->clock, now - oldest);
  add_moments({&before, &after}, now);
  add_views(oldest);
}

void Timeline::add_weeks(const WallClock& before, const WallClock& after, Instant from) {
  absl::CivilDay monday(after.shown(monday_of(after, from)));
  std::vector<std::size_t> ordinary;
  while (day_start(after, monday) < end_) {
    const Interval utc{day_start(after, monday), day_start(after, monday + 7)};
    // Also what a clock does a little before and after: a window may begin or end there.
    const Interval wide{utc.from - days(1), utc.to + days(1)};
    Kind kind{{before.offset(utc.from) - after.offset(utc.from), Duration::zero()}};
    bool changes = false;
    for (const WallClock* clock : {&before, &after}) {
      const std::vector<Stretch> stretches = clock->stretches(wide);
      for (std::size_t i = 1; i < stretches.size(); ++i) {
        kind.emplace_back(stretches[i].utc.from - utc.from,
                          stretches[i].offset - stretches[i - 1].offset);
        changes = true;
      }
      kind.emplace_back(Duration::zero(), Duration::zero());  // where the other clock's begin
    }
    const auto known = std::find(kinds_.begin(), kinds_.end(), kind);
    const auto number = static_cast<std::size_t>(known - kinds_.begin());
    if (known == kinds_.end()) kinds_.push_back(kind);
    if (!changes) ordinary.push_back(number);
    weeks_.push_back({utc, number});
    monday += 7;
  }
  if (!ordinary.empty()) ordinary_kind_ = ordinary.front();
}

void Timeline::add_moments(const std::vector<const Policy*>& policies, Instant now) {
  const Interval range{now, end_};
  std::vector<Arrivals> of_each;
  std::set<Instant> edges{now, end_ - kInstant};
  for (const Policy* policy : policies) {
    of_each.emplace_back(*policy, range);
    of_each.back().add_edges(range, edges);
  }
  for (const FootageWeek& week : weeks_) {
    if (range.contains(week.utc.to)) edges.insert(week.utc.to);
  }
  std::map<std::vector<bool>, std::size_t> numbers;
  for (const Instant at : edges) {
    std::vector<bool> fits;
    for (const Arrivals& each : of_each) each.add_fits(at, fits);
    const auto [number, is_new] = numbers.emplace(fits, arrivals_.size());
    if (is_new) arrivals_.push_back(fits);
    moments_.push_back({at, number->second});
  }
}

void Timeline::add_views(Duration oldest) {
  views_.assign(arrivals_.size(), std::vector<std::optional<View>>(kinds_.size()));
  std::size_t first = 0;  // the oldest week in reach
  for (const Moment& moment : moments_) {
    while (first < weeks_.size() && weeks_[first].utc.to <= moment.now - oldest) ++first;
    for (std::size_t i = first; i < weeks_.size() && weeks_[i].utc.from < moment.now; ++i) {
      const Interval footage{weeks_[i].utc.from, std::min(weeks_[i].utc.to, moment.now)};
      auto& view = views_[moment.arrival][weeks_[i].kind];
      if (view && view->footage.length() >= footage.length()) continue;
      view = View{moment.now, footage, i};
    }
  }
}

std::optional<std::size_t> Timeline::arrival_at(Instant now) const {
  const auto after = std::upper_bound(moments_.begin(), moments_.end(), now,
                                      [](Instant t, const Moment& each) { return t < each.now; });
  if (after == moments_.begin() || now >= end_) return std::nullopt;
  return std::prev(after)->arrival;
}

}  // namespace latchstring::policy
