// One file that shows offline that a leaf stands in a log (C2SP tlog-proof.md): index, inclusion
// proof, signed checkpoint.
// Limits: kTlogProofMax bytes.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/proof/merkle.h"
#include "gateway/proof/note.h"

namespace latchstring::proof {

inline constexpr std::size_t kTlogProofMax = kNoteMax + 4 * 1024;

struct TlogProof {
  std::uint64_t index = 0;
  Proof proof;
  std::string checkpoint;  // signed note, verbatim
  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

std::string encode(const TlogProof& proof);
// Form only. An `extra` line is refused: we write none, and it is not authenticated.
absl::StatusOr<TlogProof> parse_tlog_proof(std::string_view text);

// The checkpoint that holds the leaf. PermissionDenied: another log, a wrong signature, or the leaf
// is not there; InvalidArgument: not such a file.
absl::StatusOr<Checkpoint> verify_tlog_proof(std::string_view text, const NoteKey& log,
                                             const Hash& leaf);

}  // namespace latchstring::proof
