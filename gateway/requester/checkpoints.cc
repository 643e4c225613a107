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
  for (const std::string& note : notes) {
    LS_ASSIGN(Seen seen, all.read(note));
    // A contradiction was told when it was found; conflict() tells it again.
    const absl::Status kept = all.insert(std::move(seen));
    if (!kept.ok() && !absl::IsPermissionDenied(kept)) return kept;
  }
  return all;
}

absl::StatusOr<Checkpoints::Seen> Checkpoints::read(std::string_view note) const {
  LS_ASSIGN(proof::Checkpoint checkpoint, proof::open_checkpoint(note, key_));
  return Seen{std::move(checkpoint), std::string(note)};
}

absl::Status Checkpoints::insert(Seen seen) {
  const std::uint64_t size = seen.checkpoint.size;
  const auto [first, last] = std::equal_range(
      seen_.begin(), seen_.end(), seen,
      [](const Seen& a, const Seen& b) { return a.checkpoint.size < b.checkpoint.size; });
  const bool known = std::any_of(first, last, [&seen](const Seen& one) {
    return one.checkpoint.root == seen.checkpoint.root;
  });
  const std::ptrdiff_t others = last - first - (known ? 1 : 0);
  if (!known) {
    const auto added = seen_.insert(last, std::move(seen));
    if (const absl::Status room = make_room(); !room.ok()) {
      seen_.erase(added);
      return room;
    }
  }
  return others > 0 ? rewritten(size) : absl::OkStatus();
}

// One from the middle goes, but none that contradicts another.
absl::Status Checkpoints::make_room() {
  if (seen_.size() <= kPoolMax) return absl::OkStatus();
  const std::size_t middle = seen_.size() / 2;
  for (std::size_t step = 0; step < 2 * middle; ++step) {
    // middle, the one above, the one below, and so on outwards.
    const std::size_t at = step % 2 == 0 ? middle - step / 2 : middle + (step + 1) / 2;
    if (at == 0 || at + 1 >= seen_.size() || conflicts(at)) continue;
    seen_.erase(seen_.begin() + static_cast<std::ptrdiff_t>(at));
    return absl::OkStatus();
  }
  return exhausted("{} checkpoints that contradict each other are kept already; ask the household",
                   kPoolMax);
}

bool Checkpoints::conflicts(std::size_t index) const {
  const std::uint64_t size = seen_[index].checkpoint.size;
  return (index > 0 && seen_[index - 1].checkpoint.size == size) ||
         (index + 1 < seen_.size() && seen_[index + 1].checkpoint.size == size);
}

bool Checkpoints::conflict() const {
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    if (conflicts(i)) return true;
  }
  return false;
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
  // Of two that contradict each other it can continue only one.
  if (conflicts(static_cast<std::size_t>(earlier - seen_.begin()))) return rewritten(from);
  proof::Proof proof;
  for (const std::string& text : consistency) {
    LS_ASSIGN(const Bytes bytes, crypto::from_hex(text));
    if (bytes.size() != 32) return invalid("a consistency proof holds hashes of 32 bytes");
    std::copy(bytes.begin(), bytes.end(), proof.emplace_back().begin());
  }
  const proof::Hash root = earlier->checkpoint.root;
  if (!proof::verify_consistency(from, root, to.size, to.root, proof).ok()) return rewritten(from);
  // The larger one vouches for it, if it is kept.
  const bool kept = std::any_of(seen_.begin(), seen_.end(),
                                [&to](const Seen& one) { return one.checkpoint.size == to.size; });
  if (kept) seen_.erase(earlier);
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Checkpoints::size_of(std::string_view note) const {
  LS_ASSIGN(const Seen seen, read(note));
  return seen.checkpoint.size;
}

std::vector<std::string> Checkpoints::notes() const {
  std::vector<std::string> notes;
  for (const Seen& seen : seen_) notes.push_back(seen.note);
  return notes;
}

}  // namespace latchstring::requester
