#include "gateway/media/fragment_layout.h"

namespace latchstring::media {
namespace {

constexpr std::int64_t kUnixInNtp = 2'208'988'800;  // seconds from 1900 to 1970
constexpr std::uint64_t kMicros = 1'000'000;

}  // namespace

std::uint64_t to_ntp(Instant instant) {
  const auto micros = static_cast<std::uint64_t>(instant.time_since_epoch().count());
  const std::uint64_t seconds = micros / kMicros + kUnixInNtp;
  // Rounded up, so that from_ntp(), which rounds down, gives the same microsecond.
  const std::uint64_t fraction = ((micros % kMicros << 32) + kMicros - 1) / kMicros;
  return seconds << 32 | fraction;
}

Instant from_ntp(std::uint64_t ntp) {
  auto seconds = static_cast<std::int64_t>(ntp >> 32);
  if (seconds < 1LL << 31) seconds += 1LL << 32;
  const std::uint64_t micros = (ntp & 0xffffffff) * kMicros >> 32;
  return Instant{std::chrono::seconds{seconds - kUnixInNtp}} +
         Duration{static_cast<std::int64_t>(micros)};
}

Instant from_ntp_nanoseconds(std::uint64_t nanoseconds) {
  return Instant{Duration{static_cast<std::int64_t>(nanoseconds / 1000)} -
                 std::chrono::seconds{kUnixInNtp}};
}

}  // namespace latchstring::media
