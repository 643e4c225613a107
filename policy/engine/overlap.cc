// Overlapping allow rules with different conditions: an error, since with the union of their
// redactions taking one of two such rules away can show more. Exact: the fields are finite sets,
// and time is the minutes of a week.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "policy/engine/load.h"
#include "policy/engine/week.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

// A member of both, where an empty set means all; `all` stands for "all of them".
template <class T>
std::optional<T> common(const std::set<T>& a, const std::set<T>& b, T all) {
  if (a.empty() && b.empty()) return all;
  if (a.empty()) return *b.begin();
  if (b.empty()) return *a.begin();
  const auto found =
      std::find_if(a.begin(), a.end(), [&](const T& each) { return b.count(each) != 0; });
  return found == a.end() ? std::nullopt : std::optional<T>(*found);
}

bool dates_meet(const Rule& a, const Rule& b) {
  return !(a.ends && b.starts && *a.ends <= *b.starts) &&
         !(b.ends && a.starts && *b.ends <= *a.starts);
}

// All but name and scope.
auto conditions(const Rule& rule) {
  return std::tie(rule.approval, rule.redact, rule.part_outside_trim, rule.clip_at_most,
                  rule.height_at_most, rule.one_frame_per, rule.watermark, rule.release_unreviewed);
}

bool ask_the_same(const Rule& a, const Rule& b, Basis basis) {
  return conditions(a) == conditions(b) && answer_within(a, basis) == answer_within(b, basis);
}

std::string difference(const Rule& a, const Rule& b) {
  if (a.approval != b.approval) {
    return fmt::format("{}, {}", to_string(a.approval), to_string(b.approval));
  }
  if (a.redact != b.redact) {
    return fmt::format("redact {}; redact {}", in_words(a.redact), in_words(b.redact));
  }
  if (a.part_outside_trim != b.part_outside_trim) return "part_outside";
  if (a.clip_at_most != b.clip_at_most) return "clip_at_most";
  if (a.height_at_most != b.height_at_most) return "picture_height_at_most";
  if (a.one_frame_per != b.one_frame_per) return "slow_to_one_frame_per";
  if (a.watermark != b.watermark) return "watermark";
  if (a.release_unreviewed != b.release_unreviewed) return "release_unreviewed";
  return "answer_within";
}

struct Timed {
  const Rule* rule;
  Week footage;
  Week requests;
};

void compare(const Timed& first, const Timed& second, yaml::Faults& faults) {
  const Rule& a = *first.rule;
  const Rule& b = *second.rule;
  const auto agency = common(a.who, b.who, std::string("any"));
  const auto officer = common(a.officers, b.officers, std::string("any"));
  const auto camera = common(a.cameras, b.cameras, std::string("any camera"));
  const auto purpose = common(a.purposes, b.purposes, std::string("any purpose"));
  const auto basis = common(a.bases, b.bases, Basis::consent);
  if (!agency || !officer || !camera || !purpose || !basis || !dates_meet(a, b)) return;
  // Every basis that both name: the default of answer_within depends on it.
  bool same = true;
  for (const Basis each : kAllBases) {
    const bool both = (a.bases.empty() || a.bases.count(each) != 0) &&
                      (b.bases.empty() || b.bases.count(each) != 0);
    if (both) same = same && ask_the_same(a, b, each);
  }
  if (same) return;
  const Week footage = first.footage & second.footage;
  if (footage.none() || (first.requests & second.requests).none()) return;
  faults.add_pair(
      a.line, b.line,
      fmt::format("\"{}\" and \"{}\" both fit {} / {} / {}, {},\n   but ask differently ({}). "
                  "Narrow one of them.",
                  a.name, b.name, *agency, *camera, *purpose, first_run(footage),
                  difference(a, b)));
}

}  // namespace

void refuse_overlaps(const Policy& policy, yaml::Faults& faults) {
  std::vector<Timed> rules;
  for (const Rule& rule : policy.rules) {
    if (rule.is_never) continue;
    rules.push_back({&rule, week_of(rule.footage), week_of(rule.requests)});
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t j = i + 1; j < rules.size(); ++j) compare(rules[i], rules[j], faults);
  }
}

}  // namespace latchstring::policy
