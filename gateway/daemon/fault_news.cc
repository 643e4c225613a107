#include "gateway/daemon/fault_news.h"

#include <utility>

namespace latchstring::daemon {

bool FaultNews::down(const std::string& fault, Duration now) {
  if (fault == said_) return false;
  std::erase_if(said_at_, [now](const auto& said) { return said.second + kSameFaultAgain <= now; });
  if (said_at_.size() == kFaultsRemembered || !said_at_.emplace(fault, now).second) return false;
  said_ = fault;
  return true;
}

bool FaultNews::up() {
  return !std::exchange(said_, {}).empty();
}

}  // namespace latchstring::daemon
