// What the rules of a policy can do, by enumeration of their finite fields and the minutes of a
// week.
#include <fmt/format.h>

#include <algorithm>

#include "policy/analysis/analysis.h"
#include "policy/engine/week.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

constexpr int kDaysLeftMin = 30;  // fewer left: a warning

bool has(const std::set<std::string>& set, const std::string& name) {
  return set.empty() || set.count(name) != 0;
}

bool has(const std::set<Basis>& set, Basis basis) {
  return set.empty() || set.count(basis) != 0;
}

bool has_ended(const Rule& rule, Instant now) {
  return rule.ends && now >= *rule.ends;
}

// `12 days`; empty: not so soon.
std::string ends_soon(Instant end, Instant now) {
  const auto left = std::chrono::duration_cast<std::chrono::hours>(end - now).count() / 24;
  if (left >= kDaysLeftMin) return "";
  return left < 1 ? "less than a day" : in_words(std::chrono::hours(24 * left));
}

// One combination that a rule's scope names.
struct Case {
  std::string agency;
  std::string camera;
  Basis basis;
  std::string purpose;
};

// All cases of an allow rule; the purpose `any` stands for those that no never rule names.
std::vector<Case> cases_of(const Policy& policy, const Rule& rule) {
  std::set<std::string> purposes = rule.purposes;
  if (purposes.empty()) purposes.insert("any");
  std::vector<Case> out;
  for (const auto& agency : policy.agencies) {
    if (!has(rule.who, agency.first)) continue;
    for (const auto& camera : policy.cameras) {
      if (!has(rule.cameras, camera.first)) continue;
      for (const Basis basis : kAllBases) {
        if (!has(rule.bases, basis)) continue;
        for (const std::string& purpose : purposes) {
          out.push_back({agency.first, camera.first, basis, purpose});
        }
      }
    }
  }
  return out;
}

bool camera_permits(const Camera& camera, Basis basis) {
  return camera.sharing == Sharing::by_rule ||
         (camera.sharing == Sharing::warrant_only && basis == Basis::warrant);
}

// The minutes of a week in which a never rule refuses this case whoever asks whenever.
Week refused(const Policy& policy, const Case& one, Instant now) {
  Week out;
  for (const Rule& rule : policy.rules) {
    const bool always_there = rule.is_never && rule.officers.empty() && !rule.ends &&
                              !(rule.starts && now < *rule.starts) && week_of(rule.requests).all();
    const bool names_purpose =
        rule.purposes.empty() || (one.purpose != "any" && rule.purposes.count(one.purpose) != 0);
    if (always_there && names_purpose && has(rule.who, one.agency) &&
        has(rule.cameras, one.camera) && has(rule.bases, one.basis)) {
      out |= week_of(rule.footage);
    }
  }
  return out;
}

// Why a rule that has not ended can permit nothing; empty where it can.
std::string why_dead(const Policy& policy, const Rule& rule, Instant now) {
  bool some_camera = false;
  for (const Case& one : cases_of(policy, rule)) {
    if (!camera_permits(policy.cameras.at(one.camera), one.basis)) continue;
    some_camera = true;
    if ((week_of(rule.footage) & ~refused(policy, one, now)).any()) return "";
  }
  return some_camera ? "never rules refuse all that it permits"
                     : "none of its cameras is shared on this basis, or no agency may ask";
}

void warn_of_rules(const Policy& policy, Instant now, std::vector<Warning>& out) {
  for (const Rule& rule : policy.rules) {
    if (has_ended(rule, now)) {
      out.push_back({rule.line, fmt::format("the rule \"{}\" has ended", rule.name)});
      continue;
    }
    const std::string soon = rule.ends ? ends_soon(*rule.ends, now) : "";
    if (!soon.empty()) {
      out.push_back({rule.line, fmt::format("the rule \"{}\" ends in {}", rule.name, soon)});
    }
    if (rule.is_never) continue;
    const std::string dead = why_dead(policy, rule, now);
    if (!dead.empty()) {
      out.push_back({rule.line, fmt::format("the rule \"{}\" is dead: {}", rule.name, dead)});
    }
    if (rule.approval == Approval::automatic && has(rule.bases, Basis::emergency)) {
      out.push_back({rule.line, fmt::format("the rule \"{}\" is automatic, but an emergency always "
                                            "asks one resident",
                                            rule.name)});
    }
    if (rule.clip_at_most > policy.always.clip_at_most) {
      out.push_back(
          {rule.line,
           fmt::format("the rule \"{}\" says clip_at_most {}, but always has {}", rule.name,
                       in_words(rule.clip_at_most), in_words(policy.always.clip_at_most))});
    }
  }
}

// A keep_only zone does nothing for the other cameras of its rule.
void warn_of_bare_cameras(const Policy& policy, std::vector<Warning>& out) {
  for (const Rule& rule : policy.rules) {
    const bool keeps = std::any_of(rule.redact.begin(), rule.redact.end(), [&](const auto& name) {
      const auto zone = policy.zones.find(name);
      return zone != policy.zones.end() && zone->second.keep_only;
    });
    if (!keeps) continue;
    for (const auto& camera : policy.cameras) {
      const bool kept = std::any_of(rule.redact.begin(), rule.redact.end(), [&](const auto& name) {
        const auto zone = policy.zone_camera.find(name);
        return zone != policy.zone_camera.end() && zone->second == camera.first;
      });
      if (kept || !has(rule.cameras, camera.first)) continue;
      out.push_back({rule.line, fmt::format("the rule \"{}\" keeps only a zone of another camera; "
                                            "\"{}\" is shown whole",
                                            rule.name, camera.first)});
    }
  }
}

void warn_of_names(const Policy& policy, std::vector<Warning>& out) {
  std::set<std::string> hidden = policy.always.redact;
  for (const auto& camera : policy.cameras) {
    hidden.insert(camera.second.always_redact.begin(), camera.second.always_redact.end());
  }
  for (const Rule& rule : policy.rules) hidden.insert(rule.redact.begin(), rule.redact.end());
  for (const auto& zone : policy.zones) {
    if (hidden.count(zone.first) == 0) {
      out.push_back({0, fmt::format("the zone \"{}\" is not used", zone.first)});
    }
  }
  const auto is_allowed = [&](auto named) {
    return std::any_of(policy.rules.begin(), policy.rules.end(),
                       [&](const Rule& rule) { return !rule.is_never && named(rule); });
  };
  for (const auto& camera : policy.cameras) {
    if (camera.second.sharing == Sharing::never) continue;
    if (!is_allowed([&](const Rule& rule) { return has(rule.cameras, camera.first); })) {
      out.push_back({0, fmt::format("no allow rule is about the camera \"{}\"", camera.first)});
    }
  }
  for (const auto& agency : policy.agencies) {
    if (!is_allowed([&](const Rule& rule) { return has(rule.who, agency.first); })) {
      out.push_back({0, fmt::format("no allow rule is about the agency \"{}\"", agency.first)});
    }
  }
}

void warn_of_end(const Policy& policy, Instant now, std::vector<Warning>& out) {
  if (now >= policy.ends) {
    out.push_back({0, "these rules have ended (rules_end_on): nothing is shared until you renew"});
    return;
  }
  const std::string soon = ends_soon(policy.ends, now);
  if (!soon.empty()) out.push_back({0, "these rules end in " + soon});
}

}  // namespace

std::vector<Warning> warnings(const Policy& policy, Instant now) {
  std::vector<Warning> out;
  warn_of_end(policy, now, out);
  warn_of_rules(policy, now, out);
  warn_of_bare_cameras(policy, out);
  warn_of_names(policy, out);
  for (const std::string& name : untested_rules(policy)) {
    out.push_back({0, fmt::format("no test reaches the rule \"{}\"", name)});
  }
  return out;
}

std::vector<std::string> possible(const Policy& policy, Instant now) {
  std::vector<std::string> out;
  if (now >= policy.ends) return out;
  for (const Rule& rule : policy.rules) {
    if (rule.is_never || has_ended(rule, now)) continue;
    if (!why_dead(policy, rule, now).empty()) continue;
    out.push_back(allow_sentence(policy, rule));
  }
  return out;
}

}  // namespace latchstring::policy
