#include "gateway/crypto/age_stream.h"

#include <openssl/evp.h>

#include <array>

#include "gateway/base/ensure.h"
#include "gateway/crypto/hkdf.h"

namespace latchstring::crypto::age {
namespace {

using Nonce = std::array<std::uint8_t, 12>;

// 11 bytes of counter, big-endian, then 1 for the last chunk.
Nonce nonce_of(std::uint64_t chunk, bool is_last) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[10 - i] = static_cast<std::uint8_t>(chunk >> 8 * i & 0xff);
  }
  nonce[11] = is_last ? 1 : 0;
  return nonce;
}

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  ensure(cipher != nullptr);
  return cipher;
}

}  // namespace

struct Stream::Context {
  Secret key;
  EVP_CIPHER_CTX* evp = EVP_CIPHER_CTX_new();  // freeing it wipes what it holds of the key
  ~Context() { EVP_CIPHER_CTX_free(evp); }
};

Stream::Stream(const Secret& file_key, ByteView nonce) : context_(std::make_unique<Context>()) {
  ensure(context_->evp != nullptr && nonce.size() == kPayloadNonce);
  context_->key = hkdf_sha256(file_key.view(), nonce, "payload", 32);
}

Stream::~Stream() = default;

void Stream::seal(std::uint64_t chunk, bool is_last, ByteView plain,
                  std::span<std::uint8_t> sealed) {
  ensure(sealed.size() == plain.size() + kTag && plain.size() <= kChunkPlain);
  const Nonce nonce = nonce_of(chunk, is_last);
  EVP_CIPHER_CTX* const evp = context_->evp;
  int done = 0;
  ensure(EVP_EncryptInit_ex2(evp, algorithm(), context_->key.view().data(), nonce.data(),
                             nullptr) == 1);
  ensure(plain.empty() || EVP_EncryptUpdate(evp, sealed.data(), &done, plain.data(),
                                            static_cast<int>(plain.size())) == 1);
  ensure(EVP_EncryptFinal_ex(evp, sealed.data() + plain.size(), &done) == 1);
  ensure(EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTag),
                             sealed.data() + plain.size()) == 1);
}

bool Stream::open(std::uint64_t chunk, bool is_last, ByteView sealed,
                  std::span<std::uint8_t> plain) {
  ensure(sealed.size() == plain.size() + kTag && plain.size() <= kChunkPlain);
  const Nonce nonce = nonce_of(chunk, is_last);
  EVP_CIPHER_CTX* const evp = context_->evp;
  std::array<std::uint8_t, kTag> tag{};
  std::copy_n(sealed.end() - static_cast<std::ptrdiff_t>(kTag), kTag, tag.begin());
  int done = 0;
  ensure(EVP_DecryptInit_ex2(evp, algorithm(), context_->key.view().data(), nonce.data(),
                             nullptr) == 1);
  ensure(EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTag), tag.data()) == 1);
  ensure(plain.empty() || EVP_DecryptUpdate(evp, plain.data(), &done, sealed.data(),
                                            static_cast<int>(plain.size())) == 1);
  std::uint8_t nothing = 0;
  if (EVP_DecryptFinal_ex(evp, &nothing, &done) == 1) return true;
  wipe(plain);
  return false;
}

}  // namespace latchstring::crypto::age
