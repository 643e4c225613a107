#include "gateway/proof/merkle.h"

#include <algorithm>
#include <bit>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::proof {
namespace {

constexpr std::uint8_t kLeafPrefix = 0x00;
constexpr std::uint8_t kNodePrefix = 0x01;
constexpr std::uint64_t kLeavesMax = std::uint64_t{1} << kTreeLevelsMax;

// The largest power of two smaller than n, as its exponent; n > 1.
unsigned split_level(std::uint64_t n) {
  return static_cast<unsigned>(std::bit_width(n - 1)) - 1;
}

// The hash of leaves [from, from + count); from is a multiple of the power of two at or above it.
absl::StatusOr<Hash> range_hash(const NodeReader& nodes, std::uint64_t from, std::uint64_t count) {
  ensure(count > 0);
  // Complete subtrees from the left, the largest first; joined from the right.
  std::vector<NodeId> peaks;
  for (std::uint64_t at = from, left = count; left > 0;) {
    const auto level = static_cast<unsigned>(std::bit_width(left)) - 1;
    peaks.push_back({level, at >> level});
    at += std::uint64_t{1} << level;
    left -= std::uint64_t{1} << level;
  }
  LS_ASSIGN(Hash hash, nodes.node(peaks.back()));
  for (peaks.pop_back(); !peaks.empty(); peaks.pop_back()) {
    LS_ASSIGN(const Hash left, nodes.node(peaks.back()));
    hash = node_hash(left, hash);
  }
  return hash;
}

absl::Status check_size(std::uint64_t size) {
  if (size <= kLeavesMax) return absl::OkStatus();
  return invalid("a tree of {} leaves is larger than any log", size);
}

absl::Status not_shown(std::string_view what) {
  return denied("the proof does not show {}", what);
}

}  // namespace

Hash leaf_hash(ByteView leaf) {
  crypto::Sha256 hash;
  hash.update({&kLeafPrefix, 1});
  hash.update(leaf);
  return hash.finish();
}

Hash node_hash(const Hash& left, const Hash& right) {
  thread_local crypto::Sha256 hash;  // trees are made of these: no set-up for each
  hash.update({&kNodePrefix, 1});
  hash.update(left);
  hash.update(right);
  return hash.finish();
}

Hash empty_root() {
  return crypto::sha256({});
}

absl::StatusOr<std::vector<Node>> append(const NodeReader& nodes, std::uint64_t size,
                                         const Hash& leaf) {
  if (size >= kLeavesMax) return exhausted("the log is full");
  std::vector<Node> made{{{0, size}, leaf}};
  // Each trailing one of `size` is a complete subtree to the left that the leaf completes.
  for (unsigned level = 0; (size >> level & 1) != 0; ++level) {
    LS_ASSIGN(const Hash left, nodes.node({level, (size >> level) - 1}));
    made.push_back({{level + 1, size >> (level + 1)}, node_hash(left, made.back().hash)});
  }
  return made;
}

absl::StatusOr<Hash> root(const NodeReader& nodes, std::uint64_t size) {
  LS_RETURN_IF_ERROR(check_size(size));
  if (size == 0) return empty_root();
  return range_hash(nodes, 0, size);
}

absl::StatusOr<Proof> inclusion_proof(const NodeReader& nodes, std::uint64_t index,
                                      std::uint64_t size) {
  LS_RETURN_IF_ERROR(check_size(size));
  if (index >= size) return invalid("leaf {} is not in a tree of {} leaves", index, size);
  Proof proof;
  std::uint64_t from = 0;
  // From the root down; the other side of each fork goes into the proof.
  for (std::uint64_t count = size; count > 1;) {
    const std::uint64_t left = std::uint64_t{1} << split_level(count);
    const bool is_left = index < from + left;
    LS_ASSIGN(const Hash other, is_left ? range_hash(nodes, from + left, count - left)
                                        : range_hash(nodes, from, left));
    proof.push_back(other);
    from = is_left ? from : from + left;
    count = is_left ? left : count - left;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<Proof> consistency_proof(const NodeReader& nodes, std::uint64_t from,
                                        std::uint64_t to) {
  LS_RETURN_IF_ERROR(check_size(to));
  if (from == 0 || from > to) return invalid("no consistency from size {} to {}", from, to);
  Proof proof;
  std::uint64_t start = 0;
  std::uint64_t count = to;
  // RFC 6962 section 2.1.2: down to where the old tree ends at a complete subtree.
  while (start + count != from) {
    const std::uint64_t left = std::uint64_t{1} << split_level(count);
    const bool ends_left = from <= start + left;
    LS_ASSIGN(const Hash other, ends_left ? range_hash(nodes, start + left, count - left)
                                          : range_hash(nodes, start, left));
    proof.push_back(other);
    start = ends_left ? start : start + left;
    count = ends_left ? left : count - left;
  }
  // Where that subtree is the whole old tree, its hash is known: it is the old root.
  if (start > 0) {
    LS_ASSIGN(const Hash whole, range_hash(nodes, start, count));
    proof.push_back(whole);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::Status verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                              const Proof& proof, const Hash& root) {
  LS_RETURN_IF_ERROR(check_size(size));
  if (index >= size) return not_shown("a leaf beyond the tree");
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Hash hash = leaf;
  for (const Hash& other : proof) {
    if (last == 0) return not_shown("inclusion: it is too long");
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(other, hash);
      for (; (node & 1) == 0 && node != 0; last >>= 1) node >>= 1;
    } else {
      hash = node_hash(hash, other);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return not_shown("inclusion: it is too short");
  return hash == root ? absl::OkStatus() : not_shown("that the leaf is in the tree");
}

absl::Status verify_consistency(std::uint64_t from, const Hash& from_root, std::uint64_t to,
                                const Hash& to_root, const Proof& proof) {
  LS_RETURN_IF_ERROR(check_size(to));
  if (from == 0 || from > to) return not_shown("consistency from there");
  if (from == to) {
    return proof.empty() && from_root == to_root ? absl::OkStatus()
                                                 : not_shown("that the trees are the same");
  }
  // A complete old tree is not in the proof: it is its own first hash.
  const bool is_complete = std::has_single_bit(from);
  if (!is_complete && proof.empty()) return not_shown("consistency: it is too short");
  const int shift = std::countr_one(from - 1);
  std::uint64_t node = (from - 1) >> shift;
  std::uint64_t last = (to - 1) >> shift;
  Hash old_hash = is_complete ? from_root : proof.front();
  Hash new_hash = old_hash;
  for (std::size_t i = is_complete ? 0 : 1; i < proof.size(); ++i) {
    if (last == 0) return not_shown("consistency: it is too long");
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(proof[i], old_hash);
      new_hash = node_hash(proof[i], new_hash);
      for (; (node & 1) == 0 && node != 0; last >>= 1) node >>= 1;
    } else {
      new_hash = node_hash(new_hash, proof[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return not_shown("consistency: it is too short");
  return old_hash == from_root && new_hash == to_root
             ? absl::OkStatus()
             : not_shown("that one tree continues the other");
}

absl::StatusOr<Hash> MemoryTree::node(NodeId id) const {
  if (id.level >= levels_.size() || id.index >= levels_[id.level].size()) {
    return data_loss("node {} of level {} is not in the tree", id.index, id.level);
  }
  return levels_[id.level][static_cast<std::size_t>(id.index)];
}

void MemoryTree::append(const Hash& leaf) {
  const absl::StatusOr<std::vector<Node>> made = proof::append(*this, size(), leaf);
  ensure(made.ok());
  for (const Node& node : *made) {
    if (node.id.level == levels_.size()) levels_.emplace_back();
    levels_[node.id.level].push_back(node.hash);
  }
}

Hash MemoryTree::root() const {
  const absl::StatusOr<Hash> hash = proof::root(*this, size());
  ensure(hash.ok());
  return *hash;
}

Proof MemoryTree::inclusion_proof(std::uint64_t index) const {
  absl::StatusOr<Proof> made = proof::inclusion_proof(*this, index, size());
  ensure(made.ok());
  return *std::move(made);
}

}  // namespace latchstring::proof
