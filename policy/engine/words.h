// Words of the language, and times as the household reads them. Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "policy/engine/policy.h"

namespace latchstring::policy {

inline constexpr std::array kAllBases{Basis::consent, Basis::warrant, Basis::emergency,
                                      Basis::preservation};
std::optional<Basis> basis_from(std::string_view word);
std::optional<Approval> approval_from(std::string_view word);

// `48 hours`, in the largest unit that divides it.
std::string in_words(Duration duration);
// `a, b and c`; `nothing` when it is empty.
std::string in_words(const std::set<std::string>& names);

// What the household's clock shows: `Mon 2026-05-04 21:50:05`.
std::string wall_clock_text(const Policy& policy, Instant instant);
// RFC 3339 with the household's offset: `2026-05-04T21:50:05-05:00`.
std::string to_local_rfc3339(const Policy& policy, Instant instant);

}  // namespace latchstring::policy
