// What the gateway of this version refuses whatever the rules say. It goes when the gateway can do
// it: see the caveats in docs/design/00-overview.md.
#include <fmt/format.h>

#include "policy/analysis/analysis.h"

namespace latchstring::policy {
namespace {

bool names(const Rule& rule, Basis basis) {
  return rule.bases.empty() || rule.bases.count(basis) != 0;
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
  return out;
}

}  // namespace latchstring::policy
