// The signed objects: what an agency, an officer, a court and a gateway state about each other.
// Each is the payload of a JWS of its own typ; they refer to each other by the SHA-256 of their
// compact bytes. Field tables: docs/ref/objects.md.
// decode_*: strict (unknown or duplicate names, wrong types, over-long text are InvalidArgument),
// structure only: signatures, dates and trust are gateway/trust's business.
// Text is UTF-8 without control characters (a description may hold line feeds) and without
// characters that turn the direction of writing, so that what a resident reads is what was sent.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/place.h"
#include "gateway/base/time.h"
#include "gateway/wire/common.h"           // IWYU pragma: export
#include "gateway/wire/release_objects.h"  // IWYU pragma: export

namespace latchstring::wire {

// typ ls-cred+jwt: the agency says who this officer is. At most 90 days.
struct Credential {
  Common common;
  std::string sub;                      // badge
  std::string officer_jwk;              // cnf.jwk
  std::vector<std::string> recipients;  // age1..., 1 to 4
  Instant nbf;
};

// A camera's id or published label: 1 to kNameMax bytes, no quotes or backslashes.
bool is_label(std::string_view text);

enum class Basis : std::uint8_t { consent, warrant, emergency, preservation };
std::string_view to_string(Basis basis);
absl::StatusOr<Basis> basis_from(std::string_view text);

// typ ls-req+jwt, signed by the officer, aged to the gateway inbox. common.aud: one gateway id.
struct Request {
  Common common;
  std::string id;  // [a-z2-7]{10}, drawn by the requester
  std::string case_number;
  Basis basis = Basis::consent;
  std::string purpose;  // [a-z][a-z0-9_]*
  std::string title;
  std::string description;
  std::optional<Area> area;          // what it is about, where not about the household's cameras
  std::vector<std::string> cameras;  // ids or published labels; empty: any; always with an area
  Interval footage;
  std::vector<std::string> recipients;  // rcpt: subset of the credential's
  std::string contact;
  bool want_audio = false;
  bool want_native = false;
  bool want_certificate = false;
  std::string credential;       // the credential's compact JWS
  std::string revocation_list;  // the agency's newest list, compact JWS; may be empty
  std::string warrant;          // compact JWS; only with basis warrant
  std::string checkpoint;       // newest it holds, signed note; may be empty
};

// typ ls-decision+jwt: what an agency is told where `when_refused_say: reason`, and `received` and
// `closed` for everybody.
struct Decision {
  Common common;
  std::string request_sha256;  // of the request's compact JWS
  std::string request_id;
  std::string state;   // received, closed; with reasons: pending, processing, ...
  std::string reason;  // rules, residents, no_answer, ...; empty unless the policy says so
};

// typ ls-revocation+jwt: what its signer takes back.
struct RevocationList {
  Common common;
  std::uint64_t seq = 0;
  Instant next_update;
  std::vector<std::string> revoked;  // jti of credentials or warrants; at most kRevokedMax
};

std::string encode(const Credential& object);
std::string encode(const Request& object);
std::string encode(const Decision& object);
std::string encode(const RevocationList& object);

absl::StatusOr<Credential> decode_credential(std::string_view payload);
absl::StatusOr<Request> decode_request(std::string_view payload);
absl::StatusOr<Decision> decode_decision(std::string_view payload);
absl::StatusOr<RevocationList> decode_revocation_list(std::string_view payload);

}  // namespace latchstring::wire
