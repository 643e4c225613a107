#include "policy/analysis/week_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace latchstring::policy {
namespace {

using std::chrono::days;

constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr Duration kDay = days(1);
constexpr Instant kEnd{kWeek};

Duration time_of_day(Instant time) {
  return (time.time_since_epoch() % kDay + kDay) % kDay;
}

std::size_t day_of(Instant time) {
  return static_cast<std::size_t>(time.time_since_epoch() / kDay) % 7;
}

// `22:00`, `22:00:05`; 24:00 at the end of a day.
std::string clock_text(Duration of_day, bool is_end) {
  if (is_end && of_day == Duration::zero()) return "24:00";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(of_day).count();
  std::string out = fmt::format("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) out += fmt::format(":{:02}", seconds % 60);
  return out;
}

// What runs over Sunday's end is one; whole days are taken apart.
Intervals as_spoken(Intervals times) {
  if (times.size() > 1 && times.front().from == Instant{} && times.back().to == kEnd &&
      time_of_day(times.front().to) != Duration::zero()) {
    times.back().to = kEnd + (times.front().to - Instant{});
    times.erase(times.begin());
  }
  Intervals out;
  for (Interval each : times) {
    const bool whole_days =
        time_of_day(each.from) == Duration::zero() && time_of_day(each.to) == Duration::zero();
    for (; whole_days && each.length() > kDay; each.from += kDay) {
      out.push_back({each.from, each.from + kDay});
    }
    out.push_back(each);
  }
  return out;
}

std::string days_text(const std::array<bool, 7>& on) {
  if (std::all_of(on.begin(), on.end(), [](bool day) { return day; })) return "every day";
  std::string out;
  for (std::size_t day = 0; day < 7; ++day) {
    if (on[day]) out += (out.empty() ? "" : ", ") + std::string(kDays[day]);
  }
  return out;
}

}  // namespace

Instant monday_of(const WallClock& clock, Instant instant) {
  return day_start(
      clock, absl::PrevWeekday(absl::CivilDay(clock.shown(instant)) + 1, absl::Weekday::monday));
}

Instant day_start(const WallClock& clock, absl::CivilDay day) {
  return clock.day_start(static_cast<int>(day.year()) * 10'000 + day.month() * 100 + day.day());
}

Intervals shown_times(const WallClock& clock, Instant monday, const Interval& footage) {
  const Duration start = monday.time_since_epoch() + clock.offset(monday);
  Intervals out;
  for (const Stretch& stretch : clock.stretches(footage)) {
    const Duration shift = stretch.offset - start;
    const Interval shown{stretch.utc.from + shift, stretch.utc.to + shift};
    const Interval week{Instant{}, Instant::max()};
    const Interval sunday{shown.from + kWeek, std::min(shown.to, Instant{}) + kWeek};
    out = both(std::move(out), {sunday, intersection(shown, week)});
  }
  return out;
}

std::vector<Instant> instants_shown(const WallClock& clock, Instant monday, Instant time) {
  const Duration start = monday.time_since_epoch() + clock.offset(monday);
  std::vector<Instant> out;
  for (const Stretch& stretch : clock.stretches({monday, monday + kWeek + days(1)})) {
    const Instant at = time - (stretch.offset - start);
    if (stretch.utc.contains(at)) out.push_back(at);
  }
  return out;
}

Intervals both(Intervals times, const Intervals& others) {
  times.insert(times.end(), others.begin(), others.end());
  std::sort(times.begin(), times.end(),
            [](const Interval& a, const Interval& b) { return a.from < b.from; });
  Intervals out;
  for (const Interval& each : times) {
    if (each.empty()) continue;
    if (!out.empty() && each.from <= out.back().to) {
      out.back().to = std::max(out.back().to, each.to);
    } else {
      out.push_back(each);
    }
  }
  return out;
}

Intervals without(const Intervals& times, const Intervals& others) {
  Intervals out;
  for (Interval left : times) {
    for (const Interval& other : others) {
      if (intersection(left, other).empty()) continue;
      if (left.from < other.from) out.push_back({left.from, other.from});
      left.from = std::min(other.to, left.to);
    }
    if (!left.empty()) out.push_back(left);
  }
  return out;
}

std::string week_time_text(Instant time) {
  return fmt::format("{} {}", kDays[day_of(time)], clock_text(time_of_day(time), false));
}

std::string in_words(const Intervals& times) {
  if (times == Intervals{{Instant{}, kEnd}}) return "at any time";
  std::vector<std::pair<Duration, Duration>> order;  // as they first come
  std::map<std::pair<Duration, Duration>, std::array<bool, 7>> daily;
  std::string longer;
  for (const Interval& each : as_spoken(times)) {
    if (each.length() > kDay) {
      longer += fmt::format("; {} to {}", week_time_text(each.from), week_time_text(each.to));
      continue;
    }
    const std::pair hours(time_of_day(each.from), time_of_day(each.to));
    if (daily.count(hours) == 0) order.push_back(hours);
    daily[hours][day_of(each.from)] = true;
  }
  std::string out;
  for (const auto& hours : order) {
    const std::string on = days_text(daily.at(hours));
    out += out.empty() ? "" : "; ";
    out += hours.first == hours.second
               ? on + " all day"
               : fmt::format("{} {} to {}", on, clock_text(hours.first, false),
                             clock_text(hours.second, true));
  }
  return out.empty() && !longer.empty() ? longer.substr(2) : out + longer;
}

}  // namespace latchstring::policy
