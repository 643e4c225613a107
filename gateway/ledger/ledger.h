// Ledger: what this gateway did, append-only, in an RFC 6962 tree whose checkpoints are signed.
// Threads: loop only.
// Transactions: every function that writes runs inside the caller's, so that a state change and its
// entry are one commit. Nothing is cached between calls: a rolled back append leaves no trace.
// Limits: kLeafMax, kDetailMax, kPageMax, kProofLeavesMax, kExportMax.
// A tree that is smaller than, or different from, one that was signed before is never signed:
// DataLoss, from open() on and for good (`refused()` says so).
// Format: docs/ref/ledger.md.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/crypto/hash.h"
#include "gateway/crypto/sign.h"
#include "gateway/ledger/events.h"

namespace latchstring::store {
class Database;
}

namespace latchstring::ledger {

inline constexpr std::size_t kLeafMax = 65'535;                 // bytes of a leaf's line
inline constexpr std::size_t kDetailMax = 64 * 1024;            // bytes of a detail record
inline constexpr std::size_t kPageMax = 1'000;                  // leaves per show()
inline constexpr std::size_t kProofLeavesMax = 10'000;          // leaves about one request
inline constexpr std::size_t kExportMax = 1024u * 1024 * 1024;  // bytes verify_export() reads
inline constexpr std::uint64_t kOfferFill = 64;                 // tree sizes that an OFFER may show
inline constexpr std::uint64_t kDailyFill = 256;                // tree sizes that STATE may show

// SQL that makes this module's tables, for the state database's first version.
std::string_view schema();

// Who may see a checkpoint: home ones stay here; an offer's goes to that requester; the daily one
// to every requester.
enum class Audience : std::uint8_t { home, offer, daily };

struct Leaf {
  std::uint64_t index = 0;
  std::string line;    // the JSON line, without its newline
  std::string sha256;  // of the line, hex: how other objects refer to it
};

struct ShownLeaf {
  Leaf leaf;
  std::string about;                  // request or gift id; empty: none, or forgotten
  std::optional<std::string> detail;  // nullopt: there was none, or it was deleted
};

struct Query {
  std::uint64_t from = 0;   // first index (newest_first: last index + 1; 0: the end)
  std::size_t count = 100;  // at most kPageMax
  bool newest_first = false;
  std::string about{};  // only leaves about this request or gift
  std::string event{};  // only this event, by its name in the leaf; an unknown one is refused
  bool with_filler = false;
};

struct Checkpoint {
  std::uint64_t size = 0;
  crypto::Hash root{};
  std::string note;  // C2SP signed note
};

// A leaf with a C2SP tlog-proof: everything a stranger needs besides the verifier key.
struct ProvenLeaf {
  Leaf leaf;
  std::string tlog_proof;
};

class Ledger {
 public:
  // Recomputes every hash from the leaves, compares the stored tree and the last signed checkpoint.
  // `remembered`: a checkpoint kept outside the database (a file beside it), empty if there is
  // none; it shows that the database was replaced by an older copy. Any mismatch is DataLoss.
  static absl::StatusOr<std::unique_ptr<Ledger>> open(store::Database& database,
                                                      std::string_view gateway_id,
                                                      crypto::SigningKey key,
                                                      std::string_view remembered);

  // C2SP verifier key, for tickets.
  const std::string& vkey() const { return vkey_; }
  absl::StatusOr<std::uint64_t> size() const;

  absl::StatusOr<Leaf> append(const Entry& entry);
  // Deletes the detail record of a leaf, or of every leaf about a request; commitments stay.
  absl::Status forget_detail(std::uint64_t index);
  absl::Status forget_details_about(std::string_view id);

  // Fills the tree to a size that this audience may see: how many entries there are in truth would
  // tell what was asked, and how it was judged.
  absl::Status fill(Audience audience, Instant at);
  // Signs the tree as it stands now, after filling it as the audience demands.
  absl::StatusOr<Checkpoint> checkpoint_now(Audience audience, Instant at);
  absl::StatusOr<std::optional<Checkpoint>> newest(std::optional<Audience> audience = {}) const;
  // A checkpoint that somebody else shows us. PermissionDenied: not signed by this ledger.
  // DataLoss: it is ours, and this tree does not continue it; from now on nothing is signed.
  absl::Status check_seen(std::string_view note);
  bool refused() const { return refused_; }
  // A checkpoint kept outside the database. InvalidArgument, PermissionDenied: it is none of this
  // ledger. DataLoss: this tree does not continue it.
  absl::Status check_remembered(std::string_view note) const;
  // Computes every hash again and compares it with what is stored and signed. DataLoss.
  absl::Status verify() const;

  // Hashes that show that the tree of `to` leaves continues the one of `from` leaves.
  absl::StatusOr<std::vector<crypto::Hash>> consistency(std::uint64_t from, std::uint64_t to) const;
  absl::StatusOr<Leaf> leaf(std::uint64_t index) const;  // NotFound
  // Against a checkpoint that covers the leaf.
  absl::StatusOr<ProvenLeaf> prove_leaf(std::uint64_t index, const Checkpoint& checkpoint) const;
  // All leaves about a request or gift, against a checkpoint made now (Audience::home).
  absl::StatusOr<std::vector<ProvenLeaf>> prove(std::string_view id, Instant at);
  absl::StatusOr<std::vector<ShownLeaf>> show(const Query& query) const;

  // The newest checkpoint's leaves, one line each, an empty line, the checkpoint.
  absl::Status export_to(const std::function<absl::Status(std::string_view)>& sink) const;

 private:
  Ledger(store::Database& database, std::string origin, crypto::SigningKey key, std::string vkey);
  absl::StatusOr<Checkpoint> read_note(std::string_view note) const;
  absl::Status continues(const Checkpoint& checkpoint) const;
  absl::Status store_note(std::string_view audience, std::uint64_t size,
                          std::string_view note) const;

  store::Database& database_;
  const std::string origin_;
  const crypto::SigningKey key_;
  const std::string vkey_;
  bool refused_ = false;
};

// Independent of any database: the leaves of an export hash to its checkpoint, which `vkey` signed.
absl::StatusOr<Checkpoint> verify_export(std::string_view text, std::string_view vkey);

}  // namespace latchstring::ledger
