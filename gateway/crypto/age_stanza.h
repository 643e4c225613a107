// The file key inside the stanzas of an age header (C2SP age.md, "Native recipient types").
#pragma once

#include <absl/status/statusor.h>

#include <span>

#include "gateway/crypto/age.h"
#include "gateway/crypto/age_header.h"

namespace latchstring::crypto::age {

inline constexpr std::size_t kFileKeyBytes = 16;
// Work that a file may ask of whoever opens it: 2^20 takes 1 GiB of memory.
inline constexpr int kScryptLog2Max = 20;

// InvalidArgument: a recipient that is a low-order point.
absl::StatusOr<Stanza> make_x25519_stanza(const Recipient& to, const Secret& file_key);
absl::StatusOr<Stanza> make_scrypt_stanza(const Secret& passphrase, int log2_work,
                                          const Secret& file_key);

// InvalidArgument: a malformed stanza of a known type. PermissionDenied: none opens.
absl::StatusOr<Secret> unwrap_file_key(const Header& header,
                                       std::span<const Identity* const> identities);
absl::StatusOr<Secret> unwrap_file_key(const Header& header, const Secret& passphrase);

}  // namespace latchstring::crypto::age
