// ChunkFile: a sealed file in the outbox, cut into chunks with their inclusion proofs.
// The tree's nodes are computed once, by reading the file from end to end: 64 bytes of memory per
// chunk, a thousandth of the file. They stay when the descriptor is closed.
// Threads: whoever holds it; read() is const and may be called by one thread at a time.
#pragma once

#include <absl/status/statusor.h>
#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/crypto/hash.h"
#include "gateway/proof/merkle.h"
#include "gateway/wire/data.h"

namespace latchstring::link {

struct Chunk {
  Bytes bytes;
  std::vector<wire::ProofHash> proof;
};

class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  virtual std::uint64_t chunks() const = 0;
  virtual absl::StatusOr<Chunk> read(std::uint64_t file_chunk) const = 0;
};

class ChunkFile final : public ChunkSource {
 public:
  // Reads the whole file.
  static absl::StatusOr<std::unique_ptr<ChunkFile>> open(const Path& path);

  std::uint64_t size() const { return size_; }
  crypto::Hash root() const { return tree_.tree().root(); }
  const crypto::Hash& sha256() const { return sha256_; }
  std::uint64_t chunks() const override { return tree_.tree().size(); }
  // DataLoss: its bytes are no longer those that the tree is over.
  absl::StatusOr<Chunk> read(std::uint64_t file_chunk) const override;

  bool is_open() const { return fd_.valid(); }
  void close() { fd_.reset(); }
  // DataLoss: what lies there now is another file, or was written to.
  absl::Status reopen();
  std::uint64_t tree_bytes() const { return chunks() * 2 * sizeof(crypto::Hash); }

 private:
  ChunkFile() = default;
  Path path_;
  UniqueFd fd_;
  struct stat stamp_ {};  // of the file whose bytes the tree is over
  std::uint64_t size_ = 0;
  proof::ChunkTree tree_{wire::kChunkBytes};
  crypto::Hash sha256_{};
};

}  // namespace latchstring::link
