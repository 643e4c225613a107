// The small files that agency and officer hand each other. JSON, one object, strict; nothing in
// them is secret. Forms: docs/ref/requester.md.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/wire/objects.h"

namespace latchstring::requester {

inline constexpr std::size_t kPaperMax = 32 * 1024;

// Officer to agency: PUB.json.
struct Public {
  std::string jwk;
  std::vector<std::string> recipients;  // age1...
};
std::string encode(const Public& paper);
absl::StatusOr<Public> decode_public(std::string_view text);

// Agency to officer: the credential, and the agency's newest revocation list; both must
// name one key as their signer. With the agency's key both signatures are checked: that shows
// damage, not who the agency is, which a household says.
struct Credentials {
  std::string credential;   // compact JWS
  std::string revocations;  // compact JWS
  std::string agency_jwk;   // empty: not known here
};
std::string encode(const Credentials& paper);
absl::StatusOr<Credentials> decode_credentials(std::string_view text);

// What stands in them, its signature not looked at.
absl::StatusOr<wire::Credential> read_credential(const Credentials& paper);
absl::StatusOr<wire::RevocationList> read_revocations(const Credentials& paper);

}  // namespace latchstring::requester
