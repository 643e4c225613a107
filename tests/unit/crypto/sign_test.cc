#include "gateway/crypto/sign.h"

#include "gateway/crypto/encoding.h"
#include "tests/support/catch.h"

namespace latchstring::crypto {
namespace {

constexpr std::string_view kX = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";  // RFC 8037 A.2

std::string jwk_with(std::string_view more) {
  return R"({"kty":"OKP","crv":"Ed25519","x":")" + std::string(kX) + "\"" + std::string(more) + "}";
}

TEST_CASE("a key survives its JWK form") {
  const SigningKey key = SigningKey::generate();
  const auto again = VerifyKey::from_jwk(key.verify_key().to_jwk());
  REQUIRE(again.ok());
  CHECK(*again == key.verify_key());
  CHECK(again->thumbprint().size() == 43);
  const auto same = SigningKey::from_seed(key.seed().view());
  CHECK(same->verify_key() == key.verify_key());
  CHECK(!(SigningKey::generate().verify_key() == key.verify_key()));
  CHECK(spoken_fingerprint(key.verify_key()).size() == 43 + 10);
}

TEST_CASE("a signature holds for its message and key only") {
  const SigningKey key = SigningKey::generate();
  auto signature = key.sign(as_bytes("message"));
  CHECK(key.verify_key().verify(as_bytes("message"), signature));
  CHECK(!key.verify_key().verify(as_bytes("massage"), signature));
  CHECK(!SigningKey::generate().verify_key().verify(as_bytes("message"), signature));
  CHECK(!key.verify_key().verify(as_bytes("message"), ByteView(signature).first(63)));
  CHECK(!key.verify_key().verify(as_bytes("message"), {}));
  signature[40] ^= 1;
  CHECK(!key.verify_key().verify(as_bytes("message"), signature));
}

TEST_CASE("a signature has one form: S plus the group order is refused") {
  const SigningKey key = SigningKey::generate();
  auto signature = key.sign(as_bytes("message"));
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += unsigned{signature[32 + i]} + order[i];
    signature[32 + i] = static_cast<std::uint8_t>(carry & 0xff);
    carry >>= 8;
  }
  CHECK(!key.verify_key().verify(as_bytes("message"), signature));
}

TEST_CASE("JWKs with more members are read if they agree") {
  CHECK(VerifyKey::from_jwk(jwk_with("")).ok());
  CHECK(VerifyKey::from_jwk(jwk_with(R"(,"kid":"any","alg":"EdDSA","use":"sig")")).ok());
  CHECK(VerifyKey::from_jwk(jwk_with(R"(,"alg":"Ed25519","key_ops":["verify"])")).ok());
}

TEST_CASE("JWKs that say something else are refused") {
  const std::string wrong[] = {
      jwk_with(R"(,"use":"enc")"),
      jwk_with(R"(,"alg":"HS256")"),
      jwk_with(R"(,"alg":"none")"),
      jwk_with(R"(,"key_ops":["sign"])"),
      jwk_with(R"(,"x5u":"https://example.com")"),
      jwk_with(R"(,"x":"again")"),
      R"({"kty":"OKP","crv":"X25519","x":")" + std::string(kX) + "\"}",
      R"({"kty":"oct","k":"c2VjcmV0"})",
      R"({"kty":"OKP","crv":"Ed25519"})",
      R"({"kty":"OKP","crv":"Ed25519","x":"short"})",
      R"({"kty":"OKP","crv":"Ed25519","x":")" + std::string(kX) + "=\"}",
      "[]",
      "",
      std::string(5000, ' '),
  };
  for (const std::string& jwk : wrong) {
    INFO(jwk);
    CHECK(!VerifyKey::from_jwk(jwk).ok());
  }
}

TEST_CASE("a private key is refused with a warning") {
  const auto result =
      VerifyKey::from_jwk(jwk_with(R"(,"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")"));
  CHECK(result.status().message().find("private key") != std::string::npos);
}

TEST_CASE("low-order and non-canonical points are no keys") {
  const std::string_view wrong[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0200000000000000000000000000000000000000000000000000000000000000",
  };
  for (const std::string_view point : wrong) {
    INFO(point);
    CHECK(absl::IsInvalidArgument(VerifyKey::from_bytes(*from_hex(point)).status()));
  }
  CHECK(!VerifyKey::from_bytes(Bytes(31)).ok());
  CHECK(!SigningKey::from_seed(Bytes(31)).ok());
  CHECK(!VerifyKey().verify(as_bytes("x"), Bytes(64)));
}

}  // namespace
}  // namespace latchstring::crypto
