#include "gateway/link/part_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/base/status.h"

namespace latchstring::link {
namespace {

constexpr std::string_view kMagic = "LSPM";
constexpr std::uint8_t kMapVersion = 1;
constexpr std::size_t kHeadBytes = 4 + 1 + 32 + 8;
constexpr std::uint64_t kMapMax = kHeadBytes + kChunksMax / 8;

Bytes head_of(const crypto::Hash& root, std::uint64_t size) {
  Bytes head = to_bytes(kMagic);
  head.push_back(kMapVersion);
  head.insert(head.end(), root.begin(), root.end());
  for (int shift = 56; shift >= 0; shift -= 8) {
    head.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  return head;
}

// Where the last chunk that the map claims ends.
std::uint64_t claimed_end(const Incoming& file, const Bitmap& stored) {
  std::uint64_t end = 0;
  for (std::uint64_t index = 0; index < stored.size(); ++index) {
    if (!stored.test(index)) continue;
    const std::uint64_t next = wire::file_chunk_of(index, file.chunks) + 1;
    end = std::max(end, std::min(next * wire::kChunkBytes, file.size));
  }
  return end;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PartFile>> PartFile::open(const Path& folder,
                                                         std::string_view name) {
  const Path part = folder / fmt::format("{}.part", name);
  LS_ASSIGN(UniqueFd fd, open_file(part, O_RDWR | O_CREAT, 0600));
  LS_RETURN_IF_ERROR(sync_folder(folder));
  const Path map = folder / fmt::format("{}.map", name);
  return std::unique_ptr<PartFile>(new PartFile(part, map, std::move(fd)));
}

PartFile::PartFile(Path part, Path map, UniqueFd fd)
    : part_(std::move(part)), map_(std::move(map)), fd_(std::move(fd)) {}

absl::Status PartFile::write(std::uint64_t offset, ByteView bytes) {
  return within(part_.string(), pwrite_all(fd_.get(), bytes, offset));
}

absl::Status PartFile::read(std::uint64_t offset, std::span<std::uint8_t> out) {
  return within(part_.string(), pread_all(fd_.get(), out, offset));
}

absl::Status PartFile::save_map(const Bitmap& stored) {
  // Invariant: the map never claims what the disk may still forget.
  if (::fdatasync(fd_.get()) != 0) {
    return errno_status(fmt::format("cannot sync `{}`", part_.string()));
  }
  Bytes content = head_of(root_, size_);
  content.insert(content.end(), stored.bytes().begin(), stored.bytes().end());
  return write_file_durably(map_, as_text(content), 0600);
}

absl::StatusOr<Bitmap> PartFile::load_map(const Incoming& file) {
  root_ = file.merkle_root;
  size_ = file.size;
  const Bitmap none(file.chunks);
  const auto content = read_file(map_, kMapMax);
  if (absl::IsNotFound(content.status())) return none;
  if (!content.ok()) return content.status();
  const ByteView bytes = as_bytes(*content);
  if (bytes.size() < kHeadBytes || as_text(bytes.first(4)) != kMagic) return none;
  if (bytes[4] > kMapVersion) {
    return not_now("`{}` was written by a newer version of this program", map_.string());
  }
  const Bytes head = head_of(root_, size_);
  if (!std::equal(head.begin(), head.end(), bytes.begin())) return none;
  const auto stored = Bitmap::from_bytes(file.chunks, bytes.subspan(kHeadBytes));
  struct stat found {};
  if (!stored.ok() || ::fstat(fd_.get(), &found) != 0) return none;
  // A part that was cut short holds less than its map says: it is received anew.
  return static_cast<std::uint64_t>(found.st_size) < claimed_end(file, *stored) ? none : *stored;
}

absl::Status PartFile::finish(const Path& target) {
  if (::fsync(fd_.get()) != 0) {
    return errno_status(fmt::format("cannot sync `{}`", part_.string()));
  }
  if (::rename(part_.c_str(), target.c_str()) != 0) {
    return errno_status(fmt::format("cannot rename `{}`", part_.string()));
  }
  LS_RETURN_IF_ERROR(sync_folder(target.parent_path()));
  return remove_durably(map_);
}

absl::Status PartFile::discard() {
  LS_RETURN_IF_ERROR(remove_durably(map_));
  return remove_durably(part_);
}

}  // namespace latchstring::link
