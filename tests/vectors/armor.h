// ASCII armor of age files (C2SP age.md, "ASCII armor"; RFC 7468 strict), for the test kit only:
// the product neither reads nor writes it.
#pragma once

#include <absl/status/statusor.h>

#include <string_view>

#include "gateway/base/bytes.h"

namespace latchstring::test {

absl::StatusOr<Bytes> decode_armor(std::string_view text);

}  // namespace latchstring::test
