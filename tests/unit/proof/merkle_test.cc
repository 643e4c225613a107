#include "gateway/proof/merkle.h"

#include <map>

#include "gateway/base/status.h"
#include "tests/support/catch.h"

namespace latchstring::proof {
namespace {

Hash leaf(std::uint64_t i) {
  return leaf_hash(as_bytes("leaf " + std::to_string(i)));
}

// RFC 6962 section 2.1, word for word: slow, and nothing to share with the code under test.
Hash defined_root(std::uint64_t from, std::uint64_t to) {
  if (from == to) return crypto::sha256({});
  if (to - from == 1) return leaf(from);
  std::uint64_t k = 1;
  while (k * 2 < to - from) k *= 2;
  return node_hash(defined_root(from, from + k), defined_root(from + k, to));
}

MemoryTree tree_of(std::uint64_t size) {
  MemoryTree tree;
  for (std::uint64_t i = 0; i < size; ++i) tree.append(leaf(i));
  return tree;
}

TEST_CASE("roots of every size are as defined") {
  const MemoryTree tree = tree_of(130);
  for (std::uint64_t size = 0; size <= 130; ++size) {
    CHECK(*root(tree, size) == defined_root(0, size));
  }
  CHECK(tree.root() == defined_root(0, 130));
  CHECK(MemoryTree().root() == empty_root());
  CHECK(absl::IsDataLoss(root(tree, 131).status()));
}

TEST_CASE("every leaf is shown to be in every tree, and nowhere else") {
  const MemoryTree tree = tree_of(70);
  for (std::uint64_t size = 1; size <= 70; ++size) {
    const Hash top = *root(tree, size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const Proof proof = *inclusion_proof(tree, index, size);
      REQUIRE(verify_inclusion(leaf(index), index, size, proof, top).ok());
      REQUIRE(!verify_inclusion(leaf(index + 1), index, size, proof, top).ok());
      REQUIRE(!verify_inclusion(leaf(index), index + 1, size, proof, top).ok());
      Proof longer = proof;
      longer.push_back(top);
      REQUIRE(!verify_inclusion(leaf(index), index, size, longer, top).ok());
      if (proof.empty()) continue;
      const Proof shorter(proof.begin(), proof.end() - 1);
      REQUIRE(!verify_inclusion(leaf(index), index, size, shorter, top).ok());
      Proof changed = proof;
      changed[proof.size() / 2][0] ^= 1;
      REQUIRE(!verify_inclusion(leaf(index), index, size, changed, top).ok());
    }
  }
  CHECK(absl::IsInvalidArgument(inclusion_proof(tree, 5, 5).status()));
  CHECK(absl::IsDataLoss(inclusion_proof(tree, 5, 71).status()));
}

TEST_CASE("every tree is shown to continue every smaller one") {
  const MemoryTree tree = tree_of(70);
  for (std::uint64_t to = 1; to <= 70; ++to) {
    const Hash top = *root(tree, to);
    for (std::uint64_t from = 1; from <= to; ++from) {
      const Hash old = *root(tree, from);
      const Proof proof = *consistency_proof(tree, from, to);
      REQUIRE(verify_consistency(from, old, to, top, proof).ok());
      REQUIRE(!verify_consistency(from, empty_root(), to, top, proof).ok());
      REQUIRE(!verify_consistency(from, old, to, empty_root(), proof).ok());
      Proof longer = proof;
      longer.push_back(top);
      REQUIRE(!verify_consistency(from, old, to, top, longer).ok());
      if (proof.empty()) continue;
      const Proof shorter(proof.begin(), proof.end() - 1);
      REQUIRE(!verify_consistency(from, old, to, top, shorter).ok());
      Proof changed = proof;
      changed[proof.size() / 2][0] ^= 1;
      REQUIRE(!verify_consistency(from, old, to, top, changed).ok());
    }
  }
  CHECK(absl::IsInvalidArgument(consistency_proof(tree, 0, 5).status()));
  CHECK(absl::IsInvalidArgument(consistency_proof(tree, 6, 5).status()));
  CHECK(!verify_consistency(0, empty_root(), 5, *root(tree, 5), {}).ok());
}

TEST_CASE("a tree that was rewritten is not consistent") {
  MemoryTree honest = tree_of(20);
  MemoryTree rewritten;
  for (std::uint64_t i = 0; i < 30; ++i) rewritten.append(leaf(i == 7 ? 1'000 : i));
  const Proof proof = *consistency_proof(rewritten, 20, 30);
  CHECK(
      absl::IsPermissionDenied(verify_consistency(20, honest.root(), 30, rewritten.root(), proof)));
}

TEST_CASE("appending needs few stored nodes and makes each once") {
  std::map<NodeId, Hash> stored;
  struct Reader final : NodeReader {
    explicit Reader(const std::map<NodeId, Hash>& all) : nodes(all) {}
    absl::StatusOr<Hash> node(NodeId id) const override {
      const auto found = nodes.find(id);
      if (found == nodes.end()) return data_loss("missing");
      return found->second;
    }
    const std::map<NodeId, Hash>& nodes;
  } reader(stored);
  for (std::uint64_t size = 0; size < 100; ++size) {
    const auto made = append(reader, size, leaf(size));
    REQUIRE(made.ok());
    for (const Node& node : *made) REQUIRE(stored.emplace(node.id, node.hash).second);
  }
  CHECK(stored.size() == 100 + 50 + 25 + 12 + 6 + 3 + 1);
  CHECK(*root(reader, 100) == defined_root(0, 100));
  stored.erase({5, 2});
  CHECK(absl::IsDataLoss(root(reader, 100).status()));
}

TEST_CASE("the tree over a file does not depend on how its bytes arrive") {
  Bytes file(1'050);
  for (std::size_t i = 0; i < file.size(); ++i) file[i] = static_cast<std::uint8_t>(i);
  MemoryTree expected;
  for (std::size_t at = 0; at < file.size(); at += 100) {
    expected.append(leaf_hash(ByteView(file).subspan(at, std::min<std::size_t>(100, 1'050 - at))));
  }
  for (const std::size_t step : {1U, 7U, 100U, 333U, 1'050U}) {
    ChunkTree tree(100);
    for (std::size_t at = 0; at < file.size(); at += step) {
      tree.update(ByteView(file).subspan(at, std::min(step, file.size() - at)));
    }
    tree.finish();
    CHECK(tree.tree().size() == 11);
    CHECK(tree.tree().root() == expected.root());
    const Hash last = leaf_hash(ByteView(file).subspan(1'000));
    CHECK(verify_inclusion(last, 10, 11, tree.tree().inclusion_proof(10), expected.root()).ok());
  }
}

TEST_CASE("a file of whole chunks has no empty one; an empty file has one") {
  ChunkTree whole(10);
  whole.update(Bytes(20));
  whole.finish();
  CHECK(whole.tree().size() == 2);
  ChunkTree empty(10);
  empty.finish();
  CHECK(empty.tree().root() == leaf_hash({}));
}

}  // namespace
}  // namespace latchstring::proof
