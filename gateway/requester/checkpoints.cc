#include "gateway/requester/checkpoints.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/requester/book.h"

namespace latchstring::requester {
namespace {

absl::Status rewritten(std::uint64_t size) {
  return denied(
      "the gateway shows another ledger than before: its first {} entries have changed; keep this "
      "folder as it is and ask the household",
      size);
}

}  // namespace

absl::StatusOr<Checkpoints> Checkpoints::open(std::string_view ledger_vkey,
                                              const std::vector<std::string>& notes) {
  LS_ASSIGN(proof::NoteKey key, proof::NoteKey::parse(ledger_vkey));
  Checkpoints all(std::move(key));
  for (const std::string& note : notes) LS_RETURN_IF_ERROR(all.see(note));
  return all;
}

absl::StatusOr<Checkpoints::Seen> Checkpoints::read(std::string_view note) const {
  LS_ASSIGN(proof::Checkpoint checkpoint, proof::open_checkpoint(note, key_));
  return Seen{std::move(checkpoint), std::string(note)};
}

absl::Status Checkpoints::insert(Seen seen) {
  const auto at = std::lower_bound(
      seen_.begin(), seen_.end(), seen.checkpoint.size,
      [](const Seen& one, std::uint64_t size) { return one.checkpoint.size < size; });
  if (at != seen_.end() && at->checkpoint.size == seen.checkpoint.size) {
    if (at->checkpoint.root != seen.checkpoint.root) return rewritten(seen.checkpoint.size);
    return absl::OkStatus();
  }
  // The oldest say most about a rewritten ledger: they stay.
  if (seen_.size() >= kPoolMax) return absl::OkStatus();
  seen_.insert(at, std::move(seen));
  return absl::OkStatus();
}

absl::Status Checkpoints::see(std::string_view note) {
  LS_ASSIGN(Seen seen, read(note));
  return insert(std::move(seen));
}

absl::Status Checkpoints::see(std::string_view note, const std::vector<std::string>& consistency,
                              std::uint64_t from) {
  LS_ASSIGN(Seen seen, read(note));
  const proof::Checkpoint to = seen.checkpoint;
  LS_RETURN_IF_ERROR(insert(std::move(seen)));
  const auto earlier = std::find_if(
      seen_.begin(), seen_.end(), [from](const Seen& one) { return one.checkpoint.size == from; });
  if (to.size <= from || earlier == seen_.end()) return absl::OkStatus();
  proof::Proof proof;
  for (const std::string& text : consistency) {
    LS_ASSIGN(const Bytes bytes, crypto::from_hex(text));
    if (bytes.size() != 32) return invalid("a consistency proof holds hashes of 32 bytes");
    std::copy(bytes.begin(), bytes.end(), proof.emplace_back().begin());
  }
  const proof::Hash root = earlier->checkpoint.root;
  if (!proof::verify_consistency(from, root, to.size, to.root, proof).ok()) return rewritten(from);
  // The larger one vouches for it, if there was room to keep that.
  const bool kept = std::any_of(seen_.begin(), seen_.end(),
                                [&to](const Seen& one) { return one.checkpoint.size == to.size; });
  if (kept) seen_.erase(earlier);
  return absl::OkStatus();
}

std::vector<std::string> Checkpoints::notes() const {
  std::vector<std::string> notes;
  for (const Seen& seen : seen_) notes.push_back(seen.note);
  return notes;
}

}  // namespace latchstring::requester
