// Windows as minutes of a week by the household's clock, for exact comparison of rules.
#pragma once

#include <bitset>
#include <string>

#include "policy/engine/policy.h"

namespace latchstring::policy {

inline constexpr int kDayMinutes = 24 * 60;
inline constexpr std::size_t kWeekMinutes = 7 * kDayMinutes;
using Week = std::bitset<kWeekMinutes>;  // from Monday 00:00

Week week_of(const DayWindow& window);
// The first run of minutes, within one day: `Mon 22:00-23:00`; `at any time`.
std::string first_run(const Week& week);
// `every day 22:00 to 06:00`, `Sat 18:00 to 23:00`, `at any time`.
std::string in_words(const DayWindow& window);

}  // namespace latchstring::policy
