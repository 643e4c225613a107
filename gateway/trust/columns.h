// How times stand in this module's tables. Private to trust.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/base/time.h"

namespace latchstring::trust {

inline std::int64_t to_column(Instant instant) {
  return instant.time_since_epoch().count();
}
inline Instant from_column(std::int64_t value) {
  return Instant(Duration(value));
}

// The end of a wait: 0 where there is none, kNotDated where it is not known before the clock is
// right.
inline constexpr std::int64_t kNotDated = -1;
inline std::int64_t to_wait_column(Instant end) {
  return end == Instant{} ? kNotDated : to_column(end);
}
inline std::optional<Instant> from_wait_column(std::int64_t value) {
  if (value == 0) return std::nullopt;
  return value == kNotDated ? Instant{} : from_column(value);
}

}  // namespace latchstring::trust
