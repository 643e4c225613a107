// Vectors that stand in the RFCs themselves.
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/hkdf.h"
#include "gateway/crypto/jws.h"
#include "tests/support/catch.h"

namespace latchstring::crypto {
namespace {

Bytes hex(std::string_view text) {
  return *from_hex(text);
}

TEST_CASE("RFC 8032 section 7.1") {
  struct {
    std::string_view seed, key, message, signature;
  } const vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9b4"
       "6bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "11d"
       "8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "dc6"
       "594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const auto& vector : vectors) {
    const auto key = SigningKey::from_seed(hex(vector.seed));
    REQUIRE(key.ok());
    CHECK(to_hex(key->verify_key().bytes()) == vector.key);
    CHECK(to_hex(key->sign(hex(vector.message))) == vector.signature);
    CHECK(key->verify_key().verify(hex(vector.message), hex(vector.signature)));
  }
}

constexpr std::string_view kJwk =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

TEST_CASE("RFC 8037 appendix A.3: thumbprint") {
  CHECK(VerifyKey::from_jwk(kJwk)->thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

// Its header has no kid and typ, so the closed profile refuses it; the signature itself is right.
TEST_CASE("RFC 8037 appendix A.4: signature") {
  const std::string_view text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const std::string_view signature =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  const VerifyKey key = *VerifyKey::from_jwk(kJwk);
  CHECK(key.verify(as_bytes(text), *from_base64url(signature)));
  const auto seed = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
  CHECK(to_base64url(SigningKey::from_seed(*seed)->sign(as_bytes(text))) == signature);
  const std::string compact = std::string(text) + "." + std::string(signature);
  CHECK(absl::IsInvalidArgument(verify_jws(compact, "ls-req+jwt", key).status()));
}

TEST_CASE("RFC 5869 appendix A, the cases with SHA-256") {
  const Bytes ikm(22, 0x0b);
  const Bytes info = hex("f0f1f2f3f4f5f6f7f8f9");
  CHECK(to_hex(hkdf_sha256(ikm, hex("000102030405060708090a0b0c"), as_text(info), 42).view()) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  Bytes long_ikm;
  Bytes long_salt;
  Bytes long_info;
  for (unsigned i = 0; i < 80; ++i) {
    long_ikm.push_back(static_cast<std::uint8_t>(i));
    long_salt.push_back(static_cast<std::uint8_t>(0x60 + i));
    long_info.push_back(static_cast<std::uint8_t>(0xb0 + i));
  }
  CHECK(
      to_hex(hkdf_sha256(long_ikm, long_salt, as_text(long_info), 82).view()) ==
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e59"
      "0e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(to_hex(hkdf_sha256(ikm, {}, "", 42).view()) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("RFC 4231: HMAC-SHA-256") {
  CHECK(to_hex(hmac_sha256(Bytes(20, 0x0b), as_bytes("Hi There"))) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace latchstring::crypto
