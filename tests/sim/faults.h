// Crashes at named boundaries, and a count of everything that was done to the system.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/sim/random.h"

namespace latchstring::sim {

// The gateway's power goes: everything in memory is gone. Not a std::exception, so that nothing on
// the way catches it.
struct Crash {};

// An invariant does not hold: the run has found a bug.
struct Violation : std::runtime_error {
  Violation(std::string_view invariant, std::string_view what);
  std::string invariant;
};

// How often each boundary was passed and crashed at, and each fault happened; summed over all runs.
struct Tally {
  struct Count {
    std::uint64_t passed = 0;
    std::uint64_t hit = 0;
  };
  std::map<std::string, Count, std::less<>> boundaries;
  std::map<std::string, std::uint64_t, std::less<>> faults;

  Tally();  // every boundary and fault there is, at 0
  void print() const;
  bool complete() const;  // none was never hit
};

class Faults {
 public:
  Faults(Tally& tally, Random random);

  // A place where the power may go. Throws Crash where this run's dice say so, after `on_crash`.
  void boundary(std::string_view name);
  void on_crash(std::function<void()> hook) { on_crash_ = std::move(hook); }
  // Some fault that the tally knows happened.
  void count(std::string_view fault);
  void stop() { armed_ = false; }

 private:
  void aim();

  Tally& tally_;
  Random random_;
  std::function<void()> on_crash_;
  bool armed_ = true;
  int crashes_left_ = 0;
  std::string target_;
  std::uint64_t countdown_ = 0;
};

}  // namespace latchstring::sim
