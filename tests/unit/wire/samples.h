// One full sample of each object, every member set.
#pragma once

#include "gateway/base/time.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "gateway/wire/control.h"
#include "gateway/wire/data.h"
#include "gateway/wire/envelope.h"
#include "gateway/wire/objects.h"

namespace latchstring::wire {

inline Instant at(std::string_view text) {
  return *from_rfc3339(text);
}

inline const crypto::SigningKey& sample_key() {
  static const crypto::SigningKey key = crypto::SigningKey::generate();
  return key;
}

inline const crypto::age::Identity& sample_identity() {
  static const crypto::age::Identity identity = crypto::age::Identity::generate();
  return identity;
}

inline Common sample_common(std::string_view aud = "any") {
  return new_common(sample_key(), aud, at("2026-05-05T10:00:00Z"), std::chrono::hours{1});
}

inline std::string sample_hash(char digit) {
  return std::string(64, digit);
}

inline Credential sample_credential() {
  Credential object;
  object.common = sample_common();
  object.sub = "badge 4711";
  object.officer_jwk = sample_key().verify_key().to_jwk();
  object.recipients = {sample_identity().recipient().text()};
  object.nbf = at("2026-05-01T00:00:00Z");
  return object;
}

inline Request sample_request() {
  Request object;
  object.common = sample_common("aaaaaaaaaa");
  object.id = "abcdefgh23";
  object.case_number = "26-001234";
  object.basis = Basis::warrant;
  object.purpose = "traffic_collision";
  object.title = "Hit and run, Ärztehaus";
  object.description = "A grey van.\nIt \"left\" to the north.";
  object.cameras = {"front_door", "street side"};
  object.footage = {at("2026-05-04T21:50:00Z"), at("2026-05-04T22:00:00.5Z")};
  object.recipients = {sample_identity().recipient().text()};
  object.contact = "+1 555 0100";
  object.want_audio = true;
  object.want_certificate = true;
  object.credential = crypto::sign_jws(sample_key(), kTypCredential, encode(sample_credential()));
  object.revocation_list = "e30.e30.AAAA";
  object.warrant = "e30.e30.BBBB";
  object.checkpoint = "aaaaaaaaaa/latchstring/log1\n32\nAAAA=\n\n\xE2\x80\x94 aaaaaaaaaa AAAA\n";
  return object;
}

inline Manifest sample_manifest() {
  Manifest object;
  object.common = sample_common(sample_key().verify_key().thumbprint());
  object.request_id = "abcdefgh23";
  object.request_sha256 = sample_hash('1');
  object.decision_sha256 = sample_hash('2');
  object.gateway_jwk = sample_key().verify_key().to_jwk();
  object.ledger_vkey = "aaaaaaaaaa/latchstring/log1+00000000+AAAA";
  object.credential = "e30.e30.AAAA";
  object.gateway_name = "Maple Street";
  object.piece = 2;
  object.parts = 3;
  object.camera = "front_door";
  object.asked = {at("2026-05-04T21:50:00Z"), at("2026-05-04T22:10:00Z")};
  object.granted = {at("2026-05-04T21:55:00Z"), at("2026-05-04T22:00:00Z")};
  object.given = {at("2026-05-04T21:55:00.040Z"), at("2026-05-04T21:59:59.960Z")};
  object.sources = {{"front_door-20260504T215430Z", sample_hash('3')},
                    {"front_door-20260504T215530Z", sample_hash('4')}};
  object.files = {{"clip-2.mp4", 1'000'000, sample_hash('5')}};
  object.codec = "h264";
  object.container = "mp4";
  object.frames = 4500;
  object.redacted = {"audio", "zone:garden"};
  object.tool = "latchstring 0.1.0";
  object.reencoded = true;
  object.clock = "kernel";
  object.camera_offset_ms = -120;
  object.notes = {"the camera's clock was measured"};
  object.delete_after = at("2026-08-01T00:00:00Z");
  return object;
}

inline Delivery sample_delivery() {
  Delivery object;
  object.common = sample_common("bbbbbbbbbb");
  object.release_id = "cccccccccc";
  object.piece = 1;
  object.files = {{200'000, sample_hash('6'), sample_hash('7')}};
  object.manifest_sha256 = sample_hash('8');
  return object;
}

}  // namespace latchstring::wire
