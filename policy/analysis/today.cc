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

}  // namespace

std::set<std::string> hidden_anywhere(const Policy& policy) {
  Names out = policy.always.redact;
  for (const auto& each : policy.cameras)
    out.insert(each.second.always_redact.begin(), each.second.always_redact.end());
  for (const Rule& rule : policy.rules) out.insert(rule.redact.begin(), rule.redact.end());
  return out;
}

std::string model_missing(const Policy& policy, const std::set<std::string>& redact) {
  Names missing;
  std::copy_if(redact.begin(), redact.end(), std::inserter(missing, missing.end()),
               [](const std::string& name) { return is_detector_class(name); });
  if (missing.empty()) return "";
  return fmt::format("nothing finds {} yet: a clip that must hide them {}", in_words(missing),
                     policy.always.if_unsure == IfUnsure::refuse
                         ? "is refused (if_unsure: refuse)"
                         : "has its whole picture filled (if_unsure: fill)");
}

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
  Names by_warrant;
  for (const auto& [id, camera] : policy.cameras)
    if (camera.sharing == Sharing::warrant_only) by_warrant.insert(id);
  if (!by_warrant.empty()) {
    out.push_back({0, fmt::format("nothing of {} is given (warrant_only): {}", in_words(by_warrant),
                                  refused_today(Basis::warrant))});
  }
  std::string missing = model_missing(policy, hidden_anywhere(policy));
  if (!missing.empty()) out.push_back({0, std::move(missing)});
  return out;
}

}  // namespace latchstring::policy
