// Merkle trees of RFC 6962 section 2.1, over SHA-256: append, root, inclusion and consistency.
// Nodes of complete subtrees are stored by the caller (SQLite, memory); each is written once and
// never changes. Any thread.
// Limits: kTreeLevelsMax.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <vector>

#include "gateway/crypto/hash.h"

namespace latchstring::proof {

using crypto::Hash;

inline constexpr unsigned kTreeLevelsMax = 62;  // levels of a tree, so proofs have fewer hashes

Hash leaf_hash(ByteView leaf);                        // SHA-256(0x00 || leaf)
Hash node_hash(const Hash& left, const Hash& right);  // SHA-256(0x01 || left || right)
Hash empty_root();                                    // SHA-256 of nothing

// The root of the complete subtree over leaves [index << level, (index + 1) << level).
struct NodeId {
  unsigned level = 0;
  std::uint64_t index = 0;
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

struct Node {
  NodeId id;
  Hash hash{};
};

class NodeReader {
 public:
  virtual ~NodeReader() = default;
  virtual absl::StatusOr<Hash> node(NodeId id) const = 0;
};

using Proof = std::vector<Hash>;

// The nodes that become complete with the leaf number `size` (of a tree of `size` leaves before):
// first the leaf itself, then upwards. Store them all, then the tree has size + 1 leaves.
absl::StatusOr<std::vector<Node>> append(const NodeReader& nodes, std::uint64_t size,
                                         const Hash& leaf);
absl::StatusOr<Hash> root(const NodeReader& nodes, std::uint64_t size);

// OutOfRange is InvalidArgument: index < size, 0 < from <= to.
absl::StatusOr<Proof> inclusion_proof(const NodeReader& nodes, std::uint64_t index,
                                      std::uint64_t size);
absl::StatusOr<Proof> consistency_proof(const NodeReader& nodes, std::uint64_t from,
                                        std::uint64_t to);

// PermissionDenied: the proof does not show it. (RFC 9162 sections 2.1.3.2 and 2.1.4.2.)
absl::Status verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                              const Proof& proof, const Hash& root);
// From size 0 nothing can be proved: refused.
absl::Status verify_consistency(std::uint64_t from, const Hash& from_root, std::uint64_t to,
                                const Hash& to_root, const Proof& proof);

// A tree in memory: two hashes per leaf.
class MemoryTree final : public NodeReader {
 public:
  void append(const Hash& leaf);
  std::uint64_t size() const { return levels_.empty() ? 0 : levels_.front().size(); }
  Hash root() const;
  Proof inclusion_proof(std::uint64_t index) const;  // index < size()
  absl::StatusOr<Hash> node(NodeId id) const override;

 private:
  std::vector<std::vector<Hash>> levels_;  // leaves first
};

// The tree over the chunks of a file, in file order, as its bytes stream by. The last chunk may be
// short; an empty file has one empty chunk.
class ChunkTree {
 public:
  explicit ChunkTree(std::size_t chunk_bytes);
  void update(ByteView bytes);
  // After the last update. Nothing may be added later.
  void finish();
  const MemoryTree& tree() const { return tree_; }

 private:
  void close_chunk();
  const std::size_t chunk_bytes_;
  crypto::Sha256 chunk_;
  std::size_t filled_ = 0;  // bytes of the open chunk
  MemoryTree tree_;
};

}  // namespace latchstring::proof
