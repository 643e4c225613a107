#include "gateway/crypto/hash.h"

#include <openssl/evp.h>

#include "gateway/base/ensure.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::crypto {
namespace {

// Looked up once: OpenSSL 3 makes a costly search of it otherwise.
const EVP_MD* algorithm() {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  ensure(sha256 != nullptr);
  return sha256;
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  ~Context() { EVP_MD_CTX_free(evp); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  ensure(context_->evp != nullptr);
  ensure(EVP_DigestInit_ex2(context_->evp, algorithm(), nullptr) == 1);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) {
  ensure(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
}

Hash Sha256::finish() {
  Hash hash{};
  ensure(EVP_DigestFinal_ex(context_->evp, hash.data(), nullptr) == 1);
  ensure(EVP_DigestInit_ex2(context_->evp, algorithm(), nullptr) == 1);
  return hash;
}

Hash sha256(ByteView bytes) {
  Sha256 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

std::string sha256_hex(std::string_view text) {
  return to_hex(sha256(as_bytes(text)));
}

}  // namespace latchstring::crypto
