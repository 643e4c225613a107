// Lines, numbers and hashes as notes, checkpoints and tlog-proofs write them.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string_view>

#include "gateway/crypto/hash.h"

namespace latchstring::proof {

// Takes one line, without its newline, off the front. InvalidArgument where there is none.
absl::StatusOr<std::string_view> take_line(std::string_view& rest);
// ASCII decimal without leading zeros.
absl::StatusOr<std::uint64_t> parse_decimal(std::string_view text);
// 32 bytes in base64 with padding.
absl::StatusOr<crypto::Hash> parse_hash(std::string_view text);

}  // namespace latchstring::proof
