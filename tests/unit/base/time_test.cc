#include "gateway/base/time.h"

#include "tests/support/catch.h"

namespace latchstring {
namespace {

using namespace std::chrono_literals;

TEST_CASE("RFC 3339 times are read with their offset and written in UTC") {
  // The examples of RFC 3339 section 5.8 (its leap seconds are refused, below).
  CHECK(to_rfc3339(*from_rfc3339("1985-04-12T23:20:50.52Z")) == "1985-04-12T23:20:50.520Z");
  CHECK(to_rfc3339(*from_rfc3339("1996-12-19T16:39:57-08:00")) == "1996-12-20T00:39:57Z");
  CHECK(to_rfc3339(*from_rfc3339("2026-03-08T02:30:00.000001+05:30")) ==
        "2026-03-07T21:00:00.000001Z");
  CHECK(from_rfc3339("1970-01-01T00:00:00Z")->time_since_epoch() == 0us);
}

TEST_CASE("what is not an RFC 3339 time is refused") {
  for (const char* text :
       {"", "2026-05-04", "2026-05-04T21:50:00", "2026-05-04 21:50:00Z", "2026-05-04t21:50:00Z",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-05-04T24:00:00Z",
        "1990-12-31T23:59:60Z", "2026-05-04T21:50:00.Z", "2026-05-04T21:50:00.1234567Z",
        "2026-05-04T21:50:00+5:00", "2026-05-04T21:50:00+05:60", "2026-05-04T21:50:00Zx",
        "+026-05-04T21:50:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00"}) {
    INFO(text);
    CHECK(!from_rfc3339(text).ok());
  }
}

TEST_CASE("intervals are half-open") {
  const Instant start = from_unix_seconds(100);
  const Interval minute{start, start + 60s};
  CHECK(minute.contains(start));
  CHECK(!minute.contains(start + 60s));
  CHECK(intersection(minute, {start + 60s, start + 70s}).empty());
  CHECK(intersection(minute, {start + 50s, start + 70s}) == Interval{start + 50s, start + 60s});
  CHECK(to_compact_utc(from_unix_seconds(0) + 999ms) == "19700101T000000Z");
}

}  // namespace
}  // namespace latchstring
