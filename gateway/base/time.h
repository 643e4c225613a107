// Instants and intervals of wall time (UTC), and their text form (RFC 3339).
// Intervals are half-open everywhere: [from, to).
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <compare>
#include <string>
#include <string_view>

namespace latchstring {

using Duration = std::chrono::microseconds;
using Instant = std::chrono::sys_time<Duration>;

struct Interval {
  Instant from;
  Instant to;

  Duration length() const { return to - from; }
  bool empty() const { return to <= from; }
  bool contains(Instant t) const { return from <= t && t < to; }
  bool contains(const Interval& other) const { return from <= other.from && other.to <= to; }
  friend bool operator==(const Interval&, const Interval&) = default;
};

Interval intersection(const Interval& a, const Interval& b);

// `2026-05-04T21:50:00Z`, with as many fractional digits as needed (0, 3 or 6). Years 1970 to 9999.
std::string to_rfc3339(Instant instant);
// `20260504T215000Z`, for file names. Seconds, rounded down.
std::string to_compact_utc(Instant instant);

// RFC 3339 date-time with `Z` or a numeric offset; `T` in upper case; at most 6 fractional digits;
// no leap second. InvalidArgument says which of these failed.
absl::StatusOr<Instant> from_rfc3339(std::string_view text);

// Whole seconds since 1970, rounded down (JWT's NumericDate, RFC 7519 section 2).
std::int64_t to_unix_seconds(Instant instant);
Instant from_unix_seconds(std::int64_t seconds);

}  // namespace latchstring
