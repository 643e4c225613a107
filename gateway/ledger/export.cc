// Export and its check. The check knows nothing of the database: text and a verifier key.
#include "gateway/base/status.h"
#include "gateway/ledger/ledger.h"
#include "gateway/proof/proof.h"
#include "gateway/store/store.h"

namespace latchstring::ledger {
namespace {

// The leaves of an export, hashed; `rest` becomes what follows the empty line.
absl::StatusOr<proof::MemoryTree> hash_leaves(std::string_view& rest) {
  proof::MemoryTree tree;
  for (;;) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      return invalid("this is not a ledger export: no empty line after its entries");
    }
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.empty()) return tree;
    if (line.size() > kLeafMax) return invalid("entry {} is longer than {}", tree.size(), kLeafMax);
    tree.append(proof::leaf_hash(as_bytes(line)));
  }
}

}  // namespace

absl::Status Ledger::export_to(const std::function<absl::Status(std::string_view)>& sink) const {
  LS_ASSIGN(const std::optional<Checkpoint> checkpoint, newest());
  if (!checkpoint) return not_found("the ledger has no checkpoint yet");
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT line FROM ledger_leaf WHERE idx < ? ORDER BY idx", {checkpoint->size},
      [&sink](const store::Row& row) { return sink(row.get<std::string>(0) + "\n"); }));
  LS_RETURN_IF_ERROR(sink("\n"));
  return sink(checkpoint->note);
}

absl::StatusOr<Checkpoint> verify_export(std::string_view text, std::string_view vkey) {
  if (text.size() > kExportMax) {
    return exhausted("a ledger export of more than {} bytes is not read", kExportMax);
  }
  LS_ASSIGN(const proof::NoteKey key, proof::NoteKey::parse(vkey));
  std::string_view note = text;
  LS_ASSIGN(const proof::MemoryTree tree, hash_leaves(note));
  LS_ASSIGN(const proof::Checkpoint checkpoint, proof::open_checkpoint(note, key));
  if (tree.size() != checkpoint.size) {
    return data_loss("the export has {} entries, and its checkpoint was signed over {}",
                     tree.size(), checkpoint.size);
  }
  if (tree.root() != checkpoint.root) {
    return data_loss("the export's entries are not those that its checkpoint was signed over");
  }
  return Checkpoint{checkpoint.size, checkpoint.root, std::string(note)};
}

}  // namespace latchstring::ledger
