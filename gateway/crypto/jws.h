// JWS compact serialisation (RFC 7515) with Ed25519 (RFC 8037), in a closed profile: the header is
// exactly {alg, kid, typ}; alg is EdDSA (or Ed25519 when reading); kid is the RFC 7638 thumbprint;
// typ separates domains. The bytes received are verified, then those bytes are parsed.
// Limits: kJwsMax bytes.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/crypto/sign.h"

namespace latchstring::crypto {

inline constexpr std::size_t kJwsMax = 56 * 1024;

// `typ` without suffix games: "ls-req+jwt".
std::string sign_jws(const SigningKey& key, std::string_view typ, std::string_view payload);

struct Jws {
  std::string typ;
  std::string kid;
  std::string payload;  // JSON text, verified but not yet parsed
};

using FindKey = std::function<std::optional<VerifyKey>(std::string_view kid)>;

// PermissionDenied: no such key, or the signature is wrong. InvalidArgument: malformed, or another
// typ than `typ`.
absl::StatusOr<Jws> verify_jws(std::string_view compact, std::string_view typ, const FindKey& find);
absl::StatusOr<Jws> verify_jws(std::string_view compact, std::string_view typ,
                               const VerifyKey& key);

// Header and payload without any check of the signature: only to find out which key to look up
// (a credential inside a request) or which object this is. Never act on it.
absl::StatusOr<Jws> peek_jws(std::string_view compact);

}  // namespace latchstring::crypto
