#include "tests/sim/random.h"

#include <sodium.h>

#include <cstring>

#include "gateway/base/ensure.h"

namespace latchstring::sim {
namespace {

Random& library_random() {
  static Random random(0);
  return random;
}

const char* name() {
  return "simulation";
}
std::uint32_t draw_word() {
  return static_cast<std::uint32_t>(library_random().next());
}
void draw_bytes(void* const out, const std::size_t size) {
  auto* bytes = static_cast<std::uint8_t*>(out);
  for (std::size_t i = 0; i < size; i += sizeof(std::uint64_t)) {
    const std::uint64_t word = library_random().next();
    std::memcpy(bytes + i, &word, std::min(sizeof word, size - i));
  }
}

randombytes_implementation implementation{name, draw_word, nullptr, nullptr, draw_bytes, nullptr};

}  // namespace

// splitmix64: any seed is a good one.
std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

bool Random::chance(double probability) {
  return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability;
}

Duration Random::between(Duration from, Duration to) {
  const auto span = static_cast<std::uint64_t>((to - from).count());
  return from + Duration{static_cast<std::int64_t>(below(span + 1))};
}

void seed_library(std::uint64_t seed) {
  library_random() = Random(seed);
  ensure(randombytes_set_implementation(&implementation) == 0);
}

}  // namespace latchstring::sim
