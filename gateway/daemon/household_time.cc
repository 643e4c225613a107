#include "gateway/daemon/household_time.h"

namespace latchstring::daemon {
namespace {

absl::Time to_absl(Instant instant) {
  return absl::FromUnixMicros(instant.time_since_epoch().count());
}

}  // namespace

void HouseholdTime::set_zone(const std::string& name) {
  absl::TimeZone loaded = absl::UTCTimeZone();
  absl::LoadTimeZone(name, &loaded);
  const std::lock_guard lock(mutex_);
  zone_ = loaded;
}

absl::TimeZone HouseholdTime::zone() const {
  const std::lock_guard lock(mutex_);
  return zone_;
}

std::string HouseholdTime::day_of(Instant instant) const {
  return absl::FormatTime("%Y-%m-%d", to_absl(instant), zone());
}

Interval HouseholdTime::day_span(const std::string& day) const {
  absl::CivilDay parsed;
  if (!absl::ParseCivilTime(day, &parsed)) return {};
  const absl::TimeZone local = zone();
  const auto start = [&](absl::CivilDay civil) {
    return Instant{Duration{absl::ToUnixMicros(absl::FromCivil(civil, local))}};
  };
  return {start(parsed), start(parsed + 1)};
}

Instant HouseholdTime::next_midnight(Instant instant) const {
  const absl::TimeZone local = zone();
  const absl::CivilDay next = absl::ToCivilDay(to_absl(instant), local) + 1;
  return Instant{Duration{absl::ToUnixMicros(absl::FromCivil(next, local))}};
}

}  // namespace latchstring::daemon
