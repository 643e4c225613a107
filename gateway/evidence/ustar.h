// A small, strict POSIX ustar (IEEE Std 1003.1, pax, "ustar Interchange Format"): regular files
// with the expected names in the expected order and nothing else. What is read must be byte for
// byte what the writer would write. `tar` lists and unpacks it. Limits: kInnerFileMax per file,
// kTarMax as a whole.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/time.h"

namespace latchstring::evidence {

inline constexpr std::uint64_t kTarBlock = 512;
inline constexpr std::uint64_t kInnerFileMax = 64ULL * 1024 * 1024;
inline constexpr std::uint64_t kTarMax = 4 * kInnerFileMax;

struct TarFile {
  std::string name;  // [a-z0-9.-], at most 99
  std::string_view content;
};

// With the two zero blocks at its end; padding comes on top.
std::uint64_t ustar_size(const std::vector<TarFile>& files);

// Writes the archive and then zero blocks up to `padded_size`, a multiple of kTarBlock that is at
// least ustar_size(). ResourceExhausted over a limit.
using Put = std::function<absl::Status(ByteView)>;
absl::Status write_ustar(const std::vector<TarFile>& files, Instant modified,
                         std::uint64_t padded_size, const Put& put);

// Piece by piece, for a file that memory does not hold: its header, then its bytes, then the rest
// of its last block; at the end two zero blocks. ResourceExhausted: over kStreamedFileMax.
inline constexpr std::uint64_t kStreamedFileMax = (std::uint64_t{1} << 33) - 1;  // 11 octal digits
absl::Status begin_ustar_file(const std::string& name, std::uint64_t size, Instant modified,
                              const Put& put);
absl::Status end_ustar_file(std::uint64_t size, const Put& put);
absl::Status end_ustar(const Put& put);

// The contents of exactly these files, as views into `archive`. InvalidArgument, ResourceExhausted.
absl::StatusOr<std::vector<TarFile>> read_ustar(std::string_view archive,
                                                const std::vector<std::string>& names);

}  // namespace latchstring::evidence
