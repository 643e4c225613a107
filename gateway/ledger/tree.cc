#include "gateway/ledger/tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "gateway/base/status.h"

namespace latchstring::ledger {
namespace {

using crypto::Hash;

// What one level of the tree consists of: how many nodes, and a digest over them in order. Two
// levels are equal when both agree, so comparing costs two scans and no memory.
class Level {
 public:
  void add(const Hash& hash) {
    digest_.update(hash);
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  Hash digest() { return digest_.finish(); }

 private:
  crypto::Sha256 digest_;
  std::uint64_t count_ = 0;
};
using Levels = std::array<Level, proof::kTreeLevelsMax>;

// Adds a leaf and every node above that it completes. `open` holds, per level, a left node that
// still waits for its sibling.
using OpenNodes = std::array<Hash, proof::kTreeLevelsMax>;
void add_leaf(Levels& levels, OpenNodes& open, std::uint64_t index, Hash hash) {
  unsigned level = 0;
  levels[level].add(hash);
  for (; (index & 1) != 0; index >>= 1) {
    hash = proof::node_hash(open[level], hash);
    levels[++level].add(hash);
  }
  open[level] = hash;
}

}  // namespace

absl::StatusOr<Hash> StoredTree::node(proof::NodeId id) const {
  LS_ASSIGN(const std::optional<Bytes> found,
            database_.find<Bytes>("SELECT hash FROM ledger_node WHERE level = ? AND idx = ?",
                                  {id.level, id.index}));
  Hash hash{};
  if (!found || found->size() != hash.size()) {
    return data_loss("ledger: node {} of level {} is missing or damaged", id.index, id.level);
  }
  std::copy(found->begin(), found->end(), hash.begin());
  return hash;
}

absl::StatusOr<std::uint64_t> StoredTree::size() const {
  LS_ASSIGN(const std::int64_t size,
            database_.one<std::int64_t>("SELECT coalesce(max(idx) + 1, 0) FROM ledger_leaf"));
  return static_cast<std::uint64_t>(size);
}

absl::StatusOr<std::uint64_t> StoredTree::append(std::string_view line) {
  LS_ASSIGN(const std::uint64_t index, size());
  LS_ASSIGN(const std::vector<proof::Node> nodes,
            proof::append(*this, index, proof::leaf_hash(as_bytes(line))));
  LS_RETURN_IF_ERROR(
      database_.run("INSERT INTO ledger_leaf (idx, line) VALUES (?, ?)", {index, line}));
  for (const proof::Node& node : nodes) {
    LS_RETURN_IF_ERROR(database_.run("INSERT INTO ledger_node (level, idx, hash) VALUES (?, ?, ?)",
                                     {node.id.level, node.id.index, ByteView(node.hash)}));
  }
  return index;
}

absl::Status StoredTree::verify() const {
  Levels computed;
  OpenNodes open{};
  std::uint64_t size = 0;
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT idx, line FROM ledger_leaf ORDER BY idx", {}, [&](const store::Row& row) {
        if (row.get<std::int64_t>(0) != static_cast<std::int64_t>(size)) {
          return data_loss("ledger: entry {} is missing", size);
        }
        const auto line = row.get<std::string>(1);
        add_leaf(computed, open, size++, proof::leaf_hash(as_bytes(line)));
        return absl::OkStatus();
      }));
  Levels stored;
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT level, idx, hash FROM ledger_node ORDER BY level, idx", {},
      [&](const store::Row& row) {
        const auto level = row.get<std::int64_t>(0);
        const auto bytes = row.get<Bytes>(2);
        Hash hash{};
        const bool in_place =
            level >= 0 && level < static_cast<std::int64_t>(stored.size()) &&
            row.get<std::int64_t>(1) ==
                static_cast<std::int64_t>(stored[static_cast<std::size_t>(level)].count()) &&
            bytes.size() == hash.size();
        if (!in_place) return data_loss("ledger: the stored tree has a hole at level {}", level);
        std::copy(bytes.begin(), bytes.end(), hash.begin());
        stored[static_cast<std::size_t>(level)].add(hash);
        return absl::OkStatus();
      }));
  for (std::size_t level = 0; level < stored.size(); ++level) {
    if (computed[level].count() != stored[level].count() ||
        computed[level].digest() != stored[level].digest()) {
      return data_loss(
          "ledger: the entries do not hash to the stored tree (level {}): an entry "
          "was changed, added or taken away",
          level);
    }
  }
  return absl::OkStatus();
}

}  // namespace latchstring::ledger
