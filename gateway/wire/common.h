// What every signed object has, and the limits of their members.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/base/time.h"

namespace latchstring::wire {

inline constexpr int kVersion = 1;
inline constexpr std::size_t kPlainTextMax = 2'000;  // characters of a description
inline constexpr std::size_t kNameMax = 64;          // characters of an identifier
inline constexpr std::size_t kTitleMax = 200;        // characters of a title, case number, contact
inline constexpr std::size_t kListMax = 64;          // entries of any list, unless said otherwise
inline constexpr std::size_t kRecipientsMax = 4;     // age recipients of one officer
inline constexpr std::size_t kRevokedMax = 512;
inline constexpr std::size_t kVkeyMax = 200;  // characters of a ledger's verifier key
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

}  // namespace latchstring::wire
