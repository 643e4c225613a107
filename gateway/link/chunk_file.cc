#include "gateway/link/chunk_file.h"

#include <fcntl.h>

#include <algorithm>

#include "gateway/base/status.h"

namespace latchstring::link {

absl::StatusOr<std::unique_ptr<ChunkFile>> ChunkFile::open(const Path& path) {
  std::unique_ptr<ChunkFile> file(new ChunkFile);
  LS_ASSIGN(file->fd_, open_file(path, O_RDONLY));
  const off_t end = ::lseek(file->fd_.get(), 0, SEEK_END);
  if (end < 0) return errno_status(fmt::format("cannot read `{}`", path.string()));
  file->size_ = static_cast<std::uint64_t>(end);
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

absl::StatusOr<Chunk> ChunkFile::read(std::uint64_t file_chunk) const {
  if (file_chunk >= chunks()) return invalid("the file has {} chunks", chunks());
  const std::uint64_t at = file_chunk * wire::kChunkBytes;
  Chunk chunk;
  chunk.bytes.resize(std::min<std::uint64_t>(wire::kChunkBytes, size_ - at));
  LS_RETURN_IF_ERROR(pread_all(fd_.get(), chunk.bytes, at));
  chunk.proof = tree_.tree().inclusion_proof(file_chunk);
  return chunk;
}

}  // namespace latchstring::link
