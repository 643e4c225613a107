// How times stand in this module's tables. Private to trust.
#pragma once

#include <cstdint>

#include "gateway/base/time.h"

namespace latchstring::trust {

inline std::int64_t to_column(Instant instant) {
  return instant.time_since_epoch().count();
}
inline Instant from_column(std::int64_t value) {
  return Instant(Duration(value));
}

}  // namespace latchstring::trust
