#include "gateway/crypto/jws.h"

#include "gateway/crypto/encoding.h"
#include "tests/support/catch.h"

namespace latchstring::crypto {
namespace {

constexpr std::string_view kTyp = "ls-req+jwt";
constexpr std::string_view kPayload = R"({"v":1})";

// Signed for real over whatever header is given: only the profile can refuse it.
std::string signed_with_header(const SigningKey& key, std::string_view header,
                               std::string_view payload = kPayload) {
  const std::string text = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(payload));
  return text + "." + to_base64url(key.sign(as_bytes(text)));
}

std::string header_of(const SigningKey& key, std::string_view algorithm, std::string_view more) {
  return R"({"alg":")" + std::string(algorithm) + R"(","kid":")" + key.verify_key().thumbprint() +
         R"(","typ":"ls-req+jwt")" + std::string(more) + "}";
}

TEST_CASE("what was signed is verified and handed out") {
  const SigningKey key = SigningKey::generate();
  const std::string compact = sign_jws(key, kTyp, kPayload);
  const auto jws = verify_jws(compact, kTyp, key.verify_key());
  REQUIRE(jws.ok());
  CHECK(jws->payload == kPayload);
  CHECK(jws->typ == kTyp);
  CHECK(jws->kid == key.verify_key().thumbprint());
  CHECK(peek_jws(compact)->kid == jws->kid);
  CHECK(verify_jws(signed_with_header(key, header_of(key, "Ed25519", "")), kTyp, key.verify_key())
            .ok());
}

TEST_CASE("headers outside the profile are refused although the signature is right") {
  const SigningKey key = SigningKey::generate();
  const std::string kid = key.verify_key().thumbprint();
  const std::string wrong[] = {
      header_of(key, "none", ""),
      header_of(key, "None", ""),
      header_of(key, "HS256", ""),
      header_of(key, "RS256", ""),
      header_of(key, "eddsa", ""),
      header_of(key, "", ""),
      header_of(key, "EdDSA", R"(,"crit":["exp"])"),
      header_of(key, "EdDSA", R"(,"b64":false,"crit":["b64"])"),
      header_of(key, "EdDSA", R"(,"jku":"https://example.com/keys")"),
      header_of(key, "EdDSA", R"(,"x5u":"https://example.com/chain")"),
      header_of(key, "EdDSA", R"(,"jwk":)" + key.verify_key().to_jwk()),
      header_of(key, "EdDSA", R"(,"cty":"JWT")"),
      header_of(key, "EdDSA", R"(,"alg":"EdDSA")"),
      header_of(key, "EdDSA", R"(,"alg":"none")"),
      header_of(key, "EdDSA", R"(,"kid":"x")"),
      R"({"alg":"EdDSA","typ":"ls-req+jwt"})",
      R"({"kid":")" + kid + R"(","typ":"ls-req+jwt"})",
      R"({"alg":"EdDSA","kid":")" + kid + R"("})",
      R"({"alg":["EdDSA"],"kid":")" + kid + R"(","typ":"ls-req+jwt"})",
      R"({"alg":"EdDSA","kid":")" + kid + R"(=","typ":"ls-req+jwt"})",
      R"({"alg":"EdDSA","kid":"","typ":"ls-req+jwt"})",
      header_of(key, "EdDSA", "") + " {}",
      "null",
      "",
  };
  for (const std::string& header : wrong) {
    INFO(header);
    const std::string compact = signed_with_header(key, header);
    CHECK(absl::IsInvalidArgument(verify_jws(compact, kTyp, key.verify_key()).status()));
    CHECK(!peek_jws(compact).ok());
  }
}

TEST_CASE("an object of one type is not taken for another") {
  const SigningKey key = SigningKey::generate();
  for (const std::string_view typ :
       {"ls-cred+jwt", "LS-REQ+JWT", "ls-req", "application/ls-req+jwt", "ls-req+jwt "}) {
    const auto result = verify_jws(sign_jws(key, typ, kPayload), kTyp, key.verify_key());
    CHECK(absl::IsInvalidArgument(result.status()));
  }
}

TEST_CASE("only the key that is named counts") {
  const SigningKey key = SigningKey::generate();
  const SigningKey other = SigningKey::generate();
  const std::string compact = sign_jws(key, kTyp, kPayload);
  CHECK(absl::IsPermissionDenied(verify_jws(compact, kTyp, other.verify_key()).status()));
  const FindKey nothing = [](std::string_view) { return std::optional<VerifyKey>(); };
  CHECK(absl::IsPermissionDenied(verify_jws(compact, kTyp, nothing).status()));
  // `other` signs and names `key`; a careless look-up hands out `other`.
  const std::string stolen = signed_with_header(other, header_of(key, "EdDSA", ""));
  CHECK(absl::IsPermissionDenied(verify_jws(stolen, kTyp, key.verify_key()).status()));
  CHECK(absl::IsPermissionDenied(verify_jws(stolen, kTyp, other.verify_key()).status()));
}

TEST_CASE("a changed object is refused") {
  const SigningKey key = SigningKey::generate();
  const std::string compact =
      sign_jws(key, kTyp, R"({"v":1,"scope":"street side, 21:50 to 22:10"})");
  std::size_t refused = 0;
  for (std::size_t i = 0; i < compact.size(); ++i) {
    std::string changed = compact;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    refused += verify_jws(changed, kTyp, key.verify_key()).ok() ? 0 : 1;
  }
  CHECK(refused == compact.size());
}

TEST_CASE("forms other than three canonical parts are refused") {
  const SigningKey key = SigningKey::generate();
  const std::string compact = sign_jws(key, kTyp, kPayload);
  const std::size_t dot = compact.rfind('.');
  const std::string wrong[] = {
      "",
      ".",
      "..",
      "...",
      compact + ".",
      "." + compact,
      compact + "=",
      compact + "==",
      compact + "\n",
      " " + compact,
      compact.substr(0, dot),
      compact.substr(0, dot + 1),
      compact.substr(0, compact.size() - 1),
      compact.substr(0, compact.find('.')) + "=" + compact.substr(compact.find('.')),
      R"({"payload":"e30","signatures":[]})",
      std::string(kJwsMax + 1, 'A'),
  };
  for (const std::string& text : wrong) {
    INFO(text.substr(0, 200));
    CHECK(!verify_jws(text, kTyp, key.verify_key()).ok());
  }
  // The last of 86 characters carries 4 bits: other texts of the same 64 bytes are refused.
  std::size_t accepted = 0;
  for (const char c :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    accepted += verify_jws(compact.substr(0, compact.size() - 1) + c, kTyp, key.verify_key()).ok();
  }
  CHECK(accepted == 1);
}

}  // namespace
}  // namespace latchstring::crypto
