// How long to wait for an answer before it is asked for again: RFC 6298, as TCP does it. A slow
// line is not a lossy one, and what is asked for twice is sent twice.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "gateway/base/time.h"

namespace latchstring::link {

inline constexpr Duration kAnswerTimeFirst = std::chrono::seconds{3};  // before anything is known
inline constexpr Duration kAnswerTimeMin = std::chrono::seconds{1};
inline constexpr Duration kAnswerTimeMax = std::chrono::seconds{30};

class AnswerTime {
 public:
  // From asking to the answer, of something that was asked for once (Karn's rule).
  void add(Duration measured) {
    if (!smoothed_) {
      smoothed_ = measured;
      variation_ = measured / 2;
    } else {
      variation_ = (3 * variation_ + std::chrono::abs(*smoothed_ - measured)) / 4;
      smoothed_ = (7 * *smoothed_ + measured) / 8;
    }
    timeout_ = std::clamp(*smoothed_ + 4 * variation_, kAnswerTimeMin, kAnswerTimeMax);
  }
  // It did not come in time.
  void back_off() { timeout_ = std::min(timeout_ * 2, kAnswerTimeMax); }
  Duration timeout() const { return timeout_; }

 private:
  std::optional<Duration> smoothed_;
  Duration variation_{0};
  Duration timeout_ = kAnswerTimeFirst;
};

}  // namespace latchstring::link
