// One seed, one run: everything random in the simulation comes from here, the keys and salts that
// the product draws from libsodium included.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/base/time.h"

namespace latchstring::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }  // limit > 0
  bool chance(double probability);
  Duration between(Duration from, Duration to);
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(below(list.size()))];
  }

 private:
  std::uint64_t state_;
};

// libsodium's random bytes follow from the seed from now on.
void seed_library(std::uint64_t seed);

}  // namespace latchstring::sim
