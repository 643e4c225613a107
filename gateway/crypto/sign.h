// Ed25519 keys (RFC 8032), their JWK form (RFC 8037) and thumbprints (RFC 7638).
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <string>

#include "gateway/crypto/secret.h"

namespace latchstring::crypto {

class VerifyKey {
 public:
  static constexpr std::size_t kSize = 32;
  // {"crv":"Ed25519","kty":"OKP","x":...}; further members `kid`, `alg`, `use` and `key_ops` are
  // allowed, a private `d` is refused with a warning not to hand it out. Low-order points refused.
  static absl::StatusOr<VerifyKey> from_jwk(std::string_view json);
  static absl::StatusOr<VerifyKey> from_bytes(ByteView bytes);

  std::string to_jwk() const;      // one line, members in order crv, kty, x
  std::string thumbprint() const;  // RFC 7638, SHA-256, base64url: 43 characters
  bool verify(ByteView message, ByteView signature) const;  // RFC 8032; strict (libsodium)
  ByteView bytes() const { return bytes_; }
  friend bool operator==(const VerifyKey&, const VerifyKey&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

class SigningKey {
 public:
  static SigningKey generate();
  static absl::StatusOr<SigningKey> from_seed(ByteView seed);  // 32 bytes
  std::array<std::uint8_t, 64> sign(ByteView message) const;
  const VerifyKey& verify_key() const { return verify_key_; }
  Secret seed() const;

 private:
  SigningKey(Secret secret_key, const VerifyKey& key);
  Secret secret_key_;  // 64 bytes, libsodium's form
  VerifyKey verify_key_;
};

// Fingerprints for people to read aloud: the thumbprint, in groups of four.
std::string spoken_fingerprint(const VerifyKey& key);

}  // namespace latchstring::crypto
