// ByteBudget: how many bytes of messages from the broker may wait for the loop. Whoever is let into
// a mailbox may send as fast as the broker takes it; what finds no room is dropped, and requesters
// repeat what counts.
// Threads: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace latchstring::link {

inline constexpr std::size_t kWaitingBytesMax = 8u << 20;
// What a message counts at least: a GET has 38 bytes, its place in the mailbox far more.
inline constexpr std::size_t kMessageCostMin = 1024;

class ByteBudget {
 public:
  static std::size_t cost_of(std::size_t message_bytes) {
    return std::max(message_bytes, kMessageCostMin);
  }
  // False: no room, and nothing was taken.
  [[nodiscard]] bool take(std::size_t bytes) {
    std::size_t before = taken_.load();
    do {
      if (bytes > kWaitingBytesMax - before) return false;
    } while (!taken_.compare_exchange_weak(before, before + bytes));
    return true;
  }
  void give_back(std::size_t bytes) { taken_ -= bytes; }

 private:
  std::atomic<std::size_t> taken_ = 0;
};

}  // namespace latchstring::link
