#include "gateway/proof/tlog_proof.h"

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/proof/text.h"

namespace latchstring::proof {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kIndex = "index ";

}  // namespace

std::string encode(const TlogProof& proof) {
  std::string text = fmt::format("{}\n{}{}\n", kFirstLine, kIndex, proof.index);
  for (const Hash& hash : proof.proof) text += crypto::to_padded_base64(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

absl::StatusOr<TlogProof> parse_tlog_proof(std::string_view text) {
  if (text.size() > kTlogProofMax) return invalid("a log proof over {} bytes", kTlogProofMax);
  LS_ASSIGN(const std::string_view first, take_line(text));
  if (first != kFirstLine) return invalid("not a log proof (`{}`)", kFirstLine);
  LS_ASSIGN(const std::string_view second, take_line(text));
  if (!second.starts_with(kIndex)) return invalid("a log proof without `{}` line", kIndex);
  TlogProof proof;
  LS_ASSIGN(proof.index, parse_decimal(second.substr(kIndex.size())));
  for (;;) {
    LS_ASSIGN(const std::string_view line, take_line(text));
    if (line.empty()) break;
    if (proof.proof.size() == kTreeLevelsMax) return invalid("a log proof with too many hashes");
    LS_ASSIGN(const Hash hash, parse_hash(line));
    proof.proof.push_back(hash);
  }
  proof.checkpoint = std::string(text);
  return proof;
}

absl::StatusOr<Checkpoint> verify_tlog_proof(std::string_view text, const NoteKey& log,
                                             const Hash& leaf) {
  LS_ASSIGN(const TlogProof proof, parse_tlog_proof(text));
  LS_ASSIGN(const Checkpoint checkpoint, open_checkpoint(proof.checkpoint, log));
  LS_RETURN_IF_ERROR(
      verify_inclusion(leaf, proof.index, checkpoint.size, proof.proof, checkpoint.root));
  return checkpoint;
}

}  // namespace latchstring::proof
