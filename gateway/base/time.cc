#include "gateway/base/time.h"

#include <algorithm>

#include "gateway/base/status.h"

namespace latchstring {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kShortest = sizeof("2026-05-04T21:50:00Z") - 1;

bool read_digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  out = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  return true;
}

}  // namespace

Interval intersection(const Interval& a, const Interval& b) {
  return {std::max(a.from, b.from), std::min(a.to, b.to)};
}

std::string to_rfc3339(Instant instant) {
  const auto day = floor<days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{instant - day};
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int{date.year()},
                                unsigned{date.month()}, unsigned{date.day()}, time.hours().count(),
                                time.minutes().count(), time.seconds().count());
  const auto micros = time.subseconds().count();
  if (micros != 0) {
    out +=
        micros % 1000 == 0 ? fmt::format(".{:03}", micros / 1000) : fmt::format(".{:06}", micros);
  }
  return out + "Z";
}

std::string to_compact_utc(Instant instant) {
  std::string out = to_rfc3339(floor<seconds>(instant));
  std::erase_if(out, [](char c) { return c == '-' || c == ':'; });
  return out;
}

absl::StatusOr<Instant> from_rfc3339(std::string_view text) {
  const auto bad = [&] {
    return invalid("`{}` is not a time like `2026-05-04T21:50:00-05:00` (RFC 3339, with offset)",
                   text.substr(0, 64));
  };
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (text.size() < kShortest || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':' || !read_digits(text, 0, 4, year) ||
      !read_digits(text, 5, 2, month) || !read_digits(text, 8, 2, day) ||
      !read_digits(text, 11, 2, hour) || !read_digits(text, 14, 2, minute) ||
      !read_digits(text, 17, 2, second)) {
    return bad();
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1970 || !date.ok() || hour > 23 || minute > 59 || second > 59) return bad();

  std::size_t at = 19;
  int micros = 0;
  if (text[at] == '.') {
    std::size_t digits = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
      if (digits == 6) return bad();
      micros = micros * 10 + (text[at] - '0');
    }
    if (digits == 0) return bad();
    for (; digits < 6; ++digits) micros *= 10;
  }

  if (at >= text.size()) return bad();
  minutes offset{0};
  if (text[at] == 'Z') {
    ++at;
  } else {
    int offset_hour = 0, offset_minute = 0;
    if ((text[at] != '+' && text[at] != '-') || !read_digits(text, at + 1, 2, offset_hour) ||
        at + 3 >= text.size() || text[at + 3] != ':' ||
        !read_digits(text, at + 4, 2, offset_minute) || offset_hour > 23 || offset_minute > 59) {
      return bad();
    }
    offset = hours{offset_hour} + minutes{offset_minute};
    if (text[at] == '-') offset = -offset;
    at += 6;
  }
  if (at != text.size()) return bad();
  const Instant instant = std::chrono::sys_days{date} + hours{hour} + minutes{minute} +
                          seconds{second} + Duration{micros} - offset;
  // Every instant we accept can be written again: to_rfc3339 has years 1970 to 9999.
  static constexpr Instant kEnd = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};
  if (instant < Instant{} || instant >= kEnd) return bad();
  return instant;
}

std::int64_t to_unix_seconds(Instant instant) {
  return floor<seconds>(instant).time_since_epoch().count();
}

Instant from_unix_seconds(std::int64_t value) {
  return Instant{seconds{value}};
}

}  // namespace latchstring
