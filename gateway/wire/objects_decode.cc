#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/jws.h"
#include "gateway/wire/fields.h"
#include "gateway/wire/objects.h"

namespace latchstring::wire {
namespace {

constexpr std::size_t kHashText = 64;
constexpr std::size_t kIdText = 10;
constexpr std::size_t kRecipientText = 62;
constexpr std::int64_t kPiecesMax = 1'000;
constexpr std::int64_t kPartsMax = 16;
constexpr std::int64_t kOffsetMax = 86'400'000;  // milliseconds: a day
constexpr std::uint64_t kFileSizeMax = std::uint64_t{1} << 40;

absl::StatusOr<json::Value> parse(std::string_view payload) {
  return json::parse(payload, json::Limits{.bytes = crypto::kJwsMax});
}

// decode_x: parse, read every member, refuse the rest.
template <class Object>
absl::StatusOr<Object> decode(std::string_view payload, Object (*read_object)(json::Reader&)) {
  LS_ASSIGN(const json::Value value, parse(payload));
  json::Reader r(value);
  Object object = read_object(r);
  LS_RETURN_IF_ERROR(r.done());
  return object;
}

void require_some(json::Reader& r, std::string_view name, bool some) {
  if (!some) r.fail(name, invalid("must not be empty"));
}

Credential credential(json::Reader& r) {
  Credential object;
  object.common = read_common(r);
  object.sub = read(r, "sub", kNameMax, as_line);
  json::Reader cnf = r.object("cnf");
  object.officer_jwk = read_jwk(cnf, "jwk");
  object.recipients = read_list(r, "age", kRecipientsMax, kRecipientText, as_recipient);
  require_some(r, "age", !object.recipients.empty());
  object.nbf = read_seconds(r, "nbf");
  return object;
}

void read_scope(json::Reader scope, Request& object) {
  if (scope.has("cameras")) {
    object.cameras = read_list(scope, "cameras", kListMax, kNameMax, as_label);
    require_some(scope, "cameras", !object.cameras.empty());
  }
  object.footage = read_interval(scope);
}

Area area(json::Reader r) {
  Area object;
  object.centre.latitude_e6 =
      static_cast<int>(r.integer("latitude_e6", -kLatitudeMost, kLatitudeMost));
  object.centre.longitude_e6 =
      static_cast<int>(r.integer("longitude_e6", -kLongitudeMost, kLongitudeMost));
  object.radius_metres = static_cast<int>(r.integer("radius_m", 1, kRadiusMost));
  return object;
}

Request request(json::Reader& r) {
  Request object;
  object.common = read_common(r);
  object.id = read(r, "id", kIdText, as_id);
  object.case_number = read_optional(r, "case", kTitleMax, as_line);
  object.basis = r.string_as("basis", kNameMax, basis_from);
  object.purpose = read(r, "purpose", kNameMax, as_word);
  object.title = read_optional(r, "title", kTitleMax, as_line);
  object.description = read_optional(r, "description", kPlainTextMax, as_lines);
  if (r.has("location")) object.area = area(r.object("location"));
  read_scope(r.object("scope"), object);
  if (object.area && !object.cameras.empty()) {
    r.fail("location", invalid("must not stand beside `cameras`"));
  }
  object.recipients = read_list(r, "rcpt", kRecipientsMax, kRecipientText, as_recipient);
  require_some(r, "rcpt", !object.recipients.empty());
  object.contact = read_optional(r, "contact", kTitleMax, as_line);
  json::Reader want = r.object("want");
  object.want_audio = want.boolean("audio");
  object.want_native = want.boolean("native");
  object.want_certificate = want.boolean("certificate");
  object.credential = read(r, "cred", kCredentialTextMax, as_compact);
  object.revocation_list = read_optional(r, "revocations", kRevocationTextMax, as_compact);
  object.warrant = read_optional(r, "warrant", kWarrantTextMax, as_compact);
  object.checkpoint = read_optional(r, "checkpoint", kCheckpointTextMax, as_ascii);
  if (object.basis != Basis::warrant && !object.warrant.empty()) {
    r.fail("warrant", invalid("only with basis `warrant`"));
  }
  return object;
}

Decision decision(json::Reader& r) {
  Decision object;
  object.common = read_common(r);
  object.request_sha256 = read(r, "request_sha256", kHashText, as_hash);
  object.request_id = read(r, "request", kIdText, as_id);
  object.state = read(r, "state", kNameMax, as_word);
  object.reason = read_optional(r, "reason", kNameMax, as_word);
  return object;
}

Manifest::Source source(json::Reader& r) {
  Manifest::Source object;
  object.segment = read(r, "segment", kNameMax, as_line);
  object.sha256 = read(r, "sha256", kHashText, as_hash);
  return object;
}

NamedFile named_file(json::Reader& r) {
  NamedFile object;
  object.name = read(r, "name", kNameMax, as_line);
  object.size = r.natural("size", kFileSizeMax);
  object.sha256 = read(r, "sha256", kHashText, as_hash);
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  // Names become names of files on the requester's disk.
  if (!r.failed() &&
      (object.name[0] == '.' || !std::all_of(object.name.begin(), object.name.end(), fits))) {
    r.fail("name", invalid("must be a file name of [a-z0-9.-]"));
  }
  return object;
}

Delivery::File outer_file(json::Reader& r) {
  Delivery::File object;
  object.size = r.natural("size", kFileSizeMax);
  object.sha256 = read(r, "sha256", kHashText, as_hash);
  object.merkle_root = read(r, "root", kHashText, as_hash);
  return object;
}

template <class Item>
std::vector<Item> items(json::Reader& r, std::string_view name, std::size_t max,
                        Item (*read_item)(json::Reader&)) {
  std::vector<Item> list;
  for (json::Reader& item : r.objects(name, max)) list.push_back(read_item(item));
  return list;
}

Interval interval(json::Reader r) {
  return read_interval(r);
}

void read_clip(json::Reader clip, Manifest& object) {
  object.codec = read(clip, "codec", kNameMax, as_line);
  object.container = read(clip, "container", kNameMax, as_line);
  object.frames = clip.natural("frames");
}

void read_redaction(json::Reader redaction, Manifest& object) {
  object.redacted = read_list(redaction, "what", kListMax, kNameMax, as_line);
  object.tool = read(redaction, "tool", kNameMax, as_line);
  object.reencoded = redaction.boolean("reencoded");
}

void read_clock(json::Reader clock, Manifest& object) {
  object.clock = read(clock, "trust", kNameMax, as_word);
  object.camera_offset_ms = clock.optional_integer("camera_offset_ms", -kOffsetMax, kOffsetMax);
  if (!clock.failed() && object.clock != "kernel" && object.clock != "assumed") {
    clock.fail("trust", invalid("must be `kernel` or `assumed`"));
  }
}

Manifest manifest(json::Reader& r) {
  Manifest object;
  object.common = read_common(r);
  object.request_id = read_optional(r, "request", kIdText, as_id);
  object.request_sha256 = read_optional(r, "request_sha256", kHashText, as_hash);
  object.decision_sha256 = read_optional(r, "decision_sha256", kHashText, as_hash);
  object.gift = read_optional(r, "gift", kIdText, as_id);
  // Either of the two: an answer to a request, or a gift.
  if (object.gift.empty() == object.request_sha256.empty()) {
    r.fail("gift", invalid("must stand exactly where there is no `request_sha256`"));
  }
  object.gateway_jwk = read_jwk(r, "jwk");
  object.ledger_vkey = read(r, "ledger", kVkeyMax, as_line);
  object.credential = read_optional(r, "cred", kCredentialTextMax, as_compact);
  // Only a gift in a file is for nobody in particular.
  if (object.credential.empty() && (object.gift.empty() || object.common.aud != "any")) {
    r.fail("cred", invalid("is missing"));
  }
  object.gateway_name = read_optional(r, "gateway_name", kNameMax, as_line);
  object.piece = static_cast<int>(r.integer("piece", 1, kPiecesMax));
  object.part = static_cast<int>(r.integer("part", 1, kPartsMax));
  object.parts = static_cast<int>(r.optional_integer("parts", 1, kPartsMax).value_or(0));
  if (object.parts != 0 && object.part > object.parts) {
    r.fail("part", invalid("is beyond `parts`"));
  }
  object.camera = read(r, "camera", kNameMax, as_label);
  object.asked = interval(r.object("asked"));
  object.granted = interval(r.object("granted"));
  object.given = interval(r.object("given"));
  object.sources = items(r, "sources", kSourcesMax, source);
  object.files = items(r, "files", kListMax, named_file);
  read_clip(r.object("clip"), object);
  read_redaction(r.object("redaction"), object);
  read_clock(r.object("clock"), object);
  object.notes = read_list(r, "notes", kListMax, kTitleMax, as_line);
  object.delete_after = read_optional_seconds(r, "delete_after");
  return object;
}

Delivery delivery(json::Reader& r) {
  Delivery object;
  object.common = read_common(r);
  object.release_id = read(r, "release", kIdText, as_id);
  object.piece = static_cast<int>(r.integer("piece", 1, kPiecesMax));
  object.part = static_cast<int>(r.integer("part", 1, kPartsMax));
  object.files = items(r, "files", kDeliveryFilesMax, outer_file);
  require_some(r, "files", !object.files.empty());
  object.manifest_sha256 = read(r, "manifest_sha256", kHashText, as_hash);
  return object;
}

Receipt receipt(json::Reader& r) {
  Receipt object;
  object.common = read_common(r);
  object.delivery_sha256 = read(r, "delivery_sha256", kHashText, as_hash);
  object.delete_after = read_optional_seconds(r, "delete_after");
  object.kept_longer_because = read_optional(r, "kept_longer_because", kTitleMax, as_line);
  return object;
}

RevocationList revocation_list(json::Reader& r) {
  constexpr std::size_t kTokenText = 22;
  RevocationList object;
  object.common = read_common(r);
  object.seq = r.natural("seq", INT64_MAX);
  object.next_update = read_seconds(r, "next_update");
  object.revoked = read_list(r, "revoked", kRevokedMax, kTokenText, as_token);
  return object;
}

}  // namespace

std::string_view to_string(Basis basis) {
  switch (basis) {
    case Basis::consent:
      return "consent";
    case Basis::warrant:
      return "warrant";
    case Basis::emergency:
      return "emergency";
    case Basis::preservation:
      return "preservation";
  }
  return "consent";
}

absl::StatusOr<Basis> basis_from(std::string_view text) {
  for (const Basis basis :
       {Basis::consent, Basis::warrant, Basis::emergency, Basis::preservation}) {
    if (to_string(basis) == text) return basis;
  }
  return invalid("must be `consent`, `warrant`, `emergency` or `preservation`");
}

absl::StatusOr<Credential> decode_credential(std::string_view payload) {
  return decode(payload, credential);
}
absl::StatusOr<Request> decode_request(std::string_view payload) {
  return decode(payload, request);
}
absl::StatusOr<Decision> decode_decision(std::string_view payload) {
  return decode(payload, decision);
}
absl::StatusOr<Manifest> decode_manifest(std::string_view payload) {
  return decode(payload, manifest);
}
absl::StatusOr<Delivery> decode_delivery(std::string_view payload) {
  return decode(payload, delivery);
}
absl::StatusOr<Receipt> decode_receipt(std::string_view payload) {
  return decode(payload, receipt);
}
absl::StatusOr<RevocationList> decode_revocation_list(std::string_view payload) {
  return decode(payload, revocation_list);
}

}  // namespace latchstring::wire
