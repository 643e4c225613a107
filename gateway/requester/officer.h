// An officer's own folder:
//   signing.key   0600: the signing key's seed       identity.txt  0600: for `age -d -i`
//   PUB.json      to hand to the agency              credential.json  what the agency handed back
//   state.db      requests, offers, numbers (book.h)
//   logins/       at brokers that somebody else runs (login.h)
// Threads: main.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "gateway/base/files.h"
#include "gateway/base/time.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/sign.h"
#include "gateway/requester/papers.h"

namespace latchstring::requester {

struct Officer {
  crypto::SigningKey key;
  crypto::age::Identity identity;
  Credentials papers;
  wire::Credential credential;
  Path folder;

  std::string thumbprint() const { return key.verify_key().thumbprint(); }
};

// FailedPrecondition: the folder holds an officer already.
absl::Status init_officer(const Path& folder);
// Checks that the paper is for this officer and not older than what is there; then keeps it.
absl::Status update_credentials(const Path& folder, std::string_view paper_text);
// A newer revocation list of the same agency, as a compact JWS. FailedPrecondition where it revokes
// this officer's credential: it is kept all the same.
absl::Status update_revocations(const Path& folder, std::string_view list_jws);
// FailedPrecondition: no credential yet, or it is not in date.
absl::StatusOr<Officer> open_officer(const Path& folder, Instant now);

// NotFound: these are no officer's keys.
absl::Status check_is_officer(const Path& folder);

Path public_file(const Path& folder);
Path state_file(const Path& folder);

}  // namespace latchstring::requester
