#include "policy/analysis/edges.h"

#include <algorithm>

#include "policy/engine/index.h"

namespace latchstring::policy {
namespace {

constexpr Duration kMargin = std::chrono::seconds(1);  // before the one edge and behind the other
constexpr Duration kApartMax = std::chrono::hours(24);

}  // namespace

std::vector<Instant> edges_of(const std::vector<const Policy*>& policies, const RuleSet& rules,
                              const std::string& camera, const Interval& footage) {
  std::set<Instant> out;
  std::size_t number = 0;
  for (const Policy* policy : policies) {
    const auto known = policy->cameras.find(camera);
    const Duration e = known == policy->cameras.end() ? Duration{0} : known->second.clock_error;
    std::vector<Stretch> stretches;
    for (const Rule& rule : policy->rules) {
      const bool concerned = (rules[number / 64] >> (number % 64) & 1) != 0;
      ++number;
      if (!concerned || rule.is_never || rule.part_outside_trim) continue;
      if (stretches.empty()) stretches = policy->index->clock.stretches(footage);
      for (const Interval& hours : inside(rule.footage, stretches)) {
        out.insert(hours.from + e);
        out.insert(hours.to - e);
      }
    }
  }
  return {out.begin(), out.end()};
}

std::vector<Interval> spans_over(const std::vector<Instant>& edges) {
  std::vector<Interval> out;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    for (std::size_t j = i; j < edges.size() && edges[j] - edges[i] < kApartMax; ++j) {
      if (j > i + 1) break;
      out.push_back({edges[i] - kMargin, edges[j] + kMargin});
    }
  }
  return out;
}

const Outcome* not_trimmed(const std::vector<Run>& runs, const Interval& footage) {
  for (const Run& run : runs) {
    if (!run.footage.contains(footage)) continue;
    const Outcome& outcome = run.outcome;
    const bool given = outcome.approval != Approval::refuse && !outcome.trims &&
                       footage.length() <= outcome.clip_at_most;
    return given ? &outcome : nullptr;
  }
  return nullptr;
}

}  // namespace latchstring::policy
