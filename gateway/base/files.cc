#include "gateway/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "gateway/base/status.h"

namespace latchstring {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

// Not blocking, so that a named pipe in a file's place holds nobody up: files do not care.
absl::StatusOr<UniqueFd> open_file(const Path& path, int flags, unsigned mode) {
  const int all = flags | O_CLOEXEC | O_NONBLOCK;
  UniqueFd fd{::open(path.c_str(), all, static_cast<mode_t>(mode))};
  if (!fd.valid()) return errno_status(fmt::format("cannot open `{}`", path.string()));
  return fd;
}

absl::StatusOr<std::string> read_file(const Path& path, std::uint64_t limit_bytes) {
  LS_ASSIGN(const UniqueFd fd, open_file(path, O_RDONLY));
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) {
    return errno_status(fmt::format("cannot look at `{}`", path.string()));
  }
  if (S_ISFIFO(found.st_mode)) return invalid("`{}` is a pipe, and must be a file", path.string());
  std::string content;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_status(fmt::format("cannot read `{}`", path.string()));
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > limit_bytes) {
      return exhausted("`{}` is larger than {} bytes", path.string(), limit_bytes);
    }
  }
}

absl::Status write_file_durably(const Path& path, std::string_view content, unsigned mode) {
  const Path temporary = path.string() + ".new";
  LS_ASSIGN(const UniqueFd fd, open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode));
  // The mode also where an earlier run left the temporary file.
  if (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) {
    return errno_status(fmt::format("cannot set the mode of `{}`", temporary.string()));
  }
  LS_RETURN_IF_ERROR(within(temporary.string(), write_all(fd.get(), as_bytes(content))));
  if (::fsync(fd.get()) != 0) {
    return errno_status(fmt::format("cannot sync `{}`", temporary.string()));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return errno_status(fmt::format("cannot rename `{}`", temporary.string()));
  }
  return sync_folder(path.parent_path());
}

absl::Status sync_folder(const Path& folder) {
  const Path name = folder.empty() ? Path{"."} : folder;
  LS_ASSIGN(const UniqueFd fd, open_file(name, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return errno_status(fmt::format("cannot sync `{}`", name.string()));
  return absl::OkStatus();
}

absl::Status remove_durably(const Path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return errno_status(fmt::format("cannot remove `{}`", path.string()));
  }
  return sync_folder(path.parent_path());
}

absl::Status write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno_status("cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return absl::OkStatus();
}

absl::Status pwrite_all(int fd, ByteView bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno_status("cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return absl::OkStatus();
}

absl::Status pread_all(int fd, std::span<std::uint8_t> out, std::uint64_t offset) {
  while (!out.empty()) {
    const ssize_t got = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_status("cannot read");
    if (got == 0) return data_loss("the file ends {} bytes early", out.size());
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return absl::OkStatus();
}

absl::Status make_folder(const Path& path, unsigned mode) {
  if (path.empty()) return absl::OkStatus();
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return absl::OkStatus();
    return not_now("`{}` is not a folder", path.string());
  }
  LS_RETURN_IF_ERROR(make_folder(path.parent_path(), mode));
  if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) != 0 && errno != EEXIST) {
    return errno_status(fmt::format("cannot make folder `{}`", path.string()));
  }
  return absl::OkStatus();
}

}  // namespace latchstring
