// Which faults of a connection are new, for the log: every attempt that fails tells of one, and a
// broker that comes and goes tells of the same ones for ever.
// Threads: loop only. Limits: kFaultsRemembered.
#pragma once

#include <map>
#include <string>

#include "gateway/base/time.h"

namespace latchstring::daemon {

inline constexpr Duration kSameFaultAgain = std::chrono::minutes{10};
inline constexpr std::size_t kFaultsRemembered = 16;

class FaultNews {
 public:
  // True: say it. The fault that was said last is not said again before up(), and none twice within
  // kSameFaultAgain. `now`: steady time.
  bool down(const std::string& fault, Duration now);
  // True: say that it is over, for a fault was said.
  bool up();

 private:
  std::map<std::string, Duration> said_at_;
  std::string said_;  // last, and not over; else empty
};

}  // namespace latchstring::daemon
