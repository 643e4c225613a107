// What both ends of the door do with its socket: lines with a deadline, a descriptor beside them.
// Private to this module.
#pragma once

#include <absl/status/statusor.h>
#include <sys/un.h>

#include <chrono>
#include <string>
#include <string_view>

#include "gateway/base/files.h"

namespace latchstring::control {

using Deadline = std::chrono::steady_clock::time_point;
inline Deadline deadline_in(std::chrono::seconds span) {
  return std::chrono::steady_clock::now() + span;
}

// A Unix socket's address by way of its folder's descriptor, so that the path may be longer than
// sun_path. Valid as long as it lives.
struct SocketAddress {
  UniqueFd folder;
  sockaddr_un name{};
};
absl::StatusOr<SocketAddress> socket_address(const Path& path);

// 1: `fd` is ready; 0: the deadline passed; -1: `stop` (if not negative) is readable.
int wait_ready(int fd, short events, int stop, Deadline deadline);

struct ReceivedLine {
  std::string text;  // without its newline; may hold secrets
  UniqueFd passed;   // at most one
};
// One line and nothing after it. `limit` counts the newline. Unavailable: cut off, too slow or
// stopped; InvalidArgument: too long, or more than a line or one descriptor.
absl::StatusOr<ReceivedLine> receive_line(int socket, std::size_t limit, int stop,
                                          Deadline deadline);

// The line with, where `pass` is not negative, a copy of that descriptor.
absl::Status send_line(int socket, std::string_view line, int pass, int stop, Deadline deadline);

}  // namespace latchstring::control
