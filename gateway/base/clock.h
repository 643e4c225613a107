// The time of day, a steady time, and whether the time of day can be believed. Everything that
// needs time takes a Clock, so that the simulation can drive it.
#pragma once

#include "gateway/base/time.h"

namespace latchstring {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  // Time since some fixed moment; never goes back, also when the wall clock is set.
  virtual Duration steady() const = 0;
  // False while the wall clock is not known to be right: then nothing is decided.
  virtual bool is_right() const = 0;
};

// The machine's own clock. kernel: right while adjtimex(2) says it is synchronised; assumed: always
// (demos and tests only; stands in `status` and in every manifest).
enum class ClockTrust { kernel, assumed };

class SystemClock final : public Clock {
 public:
  explicit SystemClock(ClockTrust trust) : trust_(trust) {}
  Instant now() const override;
  Duration steady() const override;
  bool is_right() const override;

 private:
  const ClockTrust trust_;
};

}  // namespace latchstring
