#include "gateway/media/boxes.h"

namespace latchstring::media {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// value * to / from for huge values, rounded to the nearest.
std::int64_t rescale(std::int64_t value, std::int64_t from, std::int64_t to) {
  std::int64_t whole = value / from;
  std::int64_t rest = value % from;
  if (rest < 0) --whole, rest += from;
  return whole * to + (rest * to + from / 2) / from;
}

}  // namespace

std::int64_t to_ticks(std::int64_t ns, std::int64_t scale) {
  return rescale(ns, kSecond, scale);
}
std::int64_t to_ns(std::int64_t ticks, std::int64_t scale) {
  return rescale(ticks, scale, kSecond);
}

}  // namespace latchstring::media
