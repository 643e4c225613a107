#include "gateway/evidence/ledger_proof.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/evidence/names.h"
#include "gateway/json/json.h"

namespace latchstring::evidence {
namespace {

constexpr std::string_view kOriginEnd = "/latchstring/log1";
constexpr std::size_t kHexMax = 64;
constexpr std::size_t kTimeMax = 40;
constexpr std::string_view kEvent = "release_commit";

absl::StatusOr<std::string> as_hex(std::string_view text) {
  LS_ASSIGN(const Bytes bytes, crypto::from_hex(text));
  if (bytes.size() != 32 && bytes.size() != 16) return invalid("has the wrong length");
  return std::string(text);
}

std::string optional_hex(json::Reader& r, std::string_view name) {
  return r.has(name) ? r.string_as(name, kHexMax, as_hex) : std::string();
}

// Nothing binds the signature line of another key: anybody could add one, and the file would be
// another and still hold. A ledger signs its checkpoints once. `tlog_proof` was verified.
absl::Status check_one_signature(std::string_view tlog_proof) {
  const std::string_view signatures = tlog_proof.substr(tlog_proof.rfind("\n\n") + 2);
  if (std::count(signatures.begin(), signatures.end(), '\n') == 1) return absl::OkStatus();
  return denied("more than the ledger's own signature stands under the checkpoint");
}

}  // namespace

std::string encode(const LedgerProof& proof) {
  return proof.leaf + "\n" + proof.tlog_proof;
}

absl::StatusOr<LedgerProof> parse_ledger_proof(std::string_view text) {
  if (text.size() > kLedgerProofMax) return exhausted("more than {} bytes", kLedgerProofMax);
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end > kLeafMax) {
    return invalid("its first line is not a ledger leaf");
  }
  return LedgerProof{std::string(text.substr(0, end)), std::string(text.substr(end + 1))};
}

absl::StatusOr<ReleaseLeaf> read_release_leaf(std::string_view line) {
  LS_ASSIGN(const json::Value value, json::parse(line, {.bytes = kLeafMax}));
  json::Reader r(value);
  ReleaseLeaf leaf;
  r.integer("v", 1, 1);
  leaf.at = r.string_as("at", kTimeMax, from_rfc3339);
  const std::string event = r.string("event", kTimeMax);
  if (!r.failed() && event != kEvent) {
    return invalid("the leaf is about `{}`, not about a release", event);
  }
  leaf.request_sha256 = optional_hex(r, "request");
  leaf.piece = static_cast<int>(r.integer("piece", 1, kPiecesMax));
  leaf.delivery_sha256 = optional_hex(r, "delivery");
  leaf.manifest_sha256 = r.string_as("manifest", kHexMax, as_hex);
  optional_hex(r, "detail");
  r.string_as("salt", kHexMax, as_hex);
  LS_RETURN_IF_ERROR(r.done());
  return leaf;
}

absl::StatusOr<Proven> prove(const LedgerProof& proof, std::string_view ledger_vkey) {
  LS_ASSIGN(const proof::NoteKey key, proof::NoteKey::parse(ledger_vkey));
  LS_ASSIGN(
      proof::Checkpoint checkpoint,
      proof::verify_tlog_proof(proof.tlog_proof, key, proof::leaf_hash(as_bytes(proof.leaf))));
  LS_RETURN_IF_ERROR(check_one_signature(proof.tlog_proof));
  LS_ASSIGN(ReleaseLeaf leaf, read_release_leaf(proof.leaf));
  return Proven{std::move(leaf), std::move(checkpoint)};
}

absl::StatusOr<std::string> gateway_of(std::string_view ledger_vkey) {
  LS_ASSIGN(const proof::NoteKey key, proof::NoteKey::parse(ledger_vkey));
  const std::string_view name = key.name();
  const std::size_t end = name.find('/');
  if (end == std::string_view::npos || name.substr(end) != kOriginEnd ||
      !crypto::is_id(name.substr(0, end))) {
    return invalid("`{}` is not the name of a gateway's ledger", name);
  }
  return std::string(name.substr(0, end));
}

}  // namespace latchstring::evidence
