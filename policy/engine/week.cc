#include "policy/engine/week.h"

#include <fmt/format.h>

namespace latchstring::policy {
namespace {

constexpr std::string_view kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

std::string minute_text(std::size_t minute, bool is_end) {
  const std::size_t of_day = minute % kDayMinutes;
  if (is_end) {
    return of_day == 0 ? "24:00" : fmt::format("{:02}:{:02}", of_day / 60, of_day % 60);
  }
  return fmt::format("{} {:02}:{:02}", kDays[minute / kDayMinutes], of_day / 60, of_day % 60);
}

}  // namespace

Week week_of(const DayWindow& window) {
  Week out;
  const int length = window.to_minute > window.from_minute
                         ? window.to_minute - window.from_minute
                         : window.to_minute - window.from_minute + kDayMinutes;
  for (int day = 0; day < 7; ++day) {
    if (!window.days[static_cast<std::size_t>(day)]) continue;
    for (int i = 0; i < length; ++i) {
      out.set(static_cast<std::size_t>(day * kDayMinutes + window.from_minute + i) % kWeekMinutes);
    }
  }
  return out;
}

std::string first_run(const Week& week) {
  if (week.all()) return "at any time";
  const std::size_t from = week._Find_first();
  std::size_t to = from;
  while (to < kWeekMinutes && week[to] && to / kDayMinutes == from / kDayMinutes) ++to;
  return fmt::format("{}-{}", minute_text(from, false), minute_text(to, true));
}

std::string in_words(const DayWindow& window) {
  std::string days;
  bool every_day = true;
  for (std::size_t i = 0; i < window.days.size(); ++i) {
    every_day = every_day && window.days[i];
    if (window.days[i]) days += (days.empty() ? "" : ", ") + std::string(kDays[i]);
  }
  const bool all_day = window.from_minute == 0 && window.to_minute == kDayMinutes;
  if (every_day && all_day) return "at any time";
  const std::string on = every_day ? "every day" : "on " + days;
  if (all_day) return on;
  return fmt::format("{} {:02}:{:02} to {:02}:{:02}", on, window.from_minute / 60,
                     window.from_minute % 60, window.to_minute / 60, window.to_minute % 60);
}

}  // namespace latchstring::policy
