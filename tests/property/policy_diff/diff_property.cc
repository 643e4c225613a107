// `policy diff` against brute force: decide() for every minute of an ordinary week and of a week in
// which the clock changes, and for single seconds where a minute is not of one piece.
#include <rapidcheck.h>

#include <fmt/format.h>

#include <algorithm>

#include "policy/analysis/analysis.h"
#include "policy/analysis/differences.h"
#include "tests/property/policy/model.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::Model;
using test::ModelRule;

constexpr int kCasesOfRules = 4;  // of each pair, by brute force

std::shared_ptr<const Policy> loaded(const Model& model) {
  const auto policy = load(model.text(), "f.yaml", test::some_key);
  if (!policy.ok()) RC_FAIL(model.text() + std::string(policy.status().message()));
  return *policy;
}

// The same household a day later: one or two things are another way.
Model edited(Model model) {
  const int edits = *rc::gen::inRange(1, 3);
  for (int i = 0; i < edits; ++i) {
    auto& rule = model.rules[*rc::gen::inRange<std::size_t>(0, model.rules.size())];
    auto& terms = model.terms[*rc::gen::inRange<std::size_t>(0, model.terms.size())];
    auto& camera = model.cameras[*rc::gen::inRange<std::size_t>(0, model.cameras.size())];
    switch (*rc::gen::inRange(0, 9)) {
      case 0:
        rule.from_minute = (rule.from_minute + 30) % 1440;
        break;
      case 1:
        rule.days[*rc::gen::inRange<std::size_t>(0, 7)] = false;
        break;
      case 2:
        rule.agencies = {*rc::gen::inRange(0, 3)};
        break;
      case 3:
        terms.approval = Approval::ask_all;
        break;
      case 4:
        terms.redact.insert("plates");
        break;
      case 5:
        terms.height = 720;
        break;
      case 6:
        terms.clip_minutes = 5;
        break;
      case 7:
        camera.error_seconds = camera.error_seconds == 0 ? 5 : 0;
        break;
      default:
        model.rules.push_back(test::draw_model(test::Aim::edges).rules.back());
        break;
    }
    if (rule.from_minute == rule.to_minute) rule.to_minute += rule.to_minute == 1440 ? -1 : 1;
    if (std::none_of(rule.days.begin(), rule.days.end(), [](bool on) { return on; })) {
      rule.days[0] = true;
    }
  }
  for (ModelRule& rule : model.rules) {  // a rule that came from another house
    if (!rule.is_never) continue;
    rule.cameras.clear();
  }
  return model;
}

struct Counted {
  std::int64_t pairs = 0;
  std::int64_t different = 0;
  std::int64_t requests = 0;
  std::int64_t changed = 0;  // of those
  std::int64_t witnesses = 0;
};

class BruteForce {
 public:
  BruteForce(const Policy& before, const Policy& after, Counted& counted)
      : before_(before),
        after_(after),
        counted_(counted),
        fields_(fields_of({&before, &after})),
        timeline_(before, after, now()),
        changes_(differences(before, after, fields_, timeline_)),
        edges_(minutes_with_edges()) {}

  void run() {
    for (const Change& change : changes_) check_witness(change);
    const auto cases = all_cases(fields_);
    check_case(case_of(fields_, pick(cases)));
    if (!changes_.empty()) check_case(some_case_that_changes());
    for (int i = 0; i < kCasesOfRules; ++i) check_case(some_case_of_a_rule());
    ++counted_.pairs;
    counted_.different += changes_.empty() ? 0 : 1;
    RC_ASSERT(differences(before_, before_, fields_, timeline_).empty());
  }

 private:
  // Before the clocks of most zones change; all of it is asked for an hour later.
  static Instant now() { return test::at("2026-03-01T12:00:00Z"); }

  template <class T>
  static const T& pick(const std::vector<T>& values) {
    return values[*rc::gen::inRange<std::size_t>(0, values.size())];
  }

  // One that the scope names, or any where it names none.
  template <class T>
  static T pick(const std::set<T>& scope, const std::vector<T>& values) {
    return scope.empty() ? pick(values) : pick(std::vector<T>(scope.begin(), scope.end()));
  }

  // Whatever the diff says of it.
  Case some_case_of_a_rule() const {
    const Policy& policy = *rc::gen::inRange(0, 2) == 0 ? before_ : after_;
    const Rule& rule = pick(policy.rules);
    return {pick(rule.who, fields_.agencies), pick(rule.officers, fields_.officers),
            pick(rule.cameras, fields_.cameras), pick(rule.bases, fields_.bases),
            pick(rule.purposes, fields_.purposes)};
  }

  Case some_case_that_changes() const {
    const Change& change = pick(changes_);
    return {*change.agencies.begin(), *change.officers.begin(), *change.cameras.rbegin(),
            *change.bases.begin(), *change.purposes.rbegin()};
  }

  // One ordinary week, and those of the next weeks in which a clock changes.
  void check_case(const Case& one) {
    bool ordinary_seen = false;
    for (const FootageWeek& week : timeline_.weeks()) {
      if (week.utc.from < now() || week.utc.to > now() + hours(24 * 45)) continue;
      const bool ordinary = week.kind == timeline_.ordinary_kind();
      if (!ordinary || !ordinary_seen) check_week(one, week);
      ordinary_seen = ordinary_seen || ordinary;
    }
  }

  // The outcome of a minute is one, unless a window begins or ends near it: a clock is at most 20 s
  // wrong, or the clock changes.
  std::set<Duration> minutes_with_edges() const {
    std::set<Duration> out;
    for (const Policy* policy : {&before_, &after_}) {
      for (const Rule& rule : policy->rules) {
        for (const int edge : {rule.footage.from_minute, rule.footage.to_minute, 0}) {
          out.insert(minutes(edge % 1440));
          out.insert(minutes((edge + 1439) % 1440));
        }
      }
    }
    return out;
  }

  void check_week(const Case& one, const FootageWeek& week) {
    const std::vector<Change> told = changes_of(one, week);
    const auto stretches = after_.index->clock.stretches(week.utc);
    for (const Stretch& stretch : stretches) {
      for (Instant t = stretch.utc.from; t < stretch.utc.to; t += minutes(1)) {
        const Duration shown = (t + stretch.offset).time_since_epoch() % hours(24);
        const bool clock_changes =
            stretches.size() > 1 && (t == stretch.utc.from || t + minutes(1) == stretch.utc.to);
        if (!clock_changes && edges_.count(shown) == 0) {
          check_request(one, {t, t + minutes(1)}, week, told);
          continue;
        }
        for (const int second : {0, 4, 5, 19, 20, 30, 39, 40, 54, 55, 59}) {
          check_request(one, {t + seconds(second), t + seconds(second + 1)}, week, told,
                        clock_changes);
        }
      }
    }
  }

  void check_request(const Case& one, const Interval& footage, const FootageWeek& week,
                     const std::vector<Change>& told, bool clock_changes = false) {
    const Question question = question_of(one, footage);
    const Decision was = judge(before_, question, std::nullopt);
    const Decision is = judge(after_, question, std::nullopt);
    RC_ASSERT(was.pieces.size() == 1U);
    RC_ASSERT(is.pieces.size() == 1U);
    const Outcome old_outcome = outcome_of(was.pieces.front());
    const Outcome new_outcome = outcome_of(is.pieces.front());
    const auto [before, after] = expected(footage.from, week, told);
    ++counted_.requests;
    if (old_outcome == new_outcome) {
      // It may still say something of longer requests, and of the same hours of ordinary weeks.
      if (!clock_changes) RC_ASSERT(before == after);
      return;
    }
    RC_ASSERT(before == old_outcome);
    RC_ASSERT(after == new_outcome);
    ++counted_.changed;
  }

  // What the diff says of a case in such a week, without what concerns longer requests.
  std::vector<Change> changes_of(const Case& one, const FootageWeek& week) const {
    std::vector<Change> out;
    for (Change change : changes_) {
      if (change.agencies.count(one.agency) == 0 || change.cameras.count(one.camera) == 0 ||
          change.bases.count(one.basis) == 0 || change.purposes.count(one.purpose) == 0 ||
          change.officers.count(one.officer) == 0 ||
          change.arrivals.count(*timeline_.arrival_at(week.utc.to)) == 0 || change.over_edges ||
          (change.week && kind_of(*change.week) != week.kind)) {
        continue;
      }
      for (Outcome* each : {&change.before, &change.after}) {
        each->clip_at_most = Duration::zero();
        each->clip_of_always = each->trims = false;
      }
      out.push_back(change);
    }
    // What is said of this week alone counts before what is said of all.
    std::stable_sort(out.begin(), out.end(), [](const Change& a, const Change& b) {
      return a.week.has_value() && !b.week.has_value();
    });
    return out;
  }

  std::pair<Outcome, Outcome> expected(Instant t, const FootageWeek& week,
                                       const std::vector<Change>& told) const {
    if (told.empty()) return {};
    const Interval instant{t, t + Duration(1)};
    const Instant shown = shown_times(after_.index->clock, week.utc.from, instant).front().from;
    for (const Change& change : told) {
      for (const Interval& each : change.times) {
        if (each.contains(shown)) return {change.before, change.after};
      }
    }
    return {};
  }

  std::size_t kind_of(Instant monday) const {
    for (const FootageWeek& week : timeline_.weeks()) {
      if (week.utc.from == monday) return week.kind;
    }
    RC_FAIL("a week that is not of the timeline");
    return 0;
  }

  void check_witness(const Change& change) {
    const auto witness = find_witness(before_, after_, timeline_, change);
    RC_ASSERT(witness);
    RC_ASSERT(shows(before_, after_, *witness, change));
    const Question question = question_of(witness->one, witness->footage);
    const Decision was = judge(before_, question, witness->now);
    const Decision is = judge(after_, question, witness->now);
    const auto same = [](const Piece& a, const Piece& b) {
      return a.footage == b.footage && outcome_of(a) == outcome_of(b);
    };
    RC_ASSERT(!std::equal(was.pieces.begin(), was.pieces.end(), is.pieces.begin(), is.pieces.end(),
                          same));
    ++counted_.witnesses;
  }

  const Policy& before_;
  const Policy& after_;
  Counted& counted_;
  const Fields fields_;
  const Timeline timeline_;
  const std::vector<Change> changes_;
  const std::set<Duration> edges_;
};

TEST_CASE("diff finds what brute force finds, in every minute of every kind of week") {
  Counted counted;
  for (const test::Aim aim : {test::Aim::usual, test::Aim::edges}) {
    REQUIRE(rc::check("diff == brute force", [&] {
      const Model model = test::draw_model(aim);
      const Model other = edited(model);
      BruteForce(*loaded(model), *loaded(other), counted).run();
    }));
  }
  WARN(counted.pairs << " pairs, " << counted.different << " differ; " << counted.requests
                     << " requests, of which " << counted.changed << " are answered differently; "
                     << counted.witnesses << " questions that show it");
  CHECK(counted.different * 2 >= counted.pairs);
  CHECK(counted.changed * 100 >= counted.requests);
}

}  // namespace
}  // namespace latchstring::policy
