#include "gateway/control/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/control/request.h"

namespace latchstring::control {
namespace {

constexpr std::size_t kFirstBuffer = 16 * 1024;
constexpr std::size_t kDescriptorsSeen = 4;  // room for more than one, so that more can be refused

// Grows without leaving copies of what it held behind.
void grow(std::string& buffer, std::size_t size) {
  std::string larger(size, '\0');
  std::copy(buffer.begin(), buffer.end(), larger.begin());
  wipe(buffer);
  buffer = std::move(larger);
}

// Takes over every descriptor of a message. False: there was more than one in all.
bool take_descriptors(msghdr& message, UniqueFd& passed) {
  bool fits = (message.msg_flags & MSG_CTRUNC) == 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      UniqueFd received(fd);
      if (passed.valid()) {
        fits = false;
      } else {
        passed = std::move(received);
      }
    }
  }
  return fits;
}

// Bytes received, 0 at the end of the stream, nothing where there is nothing yet.
absl::StatusOr<std::optional<std::size_t>> receive_some(int socket, std::span<char> into,
                                                        UniqueFd& passed) {
  iovec bytes{into.data(), into.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorsSeen * sizeof(int))];
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (count < 0) return errno_status("receiving");
  if (!take_descriptors(message, passed)) return invalid("more than one descriptor was passed");
  return static_cast<std::size_t>(count);
}

}  // namespace

absl::StatusOr<SocketAddress> socket_address(const Path& path) {
  SocketAddress address;
  LS_ASSIGN(address.folder, open_file(path.has_parent_path() ? path.parent_path() : Path("."),
                                      O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string name =
      fmt::format("/proc/self/fd/{}/{}", address.folder.get(), path.filename().string());
  if (name.size() >= sizeof address.name.sun_path)
    return invalid("the name of the socket `{}` is too long", path.filename().string());
  address.name.sun_family = AF_UNIX;
  std::memcpy(address.name.sun_path, name.data(), name.size());
  return address;
}

int wait_ready(int fd, short events, int stop, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return 0;
    pollfd watched[] = {{fd, events, 0}, {stop, POLLIN, 0}};
    const int wait = static_cast<int>(std::min<std::int64_t>(left.count() + 1, 60'000));
    if (::poll(watched, 2, wait) < 0) ensure(errno == EINTR);
    if (watched[1].revents != 0) return -1;
    if (watched[0].revents != 0) return 1;
  }
}

absl::StatusOr<ReceivedLine> receive_line(int socket, std::size_t limit, int stop,
                                          Deadline deadline) {
  ReceivedLine line;
  std::size_t used = 0;
  grow(line.text, std::min(kFirstBuffer, limit));
  while (true) {
    if (wait_ready(socket, POLLIN, stop, deadline) != 1)
      return unavailable("no whole line came in time");
    const auto received =
        receive_some(socket, {line.text.data() + used, line.text.size() - used}, line.passed);
    if (!received.ok()) {
      wipe(line.text);
      return received.status();
    }
    if (!*received) continue;
    const std::size_t count = **received;
    const std::size_t end = line.text.find('\n', used);
    used += count;
    if (count == 0) return unavailable("the connection ended before the line did");
    if (end < used) {
      if (end + 1 != used) return invalid("more than one line came");
      line.text.resize(end);
      return line;
    }
    if (used == limit) return invalid("the line is longer than {} bytes", limit);
    if (used == line.text.size()) grow(line.text, std::min(used * 4, limit));
  }
}

absl::Status send_line(int socket, std::string_view line, int pass, int stop, Deadline deadline) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  while (!line.empty()) {
    if (wait_ready(socket, POLLOUT, stop, deadline) != 1)
      return unavailable("the line was not taken in time");
    iovec bytes{const_cast<char*>(line.data()), line.size()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    if (pass >= 0) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(c), &pass, sizeof(int));
    }
    const ssize_t count = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return errno_status("sending");
    if (count <= 0) continue;
    pass = -1;  // it went with the first bytes
    line.remove_prefix(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

}  // namespace latchstring::control
