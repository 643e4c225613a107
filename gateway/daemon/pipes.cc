#include "gateway/daemon/pipes.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "gateway/base/status.h"

namespace latchstring::daemon {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kLookMilliseconds =
    std::chrono::duration_cast<std::chrono::milliseconds>(kPipeLook).count();

}  // namespace

absl::Status write_to_pipe(int pipe, ByteView bytes, const std::atomic<bool>& stopping,
                           Duration patience) {
  const int flags = ::fcntl(pipe, F_GETFL);
  if (flags < 0 || ::fcntl(pipe, F_SETFL, flags | O_NONBLOCK) != 0) {
    return errno_status("cannot write");
  }
  Steady::time_point taken = Steady::now();  // when the reader last made room
  while (!bytes.empty()) {
    if (stopping.load()) return unavailable("writing the file was stopped");
    const ssize_t put = ::write(pipe, bytes.data(), bytes.size());
    if (put > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(put));
      taken = Steady::now();
      continue;
    }
    if (put < 0 && errno != EAGAIN && errno != EINTR) return errno_status("cannot write");
    if (Steady::now() - taken >= patience) {
      return unavailable(
          "the file was not read for {} s, and its rest is not sent: have it written to disk first",
          std::chrono::duration_cast<std::chrono::seconds>(patience).count());
    }
    pollfd waiting{pipe, POLLOUT, 0};
    ::poll(&waiting, 1, kLookMilliseconds);
  }
  return absl::OkStatus();
}

}  // namespace latchstring::daemon
