// Text forms of bytes. Decoders accept the canonical form only.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "gateway/base/bytes.h"

namespace latchstring::crypto {

std::string to_hex(ByteView bytes);                     // lower case
absl::StatusOr<Bytes> from_hex(std::string_view text);  // lower case only

std::string to_base64url(ByteView bytes);  // RFC 4648 section 5, no padding
absl::StatusOr<Bytes> from_base64url(std::string_view text);

std::string to_base64(ByteView bytes);  // RFC 4648 section 4, no padding (age)
absl::StatusOr<Bytes> from_base64(std::string_view text);

std::string to_padded_base64(ByteView bytes);  // RFC 4648 section 4 (signed notes)
absl::StatusOr<Bytes> from_padded_base64(std::string_view text);

Bytes random_bytes(std::size_t count);
// Ten characters of [a-z2-7]: 50 random bits; ids of requests, gateways, mailboxes, devices.
std::string random_id();
bool is_id(std::string_view text);

}  // namespace latchstring::crypto
