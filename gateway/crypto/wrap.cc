#include "gateway/crypto/wrap.h"

#include <sodium.h>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::crypto {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
static_assert(kWrapKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kWrapOverhead == kNonce + crypto_aead_xchacha20poly1305_ietf_ABYTES);

}  // namespace

Bytes wrap(const Secret& key, const Secret& secret, std::string_view context) {
  ensure(key.size() == kWrapKeyBytes);
  Bytes out(kWrapOverhead + secret.size());
  randombytes_buf(out.data(), kNonce);
  const ByteView data = as_bytes(context);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonce, nullptr, secret.view().data(),
                                             secret.size(), data.data(), data.size(), nullptr,
                                             out.data(), key.view().data());
  return out;
}

absl::StatusOr<Secret> unwrap(const Secret& key, ByteView wrapped, std::string_view context) {
  ensure(key.size() == kWrapKeyBytes);
  if (wrapped.size() < kWrapOverhead) return data_loss("it is cut short");
  Secret secret(wrapped.size() - kWrapOverhead);
  const ByteView data = as_bytes(context);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          secret.bytes().data(), nullptr, nullptr, wrapped.data() + kNonce, wrapped.size() - kNonce,
          data.data(), data.size(), wrapped.data(), key.view().data()) != 0) {
    return data_loss("it does not open");
  }
  return secret;
}

}  // namespace latchstring::crypto
