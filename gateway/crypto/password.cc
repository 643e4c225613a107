#include "gateway/crypto/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::crypto {
namespace {

static_assert(kSaltBytes == crypto_pwhash_argon2id_SALTBYTES);

const char* text_of(const Secret& password) {
  return reinterpret_cast<const char*>(password.view().data());
}

absl::Status check(const Secret& password) {
  if (password.empty()) return invalid("an empty password");
  if (password.size() > kPasswordMax) return invalid("a password over {} bytes", kPasswordMax);
  return absl::OkStatus();
}

// libsodium does as much work as the string says, so what it says is read first. Ours are
// `$argon2id$v=19$m=<KiB>,t=<passes>,p=1$salt$hash`; needs_rehash() parses it and compares.
bool is_ours(const char* hash) {
  return crypto_pwhash_argon2id_str_needs_rehash(hash, kPasswordPasses, kPasswordMemoryBytes) == 0;
}

}  // namespace

absl::StatusOr<std::string> hash_password(const Secret& password) {
  LS_RETURN_IF_ERROR(check(password));
  std::array<char, crypto_pwhash_argon2id_STRBYTES> hash{};
  if (crypto_pwhash_argon2id_str(hash.data(), text_of(password), password.size(), kPasswordPasses,
                                 kPasswordMemoryBytes) != 0) {
    return exhausted("not enough memory to hash a password ({} bytes)", kPasswordMemoryBytes);
  }
  return std::string(hash.data());
}

bool verify_password(std::string_view hash, const Secret& password) {
  start();
  std::array<char, crypto_pwhash_argon2id_STRBYTES> text{};
  if (!check(password).ok() || hash.size() >= text.size()) return false;
  std::copy(hash.begin(), hash.end(), text.begin());
  return is_ours(text.data()) &&
         crypto_pwhash_argon2id_str_verify(text.data(), text_of(password), password.size()) == 0;
}

absl::StatusOr<Secret> key_from_password(const Secret& password, ByteView salt) {
  LS_RETURN_IF_ERROR(check(password));
  ensure(salt.size() == kSaltBytes);
  Secret key(32);
  if (crypto_pwhash_argon2id(key.bytes().data(), key.size(), text_of(password), password.size(),
                             salt.data(), kPasswordPasses, kPasswordMemoryBytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return exhausted("not enough memory to hash a password ({} bytes)", kPasswordMemoryBytes);
  }
  return key;
}

}  // namespace latchstring::crypto
