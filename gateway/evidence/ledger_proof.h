// ledger-proof-S.txt: that the release stands in the gateway's ledger, for later and offline. First
// line: the leaf, as the ledger holds it; the rest: a C2SP tlog-proof of it.
// Limits: kLeafMax, proof::kTlogProofMax.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "gateway/base/time.h"
#include "gateway/proof/proof.h"

namespace latchstring::evidence {

inline constexpr std::size_t kLeafMax = 8 * 1024;
inline constexpr std::size_t kLedgerProofMax = kLeafMax + 1 + proof::kTlogProofMax;

struct LedgerProof {
  std::string leaf;
  std::string tlog_proof;
};
std::string encode(const LedgerProof& proof);
absl::StatusOr<LedgerProof> parse_ledger_proof(std::string_view text);

// A leaf `release_commit` (docs/ref/ledger.md).
struct ReleaseLeaf {
  Instant at;
  std::string request_sha256;  // empty for a gift
  int piece = 1;
  std::string delivery_sha256;  // empty for a gift in a file
  std::string manifest_sha256;
};
absl::StatusOr<ReleaseLeaf> read_release_leaf(std::string_view line);

// What the proof proves under the ledger's verifier key, and the checkpoint it leads to.
// PermissionDenied: another ledger, the leaf is not in it, or a second signature stands there.
struct Proven {
  ReleaseLeaf leaf;
  proof::Checkpoint checkpoint;
};
absl::StatusOr<Proven> prove(const LedgerProof& proof, std::string_view ledger_vkey);

// The gateway whose ledger this is: what the verifier key's name begins with.
absl::StatusOr<std::string> gateway_of(std::string_view ledger_vkey);

}  // namespace latchstring::evidence
