#include "gateway/crypto/hkdf.h"

#include <sodium.h>

#include <algorithm>

#include "gateway/base/ensure.h"

namespace latchstring::crypto {
namespace {

// HMAC keyed once, wiped when it goes.
class Hmac {
 public:
  explicit Hmac(ByteView key) { crypto_auth_hmacsha256_init(&state_, key.data(), key.size()); }
  ~Hmac() { sodium_memzero(&state_, sizeof state_); }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  Hmac& add(ByteView bytes) {
    crypto_auth_hmacsha256_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  void finish(std::span<std::uint8_t, 32> out) {
    crypto_auth_hmacsha256_final(&state_, out.data());
  }

 private:
  crypto_auth_hmacsha256_state state_;
};

}  // namespace

Hash hmac_sha256(ByteView key, ByteView message) {
  Hash mac{};
  Hmac(key).add(message).finish(mac);
  return mac;
}

Secret hkdf_sha256(ByteView key_material, ByteView salt, std::string_view info, std::size_t size) {
  ensure(size <= 255 * 32);
  const Hash zeros{};
  Secret extracted(32);
  Hmac(salt.empty() ? ByteView{zeros} : salt)
      .add(key_material)
      .finish(extracted.bytes().first<32>());
  Secret result(size);
  Secret block(32);
  for (std::size_t done = 0; done < size; done += 32) {
    const auto counter = static_cast<std::uint8_t>(done / 32 + 1);
    Hmac mac(extracted.view());
    if (done > 0) mac.add(block.view());
    mac.add(as_bytes(info)).add({&counter, 1}).finish(block.bytes().first<32>());
    const std::size_t count = std::min<std::size_t>(32, size - done);
    std::copy_n(block.view().begin(), count, result.bytes().subspan(done).begin());
  }
  return result;
}

}  // namespace latchstring::crypto
