// Bech32 (BIP 173) without its length limit, as age writes keys. Used for secrets too, so
// everything in between is wiped.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "gateway/crypto/secret.h"

namespace latchstring::crypto::bech32 {

struct Decoded {
  std::string prefix;  // as written, upper or lower case
  Secret data;
};

// `prefix` in lower case; the text is wholly upper case if asked.
Secret encode(std::string_view prefix, ByteView data, bool upper_case);
absl::StatusOr<Decoded> decode(ByteView text);

}  // namespace latchstring::crypto::bech32
