// X.509 for the managed broker: a household's own authority and a server certificate, ECDSA P-256
// with SHA-256 (RFC 5280). The authority's key stays in the keyring. Any thread.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/time.h"
#include "gateway/crypto/secret.h"

namespace latchstring::crypto {

inline constexpr std::size_t kCertificateHostsMax = 32;

struct CertifiedKey {
  std::string certificate_pem;
  Secret key_pem;  // PKCS #8, not encrypted: for the keyring or a 0600 file
};

// A self-signed authority that may sign server certificates and nothing below them.
// `name` is its common name: 1 to 64 characters.
absl::StatusOr<CertifiedKey> make_authority(std::string_view name, const Interval& valid);

// For TLS servers reached by these DNS names and IP addresses (1 to kCertificateHostsMax).
absl::StatusOr<CertifiedKey> make_server_certificate(const CertifiedKey& authority,
                                                     const std::vector<std::string>& hosts,
                                                     const Interval& valid);

// From notBefore to notAfter of the first certificate in the text.
absl::StatusOr<Interval> certificate_validity(std::string_view certificate_pem);

// The DER inside, for a QR code, and back.
absl::StatusOr<Bytes> certificate_der(std::string_view certificate_pem);
absl::StatusOr<std::string> certificate_pem(ByteView der);

}  // namespace latchstring::crypto
