#include "gateway/link/chunk_file.h"

#include <fcntl.h>

#include <algorithm>

#include "gateway/base/status.h"

namespace latchstring::link {
namespace {

absl::StatusOr<struct stat> stamp_of(const UniqueFd& fd, const Path& path) {
  struct stat stamp {};
  if (::fstat(fd.get(), &stamp) != 0) {
    return errno_status(fmt::format("cannot look at `{}`", path.string()));
  }
  return stamp;
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChunkFile>> ChunkFile::open(const Path& path) {
  std::unique_ptr<ChunkFile> file(new ChunkFile);
  file->path_ = path;
  LS_ASSIGN(file->fd_, open_file(path, O_RDONLY));
  LS_ASSIGN(file->stamp_, stamp_of(file->fd_, path));
  file->size_ = static_cast<std::uint64_t>(file->stamp_.st_size);
  crypto::Sha256 whole;
  Bytes chunk;
  for (std::uint64_t at = 0; at < file->size_; at += chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(wire::kChunkBytes, file->size_ - at));
    LS_RETURN_IF_ERROR(within(path.string(), pread_all(file->fd_.get(), chunk, at)));
    whole.update(chunk);
    file->tree_.update(chunk);
  }
  file->tree_.finish();
  file->sha256_ = whole.finish();
  return file;
}

absl::Status ChunkFile::reopen() {
  LS_ASSIGN(UniqueFd fd, open_file(path_, O_RDONLY));
  LS_ASSIGN(const struct stat stamp, stamp_of(fd, path_));
  if (!same(stamp, stamp_)) return data_loss("`{}` was changed", path_.string());
  fd_ = std::move(fd);
  return absl::OkStatus();
}

absl::StatusOr<Chunk> ChunkFile::read(std::uint64_t file_chunk) const {
  if (file_chunk >= chunks()) return invalid("the file has {} chunks", chunks());
  const std::uint64_t at = file_chunk * wire::kChunkBytes;
  Chunk chunk;
  chunk.bytes.resize(std::min<std::uint64_t>(wire::kChunkBytes, size_ - at));
  LS_RETURN_IF_ERROR(within(path_.string(), pread_all(fd_.get(), chunk.bytes, at)));
  // A disk may have changed it since the tree was made; no requester would take it.
  LS_ASSIGN(const crypto::Hash due, tree_.tree().node({0, file_chunk}));
  if (proof::leaf_hash(chunk.bytes) != due) return data_loss("`{}` was changed", path_.string());
  chunk.proof = tree_.tree().inclusion_proof(file_chunk);
  return chunk;
}

}  // namespace latchstring::link
