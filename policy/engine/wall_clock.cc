#include "policy/engine/wall_clock.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/status.h"

namespace latchstring::policy {
namespace {

using std::chrono::days;
using std::chrono::minutes;

absl::Time to_absl(Instant instant) {
  return absl::FromUnixMicros(instant.time_since_epoch().count());
}

Instant from_absl(absl::Time time) {
  return Instant(Duration(absl::ToUnixMicros(time)));
}

bool is_zone_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' && name != "localtime" &&
         std::all_of(name.begin(), name.end(), allowed);
}

absl::CivilDay civil_day(int date) {
  return absl::CivilDay(date / 10'000, date / 100 % 100, date % 100);
}

// Appends, joining what touches.
void append(Intervals& out, Interval next) {
  if (next.empty()) return;
  if (!out.empty() && next.from <= out.back().to) {
    out.back().to = std::max(out.back().to, next.to);
  } else {
    out.push_back(next);
  }
}

// Where the names of the time zone database begin that stand for a place. The others keep no summer
// time (EST), or count other seconds (right/).
constexpr std::string_view kAreas[] = {
    "Africa/",   "America/",   "Antarctica/", "Arctic/",  "Asia/",
    "Atlantic/", "Australia/", "Brazil/",     "Canada/",  "Chile/",
    "Europe/",   "Indian/",    "Mexico/",     "Pacific/", "US/",
};

}  // namespace

bool is_of_a_place(std::string_view zone) {
  return zone == "UTC" || zone == "Etc/UTC" ||
         std::any_of(std::begin(kAreas), std::end(kAreas),
                     [zone](std::string_view area) { return zone.starts_with(area); });
}

absl::StatusOr<WallClock> WallClock::open(const std::string& zone) {
  absl::TimeZone found;
  if (!is_zone_name(zone) || !absl::LoadTimeZone(zone, &found)) {
    return invalid("`{}` is not a name of the time zone database", zone);
  }
  return WallClock(found);
}

std::vector<Stretch> WallClock::stretches(const Interval& range) const {
  std::vector<Stretch> out;
  Instant at = range.from;
  while (at < range.to) {
    const absl::Time time = to_absl(at);
    const int seconds_east = zone_.At(time).offset;
    Instant end = range.to;
    absl::TimeZone::CivilTransition change;
    if (zone_.NextTransition(time, &change)) {
      // change.from is what the clock would have shown, by the offset that ends there.
      const absl::Time when =
          absl::FromCivil(change.from, absl::UTCTimeZone()) - absl::Seconds(seconds_east);
      end = std::min(end, from_absl(when));
    }
    out.push_back({{at, end}, std::chrono::seconds(seconds_east)});
    at = end;
  }
  return out;
}

Instant WallClock::day_start(int date) const {
  return from_absl(absl::FromCivil(civil_day(date), zone_));
}

Instant WallClock::day_end(int date) const {
  return from_absl(absl::FromCivil(civil_day(date) + 1, zone_));
}

std::optional<Instant> WallClock::at(absl::CivilSecond shown) const {
  const absl::TimeZone::TimeInfo info = zone_.At(shown);
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) return std::nullopt;
  return from_absl(info.pre);
}

absl::CivilSecond WallClock::shown(Instant instant) const {
  return zone_.At(to_absl(instant)).cs;
}

Duration WallClock::offset(Instant instant) const {
  return std::chrono::seconds(zone_.At(to_absl(instant)).offset);
}

Intervals inside(const DayWindow& window, const std::vector<Stretch>& stretches) {
  Intervals out;
  const bool every_day =
      std::all_of(window.days.begin(), window.days.end(), [](bool day) { return day; });
  const bool overnight = window.to_minute < window.from_minute;
  const auto runs_on = [&](days day) {  // 1970-01-01 was a Thursday; Monday is 0
    return window.days[static_cast<std::size_t>(((day.count() + 3) % 7 + 7) % 7)];
  };
  for (const Stretch& stretch : stretches) {
    if (every_day && window.from_minute == 0 && window.to_minute == 24 * 60) {
      append(out, stretch.utc);
      continue;
    }
    const Instant first = stretch.utc.from + stretch.offset;  // as the clock shows it
    const Instant last = stretch.utc.to + stretch.offset;
    for (auto day = std::chrono::floor<days>(first); day < last; day += days(1)) {
      const auto add = [&](int from_minute, int to_minute) {
        append(out, intersection({day + minutes(from_minute) - stretch.offset,
                                  day + minutes(to_minute) - stretch.offset},
                                 stretch.utc));
      };
      const days number = day.time_since_epoch();
      if (overnight && runs_on(number - days(1))) add(0, window.to_minute);
      if (runs_on(number)) add(window.from_minute, overnight ? 24 * 60 : window.to_minute);
    }
  }
  return out;
}

}  // namespace latchstring::policy
