// The checkpoints of one gateway's ledger that this officer has seen: the gateway cannot rewrite
// its ledger without being found out. Each stays until a larger one is proven to continue it; two
// of one size with different roots stay for good: signed both, they prove that it was rewritten.
// Limits: kPoolMax (book.h); beyond it one from the middle goes: the oldest and the newest say
// most.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "gateway/proof/proof.h"
#include "gateway/wire/control.h"

namespace latchstring::requester {

class Checkpoints {
 public:
  // `notes` as notes() gave them.
  static absl::StatusOr<Checkpoints> open(std::string_view ledger_vkey,
                                          const std::vector<std::string>& notes);

  // A checkpoint without a proof (an OFFER's). PermissionDenied: not signed by this ledger, or it
  // contradicts one that was seen; then both are kept. ResourceExhausted: there is no room, for all
  // that is kept contradicts.
  absl::Status see(std::string_view note);
  // A checkpoint and the proof that it continues the tree of `from` leaves, as HELLO named it (a
  // STATE's).
  absl::Status see(std::string_view note, const std::vector<std::string>& consistency,
                   std::uint64_t from);

  std::uint64_t oldest_size() const { return seen_.empty() ? 0 : seen_.front().checkpoint.size; }
  // PermissionDenied: not signed by this ledger.
  absl::StatusOr<std::uint64_t> size_of(std::string_view note) const;
  std::string newest() const { return seen_.empty() ? std::string() : seen_.back().note; }
  std::vector<std::string> notes() const;
  // Two of one size with different roots are among them.
  bool conflict() const;

 private:
  struct Seen {
    proof::Checkpoint checkpoint;
    std::string note;
  };
  explicit Checkpoints(proof::NoteKey key) : key_(std::move(key)) {}
  absl::StatusOr<Seen> read(std::string_view note) const;
  absl::Status insert(Seen seen);
  absl::Status make_room();
  bool conflicts(std::size_t index) const;  // with another one of its size

  proof::NoteKey key_;
  std::vector<Seen> seen_;  // by size; no two with the same size and root
};

}  // namespace latchstring::requester
