#include "gateway/base/status.h"

#include <cerrno>
#include <cstring>

namespace latchstring {

absl::Status within(std::string_view context, const absl::Status& status) {
  if (status.ok()) return status;
  return {status.code(), fmt::format("{}: {}", context, message_of(status))};
}

absl::Status errno_status(std::string_view action) {
  return absl::ErrnoToStatus(errno, fmt::format("{}", action));
}

}  // namespace latchstring
