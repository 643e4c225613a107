#include "gateway/crypto/sign.h"

#include <sodium.h>

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/hash.h"
#include "gateway/json/json.h"

namespace latchstring::crypto {
namespace {

constexpr std::size_t kJwkMax = 2048;       // bytes
constexpr std::size_t kJwkMemberMax = 128;  // characters
constexpr std::size_t kFingerprintGroup = 4;

absl::Status refuse_private(const json::Reader& jwk) {
  if (!jwk.has("d")) return absl::OkStatus();
  return invalid(
      "this is a private key: it has a member `d`; never hand it out, give the public "
      "key (the same without `d`)");
}

void demand(json::Reader& jwk, std::string_view name, std::string_view value) {
  const std::string held = jwk.string(name, kJwkMemberMax);
  if (held != value) jwk.fail(name, invalid("must be `{}`, not `{}`", value, held));
}

// Members that say what the key is for must not say something else.
void check_purpose(json::Reader& jwk) {
  (void)jwk.optional_string("kid", kJwkMemberMax);
  if (jwk.has("use")) demand(jwk, "use", "sig");
  if (jwk.has("alg") && jwk.string("alg", kJwkMemberMax) != "Ed25519") demand(jwk, "alg", "EdDSA");
  if (!jwk.has("key_ops")) return;
  const auto operations = jwk.strings("key_ops", 8, kJwkMemberMax);
  if (std::find(operations.begin(), operations.end(), "verify") == operations.end()) {
    jwk.fail("key_ops", invalid("must have `verify`"));
  }
}

}  // namespace

absl::StatusOr<VerifyKey> VerifyKey::from_jwk(std::string_view json) {
  LS_ASSIGN(const json::Value value, json::parse(json, {.bytes = kJwkMax}));
  json::Reader jwk(value);
  LS_RETURN_IF_ERROR(refuse_private(jwk));
  demand(jwk, "kty", "OKP");
  demand(jwk, "crv", "Ed25519");
  const std::string x = jwk.string("x", kJwkMemberMax);
  check_purpose(jwk);
  LS_RETURN_IF_ERROR(within("key (JWK)", jwk.done()));
  LS_ASSIGN(const Bytes bytes, from_base64url(x));
  return from_bytes(bytes);
}

absl::StatusOr<VerifyKey> VerifyKey::from_bytes(ByteView bytes) {
  start();
  if (bytes.size() != kSize) return invalid("an Ed25519 key of {} bytes, not 32", bytes.size());
  // On the curve, canonical, of the large prime order.
  if (crypto_core_ed25519_is_valid_point(bytes.data()) != 1) {
    return invalid("these 32 bytes are not a usable Ed25519 key");
  }
  VerifyKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

std::string VerifyKey::to_jwk() const {
  json::Writer jwk;
  jwk.string("crv", "Ed25519").string("kty", "OKP").string("x", to_base64url(bytes_));
  return jwk.text();
}

// RFC 7638 section 3.2: the required members in lexicographic order, without spaces; to_jwk() is
// it.
std::string VerifyKey::thumbprint() const {
  return to_base64url(sha256(as_bytes(to_jwk())));
}

bool VerifyKey::verify(ByteView message, ByteView signature) const {
  start();
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     bytes_.data()) == 0;
}

SigningKey::SigningKey(Secret secret_key, const VerifyKey& key)
    : secret_key_(std::move(secret_key)), verify_key_(key) {}

SigningKey SigningKey::generate() {
  absl::StatusOr<SigningKey> key = from_seed(Secret::random(crypto_sign_SEEDBYTES).view());
  ensure(key.ok());
  return *std::move(key);
}

absl::StatusOr<SigningKey> SigningKey::from_seed(ByteView seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) {
    return invalid("an Ed25519 seed of {} bytes, not 32", seed.size());
  }
  Secret secret_key(crypto_sign_SECRETKEYBYTES);
  std::array<std::uint8_t, VerifyKey::kSize> public_key{};
  crypto_sign_seed_keypair(public_key.data(), secret_key.bytes().data(), seed.data());
  LS_ASSIGN(const VerifyKey verify_key, VerifyKey::from_bytes(public_key));
  return SigningKey(std::move(secret_key), verify_key);
}

std::array<std::uint8_t, 64> SigningKey::sign(ByteView message) const {
  std::array<std::uint8_t, 64> signature{};
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                       secret_key_.view().data());
  return signature;
}

Secret SigningKey::seed() const {
  Secret seed(crypto_sign_SEEDBYTES);
  crypto_sign_ed25519_sk_to_seed(seed.bytes().data(), secret_key_.view().data());
  return seed;
}

std::string spoken_fingerprint(const VerifyKey& key) {
  const std::string thumbprint = key.thumbprint();
  std::string spoken;
  for (std::size_t i = 0; i < thumbprint.size(); i += kFingerprintGroup) {
    if (i > 0) spoken += ' ';
    spoken += thumbprint.substr(i, kFingerprintGroup);
  }
  return spoken;
}

}  // namespace latchstring::crypto
