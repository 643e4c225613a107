// An agency's own folder: its key, the credentials it issued, its revocation list.
//   agency.key  0600: the signing key's seed      agency.jwk  its public half, for households
//   agency.db   what was issued and revoked; the newest list
// Threads: main. Limits: kCredentialDaysMax; kListLifetime fits what gateways count as fresh.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/base/time.h"
#include "gateway/crypto/sign.h"
#include "gateway/requester/papers.h"
#include "gateway/store/store.h"

namespace latchstring::requester {

inline constexpr int kCredentialDaysMax = 90;
inline constexpr Duration kListLifetime = std::chrono::days{30};
// A list with less than this left is renewed when a credential is issued. Not at each: officers
// with an older list than another one's are asked about, never answered automatically.
inline constexpr Duration kListRenewBefore = std::chrono::days{14};

struct Issued {
  std::string id;  // the credential's jti
  std::string badge;
  std::string officer;  // thumbprint
  Instant issued;
  Instant expires;
  bool revoked = false;
};

class Agency {
 public:
  // Hands over what was signed, before it counts: what nobody has is neither issued nor revoked.
  using HandOver = std::function<absl::Status(std::string_view text)>;

  // FailedPrecondition: the folder holds an agency already.
  static absl::StatusOr<std::unique_ptr<Agency>> init(const Path& folder, std::string_view name,
                                                      Instant now);
  static absl::StatusOr<std::unique_ptr<Agency>> open(const Path& folder);

  // The text of a credential file.
  absl::Status issue(const Public& officer, std::string_view badge, int days, Instant now,
                     const HandOver& hand_over);
  // The new list, as a compact JWS; of a credential that was revoked before, the newest. NotFound.
  absl::Status revoke(std::string_view id, Instant now, const HandOver& hand_over);
  absl::StatusOr<std::vector<Issued>> list() const;

  const crypto::VerifyKey& key() const { return key_.verify_key(); }
  static Path public_key_file(const Path& folder) { return folder / "agency.jwk"; }
  // Key, public key or database of the agency in this folder: never a file to write to.
  static bool is_own_file(const Path& folder, const Path& file);

 private:
  Agency(crypto::SigningKey key, std::unique_ptr<store::Database> database);
  absl::StatusOr<std::string> renew_list(Instant now);
  absl::StatusOr<std::string> current_list(Instant now);

  const crypto::SigningKey key_;
  const std::unique_ptr<store::Database> database_;
};

}  // namespace latchstring::requester
