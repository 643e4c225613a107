// Argon2id (RFC 9106) of residents' PINs and passphrases, as the standard `$argon2id$...` string.
// Slow on purpose (kPasswordPasses, kPasswordMemoryBytes): on the chores thread, never on the loop.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "gateway/crypto/secret.h"

namespace latchstring::crypto {

inline constexpr unsigned kPasswordPasses = 3;
inline constexpr std::size_t kPasswordMemoryBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kPasswordMax = 1024;  // bytes of a password
inline constexpr std::size_t kSaltBytes = 16;

// InvalidArgument for an empty or over-long one; ResourceExhausted when memory is short.
absl::StatusOr<std::string> hash_password(const Secret& password);

// False also for a hash that is malformed, is not Argon2id, or asks for more work than
// kPasswordPasses and kPasswordMemoryBytes.
bool verify_password(std::string_view hash, const Secret& password);

// 32 bytes from a passphrase and a random salt of kSaltBytes, with the same cost.
absl::StatusOr<Secret> key_from_password(const Secret& password, ByteView salt);

}  // namespace latchstring::crypto
