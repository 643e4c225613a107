#include "gateway/base/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "gateway/base/status.h"

namespace latchstring {

absl::StatusOr<UniqueFd> lock_file(const Path& file, std::string_view held) {
  LS_ASSIGN(UniqueFd fd, open_file(file, O_RDWR | O_CREAT, 0600));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return errno_status(fmt::format("cannot lock `{}`", file.string()));
  return not_now("{}", held);
}

}  // namespace latchstring
