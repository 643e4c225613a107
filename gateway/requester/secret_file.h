// Secret keys in files that nobody else may read (0600); never in a std::string.
// Limits: kSecretFileMax.
#pragma once

#include <absl/status/statusor.h>

#include "gateway/base/files.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/sign.h"

namespace latchstring::requester {

inline constexpr std::uint64_t kSecretFileMax = 4096;

// FailedPrecondition: others may read it.
absl::StatusOr<crypto::Secret> read_secret(const Path& file);
// Durable; FailedPrecondition where there is one already: a key is never overwritten.
absl::Status write_new_secret(const Path& file, const crypto::Secret& secret);

absl::StatusOr<crypto::SigningKey> read_signing_key(const Path& file);  // 32 bytes: the seed
// An age identity file: comments, and one key line.
absl::StatusOr<crypto::age::Identity> read_identity(const Path& file);
crypto::Secret identity_file(const crypto::age::Identity& identity, std::string_view comment);

}  // namespace latchstring::requester
