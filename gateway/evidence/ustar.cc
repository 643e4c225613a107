#include "gateway/evidence/ustar.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::evidence {
namespace {

using Block = std::array<char, kTarBlock>;

constexpr std::size_t kNameField = 100;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kTimeAt = 136;
constexpr std::size_t kChecksumAt = 148;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kMagicAt = 257;
constexpr std::size_t kOctalDigits = 11;

constexpr std::uint64_t in_blocks(std::uint64_t size) {
  return (size + kTarBlock - 1) / kTarBlock * kTarBlock;
}

void put_text(Block& block, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(std::uint64_t value) {
  return fmt::format("{:011o}", value);
}

Block header_of(std::string_view name, std::uint64_t size, std::uint64_t seconds) {
  Block block{};
  put_text(block, 0, name);
  put_text(block, 100, "0000644");  // mode
  put_text(block, 108, "0000000");  // uid
  put_text(block, 116, "0000000");  // gid
  put_text(block, kSizeAt, octal(size));
  put_text(block, kTimeAt, octal(seconds));
  put_text(block, kChecksumAt, "        ");
  block[kTypeAt] = '0';
  put_text(block, kMagicAt, std::string_view("ustar\00000", 8));
  std::uint32_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put_text(block, kChecksumAt, fmt::format("{:06o}", sum));
  block[kChecksumAt + 6] = '\0';
  return block;
}

absl::StatusOr<std::uint64_t> parse_octal(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return invalid("a number in the tar is not octal");
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool all_zero(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\0'; });
}

absl::Status put_zeros(std::uint64_t count, const Put& put) {
  static constexpr std::array<std::uint8_t, 64 * 1024> kZeros{};
  while (count > 0) {
    const std::size_t now = std::min<std::uint64_t>(count, kZeros.size());
    LS_RETURN_IF_ERROR(put(ByteView(kZeros).first(now)));
    count -= now;
  }
  return absl::OkStatus();
}

// Takes one file off the front.
absl::StatusOr<TarFile> take_file(std::string_view& rest, const std::string& name) {
  if (rest.size() < kTarBlock) return invalid("the tar ends before `{}`", name);
  const std::string_view found = rest.substr(0, kTarBlock);
  LS_ASSIGN(const std::uint64_t size, parse_octal(found.substr(kSizeAt, kOctalDigits)));
  LS_ASSIGN(const std::uint64_t seconds, parse_octal(found.substr(kTimeAt, kOctalDigits)));
  const Block expected = header_of(name, size, seconds);
  if (std::memcmp(found.data(), expected.data(), kTarBlock) != 0) {
    return invalid("the tar has something else where the regular file `{}` is due", name);
  }
  if (size > kInnerFileMax) return exhausted("`{}` is larger than {} bytes", name, kInnerFileMax);
  rest.remove_prefix(kTarBlock);
  if (rest.size() < in_blocks(size)) return invalid("the tar ends within `{}`", name);
  const std::string_view content = rest.substr(0, size);
  if (!all_zero(rest.substr(size, in_blocks(size) - size))) {
    return invalid("the tar hides bytes after `{}`", name);
  }
  rest.remove_prefix(in_blocks(size));
  return TarFile{name, content};
}

}  // namespace

std::uint64_t ustar_size(const std::vector<TarFile>& files) {
  std::uint64_t size = 2 * kTarBlock;
  for (const TarFile& file : files) size += kTarBlock + in_blocks(file.content.size());
  return size;
}

absl::Status write_ustar(const std::vector<TarFile>& files, Instant modified,
                         std::uint64_t padded_size, const Put& put) {
  const std::uint64_t size = ustar_size(files);
  ensure(padded_size >= size && padded_size % kTarBlock == 0);
  if (padded_size > kTarMax) return exhausted("the tar is larger than {} bytes", kTarMax);
  for (const TarFile& file : files) {
    if (file.content.size() > kInnerFileMax) {
      return exhausted("`{}` is larger than {} bytes", file.name, kInnerFileMax);
    }
    LS_RETURN_IF_ERROR(begin_ustar_file(file.name, file.content.size(), modified, put));
    LS_RETURN_IF_ERROR(put(as_bytes(file.content)));
    LS_RETURN_IF_ERROR(end_ustar_file(file.content.size(), put));
  }
  LS_RETURN_IF_ERROR(end_ustar(put));
  return put_zeros(padded_size - size, put);
}

absl::Status begin_ustar_file(const std::string& name, std::uint64_t size, Instant modified,
                              const Put& put) {
  ensure(!name.empty() && name.size() < kNameField);
  if (size > kStreamedFileMax) {
    return exhausted("`{}` is larger than {} bytes", name, kStreamedFileMax);
  }
  const auto seconds = static_cast<std::uint64_t>(to_unix_seconds(modified));
  const Block header = header_of(name, size, seconds);
  return put(as_bytes({header.data(), header.size()}));
}

absl::Status end_ustar_file(std::uint64_t size, const Put& put) {
  return put_zeros(in_blocks(size) - size, put);
}

absl::Status end_ustar(const Put& put) {
  return put_zeros(2 * kTarBlock, put);
}

absl::StatusOr<std::vector<TarFile>> read_ustar(std::string_view archive,
                                                const std::vector<std::string>& names) {
  if (archive.size() > kTarMax) return exhausted("the tar is larger than {} bytes", kTarMax);
  if (archive.size() % kTarBlock != 0) return invalid("the tar does not end at a block");
  std::vector<TarFile> files;
  for (const std::string& name : names) {
    LS_ASSIGN(TarFile file, take_file(archive, name));
    files.push_back(std::move(file));
  }
  if (archive.size() < 2 * kTarBlock || !all_zero(archive)) {
    return invalid("the tar holds something after `{}`", names.empty() ? "" : names.back());
  }
  return files;
}

}  // namespace latchstring::evidence
