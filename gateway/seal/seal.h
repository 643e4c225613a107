// Sealing: a redacted clip becomes files that only the requester (and the household's archive
// identity) can open, and a signed delivery that says what they are.
// Writes into a folder of the outbox: `clip-N.mp4.age` and `release-N.tar.age`, each an age file to
// the officer's recipients and the household's archive recipient; both are on disk, synced, when
// seal() returns. What stands in them: gateway/evidence.
// Threads: the release worker's. Errors: nothing is left in the folder.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/base/stages.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/sign.h"

namespace latchstring::seal {

// What the manifest says besides the clip itself; gathered on the loop when the work begins.
struct Context {
  std::string gateway_id;
  std::string ledger_vkey;   // as in tickets
  std::string gateway_name;  // only if the household publishes it
  std::string agency;        // its name, for the sheet
  std::string officer;       // thumbprint: for whom manifest and delivery are; empty: a file
  std::string badge;
  std::string case_number;
  std::string request_sha256;
  std::string decision_sha256;                     // of the ledger leaf of the decision
  std::string gift;                                // a gift's id, instead of the two hashes
  std::string credential;                          // compact JWS
  std::vector<crypto::age::Recipient> recipients;  // the officer's
  crypto::age::Recipient archive;                  // the household's
  int number = 1;  // under which it leaves: in file names, manifest and delivery
  int parts = 1;   // of the piece
  Interval asked;
  std::string clock;  // kernel or assumed
  std::optional<std::int64_t> camera_offset_ms;
  Duration delete_after{0};  // 0: no term
  Instant now;

  // When it is to be deleted, as the manifest says it: a whole second. Instant{}: no term.
  Instant delete_at() const;
};

class PackedClip;  // gift_file.h

class Sealer {
 public:
  // `key` signs; it outlives the sealer.
  explicit Sealer(const crypto::SigningKey& key) : key_(key) {}

  // `part` counts the clips of one piece from 1 on. `cancelled` is asked between chunks.
  absl::StatusOr<SealedClip> seal(RedactedClip clip, int part, const Context& context,
                                  const Path& folder, const std::function<bool()>& cancelled) const;

  // For a gift in a file: signs the manifest. The file itself is written once that is committed.
  absl::StatusOr<PackedClip> pack(RedactedClip clip, int part, const Context& context) const;

 private:
  const crypto::SigningKey& key_;
};

}  // namespace latchstring::seal
