// The signed objects of a release: what the clip is, what was handed over, that it arrived. Rules
// of reading and writing: objects.h.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/wire/common.h"

namespace latchstring::wire {

struct NamedFile {
  std::string name;
  std::uint64_t size = 0;
  std::string sha256;  // lower-case hex
  friend bool operator==(const NamedFile&, const NamedFile&) = default;
};

// typ ls-manifest+jwt, inner: what the clip is. common.aud: the officer's thumbprint; "any" for a
// gift in a file.
struct Manifest {
  Common common;
  std::string request_id;
  std::string request_sha256;
  std::string decision_sha256;  // of the ledger leaf of the decision
  std::string gift;             // instead of the two hashes: the gift's id
  // The gateway's signing key and its ledger's verifier key: with the thumbprint alone as an anchor
  // a folder can be verified without anything else. The signer must be this very key.
  std::string gateway_jwk;
  std::string ledger_vkey;
  std::string credential;    // compact JWS; empty exactly for a gift in a file
  std::string gateway_name;  // only if the household publishes it
  int piece = 1;
  int part = 1;
  int parts = 0;  // of this piece; 0: it does not say
  std::string camera;
  Interval asked;
  Interval granted;
  Interval given;
  struct Source {
    std::string segment;
    std::string sha256;
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

std::string encode(const Manifest& object);
std::string encode(const Delivery& object);
std::string encode(const Receipt& object);

absl::StatusOr<Manifest> decode_manifest(std::string_view payload);
absl::StatusOr<Delivery> decode_delivery(std::string_view payload);
absl::StatusOr<Receipt> decode_receipt(std::string_view payload);

}  // namespace latchstring::wire
