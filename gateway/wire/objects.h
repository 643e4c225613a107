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

#include "gateway/base/time.h"

namespace latchstring::wire {

inline constexpr int kVersion = 1;
inline constexpr std::size_t kPlainTextMax = 2'000;  // characters of a description
inline constexpr std::size_t kNameMax = 64;          // characters of an identifier
inline constexpr std::size_t kTitleMax = 200;        // characters of a title, case number, contact
inline constexpr std::size_t kListMax = 64;          // entries of any list, unless said otherwise
inline constexpr std::size_t kRecipientsMax = 4;     // age recipients of one officer
inline constexpr std::size_t kRevokedMax = 512;
inline constexpr std::size_t kSourcesMax = 192;
inline constexpr std::size_t kDeliveryFilesMax = 8;
// Bytes of what stands inside another object. With every part of a request at its limit the whole
// still fits kJwsMax (a test keeps it so).
inline constexpr std::size_t kCredentialTextMax = 3 * 1024;
inline constexpr std::size_t kRevocationTextMax = 18 * 1024;
inline constexpr std::size_t kWarrantTextMax = 4 * 1024;
inline constexpr std::size_t kDeliveryTextMax = 4 * 1024;
inline constexpr std::size_t kCheckpointTextMax = 1024;

inline constexpr std::string_view kTypCredential = "ls-cred+jwt";
inline constexpr std::string_view kTypRequest = "ls-req+jwt";
inline constexpr std::string_view kTypWarrant = "ls-warrant+jwt";
inline constexpr std::string_view kTypDecision = "ls-decision+jwt";
inline constexpr std::string_view kTypManifest = "ls-manifest+jwt";
inline constexpr std::string_view kTypDelivery = "ls-delivery+jwt";
inline constexpr std::string_view kTypReceipt = "ls-receipt+jwt";
inline constexpr std::string_view kTypRevocation = "ls-revocation+jwt";
inline constexpr std::string_view kTypControl = "ls-ctl+jwt";

// In every payload: v, iss (= kid), aud, jti, iat, exp.
struct Common {
  std::string iss;          // thumbprint of the signer
  std::string aud = "any";  // a gateway id, or "any"
  std::string jti;          // 128 random bits, base64url (22 characters)
  Instant iat;
  Instant exp;
};

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
  std::vector<std::string> cameras;  // ids or published labels; empty: any
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
  std::string reason;  // coarse; empty unless the policy says so
};

struct NamedFile {
  std::string name;
  std::uint64_t size = 0;
  std::string sha256;  // lower-case hex
  friend bool operator==(const NamedFile&, const NamedFile&) = default;
};

// typ ls-manifest+jwt, inner: what the clip is. common.aud: the officer's thumbprint.
struct Manifest {
  Common common;
  std::string request_id;
  std::string request_sha256;
  std::string decision_sha256;  // of the `release commit` ledger leaf
  std::string gift;             // instead of the two hashes: the gift's id
  std::string credential;       // compact JWS
  std::string gateway_name;     // only if the household publishes it
  int piece = 1;
  int part = 1;
  std::string camera;
  Interval asked;
  Interval granted;
  Interval given;
  struct Source {
    std::string segment;
    std::string sha256;
    std::int64_t ledger_index = -1;
  };
  std::vector<Source> sources;   // at most kSourcesMax
  std::vector<NamedFile> files;  // every inner file but this one
  std::string codec;
  std::string container;  // mp4
  std::uint64_t frames = 0;
  std::vector<std::string> redacted;  // sorted
  std::string tool;                   // latchstring 0.1.0
  bool reencoded = false;
  std::string clock;                             // kernel or assumed
  std::optional<std::int64_t> camera_offset_ms;  // camera minus gateway; absent: never measured
  std::vector<std::string> notes;
  Instant delete_after;  // what the agency promises; Instant{}: no term
};

// typ ls-delivery+jwt, outer: opaque ids, safe for anyone to see.
struct Delivery {
  Common common;
  std::string release_id;
  int piece = 1;
  int part = 1;
  struct File {
    std::uint64_t size = 0;
    std::string sha256;
    std::string merkle_root;  // RFC 6962 over chunks of kChunkBytes in file order, hex
    friend bool operator==(const File&, const File&) = default;
  };
  std::vector<File> files;      // 1 to 8, in the order of their transfers
  std::string manifest_sha256;  // of the manifest's compact JWS
};

// typ ls-receipt+jwt: the officer has it, verified.
struct Receipt {
  Common common;
  std::string delivery_sha256;      // of the delivery's compact JWS
  Instant delete_after;             // the promise; Instant{}: none was asked
  std::string kept_longer_because;  // may be empty
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
std::string encode(const Manifest& object);
std::string encode(const Delivery& object);
std::string encode(const Receipt& object);
std::string encode(const RevocationList& object);

absl::StatusOr<Credential> decode_credential(std::string_view payload);
absl::StatusOr<Request> decode_request(std::string_view payload);
absl::StatusOr<Decision> decode_decision(std::string_view payload);
absl::StatusOr<Manifest> decode_manifest(std::string_view payload);
absl::StatusOr<Delivery> decode_delivery(std::string_view payload);
absl::StatusOr<Receipt> decode_receipt(std::string_view payload);
absl::StatusOr<RevocationList> decode_revocation_list(std::string_view payload);

}  // namespace latchstring::wire
