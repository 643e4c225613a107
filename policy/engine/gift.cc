// What the household gives of its own accord: no allow rule is asked for, but everything that says
// no still counts.
#include <fmt/format.h>

#include <algorithm>

#include "policy/engine/decide.h"
#include "policy/engine/index.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);

class GiftJudge {
 public:
  GiftJudge(const Policy& policy, const Gift& gift, const Facts& facts)
      : policy_(policy), gift_(gift), facts_(facts) {}

  Decision judge() {
    piece_.footage = gift_.footage;
    std::string why = gate();
    if (why.empty() && !gift_.agency.empty()) why = quota();
    if (!why.empty()) piece_.reasons.push_back(std::move(why));
    if (piece_.reasons.empty()) note_nevers();
    if (piece_.reasons.empty()) set_conditions();
    return {{std::move(piece_)}};
  }

 private:
  std::string gate() {
    const Interval& footage = gift_.footage;
    const Always& always = policy_.always;
    if (footage.empty()) return "the footage is empty";
    if (facts_.now >= policy_.ends) return "these rules have ended (rules_end_on)";
    if (!gift_.agency.empty() && !policy_.agencies.contains(gift_.agency)) {
      return fmt::format("\"{}\" is not among the agencies", gift_.agency);
    }
    const auto camera = policy_.cameras.find(gift_.camera);
    if (camera == policy_.cameras.end()) {
      return fmt::format("\"{}\" is not among the cameras", gift_.camera);
    }
    camera_ = &camera->second;
    if (camera_->sharing == Sharing::never) {
      return fmt::format("the camera \"{}\" is never shared", camera_->id);
    }
    if (camera_->sharing == Sharing::warrant_only) {
      return fmt::format("the camera \"{}\" is shared with a warrant only", camera_->id);
    }
    if (footage.to > facts_.now) return "the footage has not ended yet";
    if (footage.length() > always.clip_at_most) {
      return fmt::format("longer than {} (always: clip_at_most)", in_words(always.clip_at_most));
    }
    if (footage.from < gift_.given - always.footage_no_older_than + camera_->clock_error) {
      return fmt::format("older than {} (always: footage_no_older_than)",
                         in_words(always.footage_no_older_than));
    }
    return "";
  }

  std::string quota() const {
    const Always& always = policy_.always;
    if (facts_.clips_given_this_month < always.clips_per_month &&
        facts_.time_given_this_month + gift_.footage.length() <=
            always.minutes_per_month * kMinute) {
      return "";
    }
    return "more than is left of this month's limit (per_agency_per_month)";
  }

  static bool may_concern(const std::set<std::string>& names, const std::string& name) {
    return names.empty() || name.empty() || names.contains(name);
  }

  // Nobody knows in whose hands a file ends, nor under which basis it is used: what is not known
  // may fit.
  bool may_fit(const Rule& rule) const {
    if (!rule.is_never || !may_concern(rule.who, gift_.agency) ||
        !may_concern(rule.cameras, gift_.camera) || !may_concern(rule.purposes, gift_.purpose) ||
        (rule.starts && facts_.now < *rule.starts) || (rule.ends && facts_.now >= *rule.ends)) {
      return false;
    }
    const Duration e = camera_->clock_error;
    const Interval padded{gift_.footage.from - e, gift_.footage.to + e};
    const Intervals window = inside(rule.footage, policy_.index->clock.stretches(padded));
    // [t-e, t+e] is closed, the window half-open.
    return std::any_of(window.begin(), window.end(), [&](const Interval& each) {
      return !intersection({each.from - e, each.to + e}, gift_.footage).empty();
    });
  }

  // Any of them refuses all of it: a household that gives can choose other hours.
  void note_nevers() {
    for (const RuleScope& scope : policy_.index->scopes) {
      const Rule& rule = policy_.rules[scope.rule];
      if (!may_fit(rule)) continue;
      piece_.rules.push_back(rule.name);
      const bool by_purpose = !rule.purposes.empty() && gift_.purpose.empty();
      piece_.reasons.push_back(
          fmt::format("the never rule \"{}\" (line {}) {}", rule.name, rule.line,
                      by_purpose ? "may fit: the gift names no purpose" : "fits"));
    }
  }

  void set_conditions() {
    const Always& always = policy_.always;
    piece_.approval = always.gifts;
    piece_.answer_within = answer_within(Rule{}, Basis::consent);
    piece_.height_at_most = always.height_at_most;
    piece_.one_frame_per = always.one_frame_per;
    piece_.watermark = always.watermark;
    for (const auto* names : {&always.redact, &camera_->always_redact}) {
      for (const std::string& name : *names) {
        const auto zone = policy_.zone_camera.find(name);
        // Zones of other cameras do not concern this one.
        if (zone != policy_.zone_camera.end() && zone->second != camera_->id) continue;
        piece_.redact.insert(name);
      }
    }
    piece_.reasons.push_back(fmt::format(
        "{} must agree", always.gifts == Approval::ask_one ? "one resident" : "all residents"));
  }

  const Policy& policy_;
  const Gift& gift_;
  const Facts& facts_;
  const Camera* camera_ = nullptr;
  Piece piece_;
};

}  // namespace

Decision decide_gift(const Policy& policy, const Gift& gift, const Facts& facts) {
  return GiftJudge(policy, gift, facts).judge();
}

}  // namespace latchstring::policy
