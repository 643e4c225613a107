// The ledger's tree as it lies in the database. Private to the ledger.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string_view>

#include "gateway/proof/proof.h"
#include "gateway/store/store.h"

namespace latchstring::ledger {

// Reads single nodes; the database is the only copy, so a rolled back append leaves no trace.
class StoredTree final : public proof::NodeReader {
 public:
  explicit StoredTree(store::Database& database) : database_(database) {}
  absl::StatusOr<crypto::Hash> node(proof::NodeId id) const override;

  absl::StatusOr<std::uint64_t> size() const;
  // Stores the leaf's line under the index `size()` and the nodes that it completes.
  absl::StatusOr<std::uint64_t> append(std::string_view line);
  // Hashes every line again and compares every stored node: DataLoss where they differ.
  absl::Status verify() const;

 private:
  store::Database& database_;
};

}  // namespace latchstring::ledger
