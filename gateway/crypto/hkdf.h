// HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869), on libsodium's HMAC: one code path on every
// version of it.
#pragma once

#include <string_view>

#include "gateway/crypto/hash.h"
#include "gateway/crypto/secret.h"

namespace latchstring::crypto {

Hash hmac_sha256(ByteView key, ByteView message);
// An empty salt stands for 32 zero bytes. At most 255 * 32 bytes.
Secret hkdf_sha256(ByteView key_material, ByteView salt, std::string_view info, std::size_t size);

}  // namespace latchstring::crypto
