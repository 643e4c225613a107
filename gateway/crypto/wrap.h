// One secret sealed under another: XChaCha20-Poly1305 with a random nonce.
// Form: nonce (24 bytes), then ciphertext and tag (16 bytes).
#pragma once

#include <absl/status/statusor.h>

#include <string_view>

#include "gateway/crypto/secret.h"

namespace latchstring::crypto {

inline constexpr std::size_t kWrapKeyBytes = 32;
inline constexpr std::size_t kWrapOverhead = 24 + 16;

// `context` is bound to the result: unwrapping under another one fails.
Bytes wrap(const Secret& key, const Secret& secret, std::string_view context);
// DataLoss: another key, another context, or not what wrap() made.
absl::StatusOr<Secret> unwrap(const Secret& key, ByteView wrapped, std::string_view context);

}  // namespace latchstring::crypto
