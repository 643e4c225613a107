// What the gateway of this version cannot do though the rules may say so. It goes when it can: see
// the caveats in docs/design/00-overview.md.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "policy/analysis/analysis.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

using Names = std::set<std::string>;

bool names(const Rule& rule, Basis basis) {
  return rule.bases.empty() || rule.bases.count(basis) != 0;
}

// What must be hidden somewhere and no detector finds.
Names undetected(const Policy& policy) {
  Names out;
  const auto look = [&](const Names& hidden) {
    std::copy_if(hidden.begin(), hidden.end(), std::inserter(out, out.end()),
                 [](const std::string& name) { return is_detector_class(name); });
  };
  look(policy.always.redact);
  for (const auto& each : policy.cameras) look(each.second.always_redact);
  for (const Rule& rule : policy.rules) look(rule.redact);
  return out;
}

}  // namespace

std::string refused_today(Basis basis) {
  std::string_view missing;
  if (basis == Basis::warrant) missing = "check a warrant";
  if (basis == Basis::preservation) missing = "hold footage on request";
  if (missing.empty()) return "";
  return fmt::format(
      "the gateway of this version cannot {} yet; it refuses every request on basis {}, whatever "
      "the rules permit",
      missing, to_string(basis));
}

std::vector<Warning> notes(const Policy& policy, Instant now) {
  std::vector<Warning> out;
  for (const Basis basis : {Basis::warrant, Basis::preservation}) {
    for (const Rule& rule : policy.rules) {
      if (rule.is_never || !names(rule, basis) || (rule.ends && now >= *rule.ends)) continue;
      out.push_back({rule.line, fmt::format("the rule \"{}\" gives nothing on basis {}: {}",
                                            rule.name, to_string(basis), refused_today(basis))});
    }
  }
  for (const auto& [id, camera] : policy.cameras) {
    if (camera.sharing != Sharing::warrant_only) continue;
    out.push_back({0, fmt::format("nothing of the camera \"{}\" is given (warrant_only): {}", id,
                                  refused_today(Basis::warrant))});
  }
  const Names missing = undetected(policy);
  if (!missing.empty()) {
    out.push_back(
        {0, fmt::format("nothing finds {} yet: a clip that must hide them {}", in_words(missing),
                        policy.always.if_unsure == IfUnsure::refuse
                            ? "is refused (if_unsure: refuse)"
                            : "has its whole picture filled (if_unsure: fill)")});
  }
  return out;
}

}  // namespace latchstring::policy
