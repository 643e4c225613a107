// SHA-256 through libcrypto, which uses the machine's instructions for it.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "gateway/base/bytes.h"

namespace latchstring::crypto {

using Hash = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(ByteView bytes);
  Hash finish();  // then starts anew

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Hash sha256(ByteView bytes);
std::string sha256_hex(std::string_view text);

}  // namespace latchstring::crypto
