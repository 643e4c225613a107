// The household's clock: windows of local time as intervals of UTC. Private to the engine.
// An instant is inside a window iff the clock shows a time in [from, to) and the window's start day
// matches; so daylight saving needs no rule of its own.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine/policy.h"

namespace latchstring::policy {

// UTC plus this offset is what the clock shows, in all of [from, to).
struct Stretch {
  Interval utc;
  Duration offset;
};

using Intervals = std::vector<Interval>;  // sorted, apart from each other

// Whether a zone's name is that of a place, or UTC.
bool is_of_a_place(std::string_view zone);

class WallClock {
 public:
  // InvalidArgument: not a name of the time zone database.
  static absl::StatusOr<WallClock> open(const std::string& zone);

  // The range cut at every change of the offset.
  std::vector<Stretch> stretches(const Interval& range) const;
  // The first instant of a day given as YYYYMMDD, or of the day after it.
  Instant day_start(int date) const;
  Instant day_end(int date) const;
  // When the clock shows this time, the first time it does; nullopt where it skips it.
  std::optional<Instant> at(absl::CivilSecond shown) const;
  absl::CivilSecond shown(Instant instant) const;
  Duration offset(Instant instant) const;

 private:
  explicit WallClock(absl::TimeZone zone) : zone_(zone) {}
  absl::TimeZone zone_;
};

// Where the clock stands inside the window, within the stretches' range.
Intervals inside(const DayWindow& window, const std::vector<Stretch>& stretches);

}  // namespace latchstring::policy
