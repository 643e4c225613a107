#include "policy/analysis/differences.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "policy/analysis/edges.h"

namespace latchstring::policy {
namespace {

// What changes in a case, and when.
struct Pattern {
  Outcome before;
  Outcome after;
  Intervals times;
  std::optional<Instant> week;
  bool over_edges = false;
  friend bool operator==(const Pattern&, const Pattern&) = default;
};

void add(std::vector<Pattern>& patterns, Pattern next) {
  for (Pattern& each : patterns) {
    if (each.before != next.before || each.after != next.after ||
        each.over_edges != next.over_edges) {
      continue;
    }
    each.times = both(std::move(each.times), next.times);
    return;
  }
  patterns.push_back(std::move(next));
}

// Cases and classes of arrivals that get the same of both policies, since the same rules concern
// them.
struct Group {
  std::size_t camera;
  std::size_t basis;
  bool known_before;  // the agency
  bool known_after;
  RuleSet rules;
  std::vector<Duration> seen;  // how much of each kind of week
  auto all() const { return std::tie(camera, basis, known_before, known_after, rules, seen); }
  friend bool operator<(const Group& a, const Group& b) { return a.all() < b.all(); }
};

// Places in Fields, of the timeline's arrivals, and of a pattern: all combinations of them change
// in this way.
enum Side : std::size_t { kAgency, kOfficer, kCamera, kBasis, kPurpose, kArrival };
struct Box {
  std::array<std::vector<std::size_t>, 6> sides;
  std::size_t pattern = 0;
};

// Joins what is equal on all sides but one.
std::vector<Box> joined(const std::vector<Box>& boxes, Side side) {
  std::map<std::pair<std::size_t, std::array<std::vector<std::size_t>, 6>>, std::size_t> places;
  std::vector<Box> out;
  for (const Box& box : boxes) {
    auto others = box.sides;
    others[side].clear();
    const auto [place, is_new] = places.emplace(std::pair(box.pattern, others), out.size());
    if (is_new) {
      out.push_back(box);
    } else {
      auto& longer = out[place->second].sides[side];
      longer.insert(longer.end(), box.sides[side].begin(), box.sides[side].end());
    }
  }
  return out;
}

class Comparison {
 public:
  Comparison(const Policy& before, const Policy& after, const Fields& fields,
             const Timeline& timeline)
      : before_(before),
        after_(after),
        fields_(fields),
        timeline_(timeline),
        lifted_before_(before),
        lifted_after_(after) {}

  std::vector<Change> changes() {
    std::vector<Box> boxes = find_boxes();
    for (const Side side : {kArrival, kOfficer, kPurpose, kAgency, kCamera, kBasis}) {
      boxes = joined(boxes, side);
    }
    std::vector<Change> out;
    for (const Box& box : boxes) out.push_back(change_of(box));
    std::stable_sort(out.begin(), out.end(),
                     [](const Change& a, const Change& b) { return rank(a) < rank(b); });
    return out;
  }

 private:
  static int rank(const Change& change) {
    if (change.order == Order::looser) return 0;
    return change.order == Order::tighter ? 1 : 2;
  }

  std::vector<Box> find_boxes() {
    const std::vector<const Policy*> policies{&before_, &after_};
    const Scopes scopes(policies, fields_);
    std::vector<RuleSet> in_force;
    for (const auto& rules : timeline_.arrivals()) in_force.push_back(rule_set(rules));
    std::vector<Box> boxes;
    for (const CaseNumbers& one : all_cases(fields_)) {
      const RuleSet rules = scopes.rules_of(one);
      for (std::size_t when = 0; when < in_force.size(); ++when) {
        for (const std::size_t pattern : patterns_of(one, when, in_both(rules, in_force[when]))) {
          boxes.push_back(
              {{{{one.agency}, {one.officer}, {one.camera}, {one.basis}, {one.purpose}, {when}}},
               pattern});
        }
      }
    }
    return boxes;
  }

  const std::vector<std::size_t>& patterns_of(const CaseNumbers& one, std::size_t when,
                                              RuleSet rules) {
    const std::string& agency = fields_.agencies[one.agency];
    const RuleSet concerned = rules;
    Group group{one.camera,
                one.basis,
                before_.agencies.count(agency) != 0,
                after_.agencies.count(agency) != 0,
                std::move(rules),
                {}};
    for (std::size_t kind = 0; kind < timeline_.kinds(); ++kind) {
      const auto& view = timeline_.view(when, kind);
      group.seen.push_back(view ? view->footage.length() : Duration::zero());
    }
    const auto [place, is_new] = judged_.try_emplace(std::move(group));
    if (is_new) place->second = judge_all_weeks(case_of(fields_, one), when, concerned);
    return place->second;
  }

  std::vector<std::size_t> judge_all_weeks(const Case& one, std::size_t when,
                                           const RuleSet& rules) {
    std::vector<std::size_t> out;
    const std::vector<Pattern> ordinary = judge_week(one, when, timeline_.ordinary_kind(), rules);
    for (const Pattern& each : ordinary) out.push_back(number_of(each));
    for (std::size_t kind = 0; kind < timeline_.kinds(); ++kind) {
      if (kind == timeline_.ordinary_kind()) continue;
      for (Pattern& each : judge_week(one, when, kind, rules)) {
        // What the same hours of any other week show is told once.
        for (const Pattern& usual : ordinary) {
          if (usual.before == each.before && usual.after == each.after &&
              usual.over_edges == each.over_edges) {
            each.times = without(each.times, usual.times);
          }
        }
        each.week = timeline_.weeks()[timeline_.view(when, kind)->week].utc.from;
        if (!each.times.empty()) out.push_back(number_of(each));
      }
    }
    return out;
  }

  std::vector<Pattern> judge_week(const Case& one, std::size_t when, std::size_t kind,
                                  const RuleSet& rules) const {
    std::vector<Pattern> out;
    const auto& view = timeline_.view(when, kind);
    if (!view) return out;
    // From a little earlier on: a request may reach over Sunday's midnight.
    const Interval wide{view->footage.from - std::chrono::minutes(1), view->footage.to};
    const std::vector<Run> old_runs = lifted_before_.runs(one, view->now, wide);
    const std::vector<Run> new_runs = lifted_after_.runs(one, view->now, wide);
    const Instant monday = timeline_.weeks()[view->week].utc.from;
    auto before = old_runs.begin();
    auto after = new_runs.begin();
    while (before != old_runs.end() && after != new_runs.end()) {
      const Interval when_both = intersection(before->footage, after->footage);
      const Interval seen = intersection(when_both, view->footage);
      if (!seen.empty() && order(before->outcome, after->outcome) != Order::same) {
        add(out, {before->outcome, after->outcome, shown_times(after_.index->clock, monday, seen),
                  std::nullopt, false});
      }
      if (before->footage.to == when_both.to) ++before;
      if (after->footage.to == when_both.to) ++after;
    }
    const auto edges = edges_of({&before_, &after_}, rules, one.camera, wide);
    for (const Interval& over : spans_over(edges)) {
      const Outcome* first = not_trimmed(old_runs, over);
      const Outcome* second = not_trimmed(new_runs, over);
      if (first == nullptr || second == nullptr) continue;
      const Approval was = lifted_before_.whole(one, view->now, over);
      const Approval is = lifted_after_.whole(one, view->now, over);
      if ((was == Approval::refuse) == (is == Approval::refuse)) continue;
      add(out, {was == Approval::refuse ? Outcome() : *first,
                is == Approval::refuse ? Outcome() : *second,
                shown_times(after_.index->clock, monday, over), std::nullopt, true});
    }
    return out;
  }

  std::size_t number_of(const Pattern& pattern) {
    const auto known = std::find(patterns_.begin(), patterns_.end(), pattern);
    const auto place = static_cast<std::size_t>(known - patterns_.begin());
    if (place == patterns_.size()) patterns_.push_back(pattern);
    return place;
  }

  Change change_of(const Box& box) const {
    const Pattern& pattern = patterns_[box.pattern];
    Change out;
    out.order = order(pattern.before, pattern.after);
    for (const std::size_t i : box.sides[kAgency]) out.agencies.insert(fields_.agencies[i]);
    for (const std::size_t i : box.sides[kOfficer]) out.officers.insert(fields_.officers[i]);
    for (const std::size_t i : box.sides[kCamera]) out.cameras.insert(fields_.cameras[i]);
    for (const std::size_t i : box.sides[kBasis]) out.bases.insert(fields_.bases[i]);
    for (const std::size_t i : box.sides[kPurpose]) out.purposes.insert(fields_.purposes[i]);
    out.arrivals.insert(box.sides[kArrival].begin(), box.sides[kArrival].end());
    out.times = pattern.times;
    out.week = pattern.week;
    out.over_edges = pattern.over_edges;
    out.before = pattern.before;
    out.after = pattern.after;
    return out;
  }

  const Policy& before_;
  const Policy& after_;
  const Fields& fields_;
  const Timeline& timeline_;
  const Lifted lifted_before_;
  const Lifted lifted_after_;
  std::map<Group, std::vector<std::size_t>> judged_;  // places in patterns_
  std::vector<Pattern> patterns_;
};

}  // namespace

std::vector<Change> differences(const Policy& before, const Policy& after, const Fields& fields,
                                const Timeline& timeline) {
  return Comparison(before, after, fields, timeline).changes();
}

}  // namespace latchstring::policy
