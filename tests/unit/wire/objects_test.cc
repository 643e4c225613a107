#include "gateway/wire/objects.h"

#include "gateway/crypto/jws.h"
#include "tests/support/catch.h"
#include "tests/unit/wire/samples.h"

namespace latchstring::wire {
namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t found = text.find(what);
  REQUIRE(found != std::string::npos);
  return text.replace(found, what.size(), with);
}

template <class Decode>
void check_closed(const std::string& text, Decode decode) {
  REQUIRE(decode(text).ok());
  CHECK(encode(*decode(text)) == text);
  // Unknown, duplicate and missing members; another version; something after the object.
  CHECK(absl::IsInvalidArgument(decode(replaced(text, "{", "{\"extra\":1,")).status()));
  CHECK(absl::IsInvalidArgument(decode(replaced(text, "{", "{\"v\":1,")).status()));
  CHECK(absl::IsInvalidArgument(decode(replaced(text, "\"v\":1,", "")).status()));
  CHECK(absl::IsInvalidArgument(decode(replaced(text, "\"v\":1", "\"v\":2")).status()));
  CHECK(absl::IsInvalidArgument(decode(text + "{}").status()));
  CHECK(absl::IsInvalidArgument(decode(text + std::string(1, '\0')).status()));
  CHECK(!decode("").ok());
  CHECK(!decode("[]").ok());
  CHECK(!decode(text.substr(0, text.size() - 1)).ok());
  CHECK(!decode(replaced(text, "\"any\"", "\"nobody\"")).ok());
}

// check_closed wants an object for anybody.
template <class Object>
std::string for_any(Object object) {
  object.common.aud = "any";
  return encode(object);
}

TEST_CASE("every object survives encoding and is a closed set of members") {
  check_closed(for_any(sample_credential()), decode_credential);
  check_closed(for_any(sample_request()), decode_request);
  check_closed(for_any(sample_manifest()), decode_manifest);
  check_closed(for_any(sample_delivery()), decode_delivery);
  Decision decision{sample_common(), sample_hash('a'), "abcdefgh23", "closed", "no_rule"};
  check_closed(encode(decision), decode_decision);
  Receipt receipt{sample_common(), sample_hash('a'), at("2026-08-01T00:00:00Z"), "appeal"};
  check_closed(encode(receipt), decode_receipt);
  RevocationList list{sample_common(), 7, at("2026-06-01T00:00:00Z"), {sample_common().jti}};
  check_closed(encode(list), decode_revocation_list);
}

TEST_CASE("a request about a place names no camera") {
  Request request = sample_request();
  request.area = Area{{39'924'000, -83'809'000}, 400};
  CHECK(!decode_request(encode(request)).ok());
  request.cameras.clear();
  const std::string text = encode(request);
  const auto decoded = decode_request(text);
  REQUIRE(decoded.ok());
  CHECK(decoded->area == request.area);
  for (const auto& [what, with] :
       {std::pair("39924000", "90000001"), std::pair("-83809000", "-180000001"),
        std::pair(":400}", ":0}"), std::pair(":400}", ":100001}"), std::pair(":400}", ":4e2}"),
        std::pair(",\"radius_m\":400", ""), std::pair(":400}", ":400,\"unit\":\"m\"}")}) {
    INFO(with);
    CHECK(absl::IsInvalidArgument(decode_request(replaced(text, what, with)).status()));
  }
}

TEST_CASE("what may be absent stays absent") {
  Request request = sample_request();
  request.basis = Basis::consent;
  request.case_number = request.title = request.description = request.contact = "";
  request.warrant = request.revocation_list = request.checkpoint = "";
  request.cameras.clear();
  const std::string text = encode(request);
  CHECK(text.find("cameras") == std::string::npos);
  const auto decoded = decode_request(text);
  REQUIRE(decoded.ok());
  CHECK(decoded->cameras.empty());
  CHECK(encode(*decoded) == text);

  Manifest manifest = sample_manifest();
  manifest.camera_offset_ms.reset();
  manifest.delete_after = Instant{};
  CHECK(encode(*decode_manifest(encode(manifest))) == encode(manifest));
}

TEST_CASE("a manifest's part is one of its parts, where it says how many there are") {
  Manifest manifest = sample_manifest();
  manifest.part = manifest.parts = 3;
  CHECK(decode_manifest(encode(manifest))->parts == 3);
  manifest.part = 4;
  CHECK(!decode_manifest(encode(manifest)).ok());
  manifest.parts = 0;
  CHECK(encode(manifest).find("parts") == std::string::npos);
  CHECK(decode_manifest(encode(manifest))->parts == 0);
}

TEST_CASE("a manifest is of a request or of a gift, never both or neither") {
  Manifest manifest = sample_manifest();
  manifest.gift = "dddddddddd";
  CHECK(!decode_manifest(encode(manifest)).ok());
  manifest.request_sha256 = manifest.decision_sha256 = manifest.request_id = "";
  CHECK(decode_manifest(encode(manifest)).ok());
  manifest.gift = "";
  CHECK(!decode_manifest(encode(manifest)).ok());
}

TEST_CASE("text that people read hides nothing") {
  for (const char* hidden : {"\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x80\x8F", "\xC2\x85", "\x7F",
                             "\x1B[2J", "\r", "\xD8\x9C", "\xE2\x80\xA8"}) {
    Request request = sample_request();
    request.title = std::string("evil ") + hidden + "txt";
    CHECK(!decode_request(encode(request)).ok());
    request = sample_request();
    request.description = std::string("evil ") + hidden;
    CHECK(!decode_request(encode(request)).ok());
  }
  Request request = sample_request();
  request.title = "two\nlines";
  CHECK(!decode_request(encode(request)).ok());
}

TEST_CASE("limits and forms of a request") {
  const auto refuses = [](auto change) {
    Request request = sample_request();
    change(request);
    return absl::IsInvalidArgument(decode_request(encode(request)).status());
  };
  CHECK(refuses([](Request& r) { r.description = std::string(kPlainTextMax + 1, 'x'); }));
  CHECK(refuses([](Request& r) { r.title = std::string(kTitleMax + 1, 'x'); }));
  CHECK(refuses([](Request& r) { r.case_number = std::string(kTitleMax + 1, 'x'); }));
  CHECK(refuses([](Request& r) { r.cameras.assign(kListMax + 1, "a"); }));
  CHECK(refuses([](Request& r) { r.cameras = {std::string(kNameMax + 1, 'x')}; }));
  CHECK(refuses([](Request& r) { r.cameras = {"say \"cheese\""}; }));
  CHECK(refuses([](Request& r) { r.cameras = {""}; }));
  CHECK(refuses([](Request& r) { r.recipients.clear(); }));
  CHECK(refuses([](Request& r) { r.recipients.assign(kRecipientsMax + 1, r.recipients[0]); }));
  CHECK(refuses([](Request& r) { r.recipients = {"age1pq" + r.recipients[0].substr(4)}; }));
  CHECK(refuses([](Request& r) { r.footage.to = r.footage.from; }));
  CHECK(refuses([](Request& r) { r.purpose = "Traffic collision"; }));
  CHECK(refuses([](Request& r) { r.id = "abcdefgh2"; }));
  CHECK(refuses([](Request& r) { r.id = "abcdefgh21"; }));
  CHECK(refuses([](Request& r) { r.credential = "e30.e30"; }));
  CHECK(refuses([](Request& r) { r.credential = std::string(kCredentialTextMax, 'x') + ".x.x"; }));
  CHECK(refuses([](Request& r) { r.basis = Basis::consent; }));  // with a warrant
  CHECK(refuses([](Request& r) { r.common.jti = "short"; }));
  CHECK(refuses([](Request& r) { r.common.iss = "short"; }));
  CHECK(refuses([](Request& r) { r.common.exp = r.common.iat; }));
  const std::string text = encode(sample_request());
  CHECK(!decode_request(replaced(text, "\"warrant\",\"purpose\"", "\"Warrant\",\"purpose\"")).ok());
  CHECK(!decode_request(replaced(text, "\"audio\":true", "\"audio\":1")).ok());
  CHECK(!decode_request(replaced(text, "\"audio\":true", "\"audio\":\"true\"")).ok());
}

TEST_CASE("names of files in a manifest cannot leave the folder") {
  for (const char* name : {"../clip.mp4", "/etc/passwd", ".hidden", "a/b", "a\\b", "CLIP", ".."}) {
    Manifest manifest = sample_manifest();
    manifest.files[0].name = name;
    CHECK(!decode_manifest(encode(manifest)).ok());
  }
}

// Every part of a request at its limit at once, in the characters that cost most.
Request largest_request() {
  const auto wide = [](std::size_t characters) {
    std::string text;
    for (std::size_t i = 0; i < characters; ++i) text += "\xF0\x9F\x9A\x97";  // four bytes each
    return text;
  };
  Request request = sample_request();
  request.case_number = request.title = request.contact = wide(kTitleMax);
  request.description = wide(kPlainTextMax);
  request.purpose = std::string(kNameMax, 'p');
  request.cameras.assign(kListMax, std::string(kNameMax, 'c'));
  request.recipients.assign(kRecipientsMax, request.recipients[0]);
  const auto compact = [](std::size_t size) { return std::string(size - 4, 'A') + ".A.A"; };
  request.credential = compact(kCredentialTextMax);
  request.revocation_list = compact(kRevocationTextMax);
  request.warrant = compact(kWarrantTextMax);
  request.checkpoint = std::string(kCheckpointTextMax, 'C');
  return request;
}

TEST_CASE("a request with everything at its limit fits one message") {
  const Request request = largest_request();
  const std::string payload = encode(request);
  REQUIRE(decode_request(payload).ok());
  const std::string compact = crypto::sign_jws(sample_key(), kTypRequest, payload);
  CHECK(compact.size() <= crypto::kJwsMax);
  const auto sealed = seal_jws(compact, {sample_identity().recipient()});
  REQUIRE(sealed.ok());
  CHECK(sealed->size() <= kMessageMax);
}

TEST_CASE("the longest revocation list fits where a request carries it") {
  RevocationList list{sample_common(), INT64_MAX, at("9999-12-31T23:59:59Z"), {}};
  list.revoked.assign(kRevokedMax, sample_common().jti);
  const std::string text = encode(list);
  REQUIRE(decode_revocation_list(text).ok());
  CHECK(crypto::sign_jws(sample_key(), kTypRevocation, text).size() <= kRevocationTextMax);
  list.revoked.push_back(list.revoked[0]);
  CHECK(!decode_revocation_list(encode(list)).ok());
}

TEST_CASE("the largest credential, delivery and manifest fit their places") {
  Credential credential = sample_credential();
  credential.sub = std::string(kNameMax, 'b');
  credential.recipients.assign(kRecipientsMax, credential.recipients[0]);
  CHECK(crypto::sign_jws(sample_key(), kTypCredential, encode(credential)).size() <=
        kCredentialTextMax);
  Delivery delivery = sample_delivery();
  delivery.files.assign(kDeliveryFilesMax, delivery.files[0]);
  CHECK(crypto::sign_jws(sample_key(), kTypDelivery, encode(delivery)).size() <= kDeliveryTextMax);
  Manifest manifest = sample_manifest();
  manifest.sources.assign(kSourcesMax, {std::string(kNameMax, 's'), sample_hash('f')});
  manifest.credential = std::string(kCredentialTextMax - 4, 'A') + ".A.A";
  manifest.ledger_vkey = std::string(kVkeyMax, 'v');
  REQUIRE(decode_manifest(encode(manifest)).ok());
  CHECK(crypto::sign_jws(sample_key(), kTypManifest, encode(manifest)).size() <= crypto::kJwsMax);
}

TEST_CASE("an object larger than any message is refused before it is read") {
  const std::string text = "{\"v\":1" + std::string(crypto::kJwsMax, ' ') + "}";
  CHECK(!decode_request(text).ok());
}

}  // namespace
}  // namespace latchstring::wire
