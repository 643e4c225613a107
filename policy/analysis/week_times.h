// Times of a week as a household's clock shows them: sorted intervals of [0, 7 days) after Monday
// 00:00. Pure; any thread.
#pragma once

#include <string>

#include "policy/engine/wall_clock.h"

namespace latchstring::policy {

inline constexpr Duration kWeek = std::chrono::hours(24 * 7);

Instant day_start(const WallClock& clock, absl::CivilDay day);
// The last Monday 00:00 that the clock showed at or before an instant.
Instant monday_of(const WallClock& clock, Instant instant);
// What the clock shows in [from, to) of the week that begins at `monday`, its 00:00; a little
// before that, the end of a week.
Intervals shown_times(const WallClock& clock, Instant monday, const Interval& footage);
// When the clock shows this time of that week: once, or not at all or twice where it changes.
std::vector<Instant> instants_shown(const WallClock& clock, Instant monday, Instant time);

// Both, joined and sorted; `times` without those of `others`.
Intervals both(Intervals times, const Intervals& others);
Intervals without(const Intervals& times, const Intervals& others);

// `every day 22:00 to 06:00`, `Mon, Tue 07:00 to 08:30; Sat all day`, `at any time`.
std::string in_words(const Intervals& times);
std::string week_time_text(Instant time);  // `Mon 22:00`, with seconds where there are some

}  // namespace latchstring::policy
