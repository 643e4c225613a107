// Files that survive a power cut, and file descriptors that close themselves.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "gateway/base/bytes.h"

namespace latchstring {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

using Path = std::filesystem::path;

// The whole file. NotFound; ResourceExhausted when it is larger than `limit_bytes`;
// InvalidArgument for a named pipe, whose reader would wait for a writer.
absl::StatusOr<std::string> read_file(const Path& path, std::uint64_t limit_bytes);

// Writes a temporary name beside it, fsync, rename, fsync of the folder: old or new, never half.
absl::Status write_file_durably(const Path& path, std::string_view content, unsigned mode = 0644);

absl::Status sync_folder(const Path& folder);

// Unlinks and fsyncs the folder. A file that is not there is ok.
absl::Status remove_durably(const Path& path);

// All of the bytes, or an error.
absl::Status write_all(int fd, ByteView bytes);
absl::Status pwrite_all(int fd, ByteView bytes, std::uint64_t offset);
// Exactly out.size() bytes; DataLoss when the file ends early.
absl::Status pread_all(int fd, std::span<std::uint8_t> out, std::uint64_t offset);

absl::StatusOr<UniqueFd> open_file(const Path& path, int flags, unsigned mode = 0600);

// mkdir -p with this mode for what is made.
absl::Status make_folder(const Path& path, unsigned mode = 0700);

}  // namespace latchstring
