// The textual header of an age file (C2SP age.md, "Header"): syntax only.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/crypto/age.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/secret.h"

namespace latchstring::crypto::age {

struct Stanza {
  std::vector<std::string> arguments;  // the first says the type
  Bytes body;
};

struct Header {
  std::vector<Stanza> stanzas;
  std::string authenticated;  // what the MAC is over: up to and including `---`
  Hash mac{};
  std::size_t size_bytes = 0;
};

// `start`: the first kAgeHeaderMax bytes of the file, or all of it. InvalidArgument.
absl::StatusOr<Header> parse_header(std::string_view start,
                                    std::size_t stanzas_max = kAgeStanzasMax);

// The header with its MAC under the file key.
std::string encode_header(const std::vector<Stanza>& stanzas, const Secret& file_key);

// PermissionDenied.
absl::Status check_mac(const Header& header, const Secret& file_key);

}  // namespace latchstring::crypto::age
