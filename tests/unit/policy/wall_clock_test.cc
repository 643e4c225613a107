#include "policy/engine/wall_clock.h"

#include "tests/support/catch.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

using namespace std::chrono_literals;
using test::at;

constexpr const char* kZones[] = {"America/Chicago",
                                  "America/New_York",
                                  "America/St_Johns",
                                  "America/Sao_Paulo",
                                  "America/Santiago",
                                  "America/Havana",
                                  "Europe/London",
                                  "Europe/Berlin",
                                  "Europe/Lisbon",
                                  "Europe/Moscow",
                                  "Africa/Casablanca",
                                  "Africa/Cairo",
                                  "Asia/Tehran",
                                  "Asia/Kathmandu",
                                  "Asia/Tokyo",
                                  "Asia/Beirut",
                                  "Australia/Sydney",
                                  "Australia/Lord_Howe",
                                  "Pacific/Chatham",
                                  "Pacific/Apia",
                                  "Atlantic/Azores",
                                  "America/Scoresbysund",
                                  "UTC"};

// Minute by minute, from what the clock shows, apart from the intervals.
bool shows_inside(const WallClock& clock, const DayWindow& window, Instant t) {
  const absl::CivilSecond shown = clock.shown(t);
  const int minute = shown.hour() * 60 + shown.minute();
  const auto weekday = static_cast<std::size_t>(absl::GetWeekday(shown));
  const std::size_t before = (weekday + 6) % 7;
  if (window.to_minute > window.from_minute) {
    return window.days[weekday] && window.from_minute <= minute && minute < window.to_minute;
  }
  return (window.days[weekday] && minute >= window.from_minute) ||
         (window.days[before] && minute < window.to_minute);
}

bool contains(const Intervals& intervals, Instant t) {
  for (const Interval& each : intervals) {
    if (each.contains(t)) return true;
  }
  return false;
}

TEST_CASE("windows are what the clock shows, over a year of every zone") {
  std::vector<DayWindow> windows(5);
  windows[0] = {{true, true, true, true, true, true, true}, 22 * 60, 6 * 60};
  windows[1] = {{false, false, false, false, false, true, true}, 90, 150};
  windows[2] = {{false, false, false, false, false, false, true}, 0, 24 * 60};
  windows[3] = {{false, false, false, false, false, true, false}, 23 * 60 + 30, 2 * 60 + 30};
  windows[4] = {{true, true, true, true, true, true, true}, 0, 60};
  for (const char* zone : kZones) {
    INFO(zone);
    const auto clock = WallClock::open(zone);
    REQUIRE(clock.ok());
    const Interval year{at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")};
    const auto stretches = clock->stretches(year);
    REQUIRE(!stretches.empty());
    CHECK(stretches.front().utc.from == year.from);
    CHECK(stretches.back().utc.to == year.to);
    for (std::size_t w = 0; w < windows.size(); ++w) {
      // Every quarter of an hour, and hard around each change of the clock.
      int wrong = 0;
      const Intervals found = inside(windows[w], stretches);
      std::size_t next = 0;
      for (Instant t = year.from; t < year.to; t += 15min) {
        while (next < found.size() && found[next].to <= t) ++next;
        const bool is_inside = next < found.size() && found[next].contains(t);
        if (is_inside != shows_inside(*clock, windows[w], t)) ++wrong;
      }
      for (const Stretch& stretch : stretches) {
        for (auto t = stretch.utc.from - 3h; t < stretch.utc.from + 3h; t += 1min) {
          if (!year.contains(t)) continue;
          if (contains(found, t) != shows_inside(*clock, windows[w], t)) ++wrong;
          const Instant just_before = t - Duration(1);
          if (year.contains(just_before) &&
              contains(found, just_before) != shows_inside(*clock, windows[w], just_before)) {
            ++wrong;
          }
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("days begin and end as the calendar has them") {
  const auto chicago = WallClock::open("America/Chicago");
  CHECK(chicago->day_end(20270331) == at("2027-04-01T05:00:00Z"));
  CHECK(chicago->day_start(20261101) == at("2026-11-01T05:00:00Z"));
  CHECK(chicago->day_end(20261101) == at("2026-11-02T06:00:00Z"));  // 25 hours
  // Midnight itself is skipped: the day begins at 01:00.
  const auto beirut = WallClock::open("Asia/Beirut");
  CHECK(beirut->day_start(20260329) == at("2026-03-28T22:00:00Z"));
  CHECK(!chicago->at(absl::CivilSecond(2026, 3, 8, 2, 30, 0)).has_value());
  CHECK(chicago->at(absl::CivilSecond(2026, 11, 1, 1, 30, 0)) == at("2026-11-01T06:30:00Z"));
}

TEST_CASE("only names of the time zone database are taken") {
  for (const char* name : {"", "Mars/Base", "../../etc/passwd", "/etc/localtime", "localtime",
                           "America/Chicago ", ":UTC", "libc:localtime"}) {
    INFO(name);
    CHECK(!WallClock::open(name).ok());
  }
}

}  // namespace
}  // namespace latchstring::policy
