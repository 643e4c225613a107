// The household's calendar: which local day a moment belongs to. Any thread.
#pragma once

#include <absl/time/time.h>

#include <mutex>
#include <string>

#include "gateway/base/time.h"

namespace latchstring::daemon {

class HouseholdTime {
 public:
  // An unknown name leaves UTC: the rules loader has checked it before.
  void set_zone(const std::string& name);
  std::string day_of(Instant instant) const;  // 2026-05-04
  Interval day_span(const std::string& day) const;
  Instant next_midnight(Instant instant) const;  // the first instant of the next local day

 private:
  absl::TimeZone zone() const;

  mutable std::mutex mutex_;
  absl::TimeZone zone_ = absl::UTCTimeZone();  // guarded by mutex_
};

}  // namespace latchstring::daemon
