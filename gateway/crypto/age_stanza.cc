#include "gateway/crypto/age_stanza.h"

#include <sodium.h>

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/hkdf.h"

namespace latchstring::crypto::age {
namespace {

constexpr std::string_view kX25519 = "X25519";
constexpr std::string_view kScrypt = "scrypt";
constexpr std::string_view kX25519Info = "age-encryption.org/v1/X25519";
constexpr std::string_view kScryptLabel = "age-encryption.org/v1/scrypt";
constexpr std::size_t kPoint = 32;
constexpr std::size_t kSalt = 16;
constexpr std::size_t kBody = kFileKeyBytes + crypto_aead_chacha20poly1305_ietf_ABYTES;
constexpr std::uint8_t kZeroNonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES] = {};

Bytes seal_file_key(const Secret& wrap_key, const Secret& file_key) {
  Bytes body(kBody);
  crypto_aead_chacha20poly1305_ietf_encrypt(body.data(), nullptr, file_key.view().data(),
                                            file_key.size(), nullptr, 0, nullptr, kZeroNonce,
                                            wrap_key.view().data());
  return body;
}

// Empty: another key.
Secret open_file_key(const Secret& wrap_key, ByteView body) {
  ensure(body.size() == kBody);
  Secret file_key(kFileKeyBytes);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(file_key.bytes().data(), nullptr, nullptr,
                                                body.data(), body.size(), nullptr, 0, kZeroNonce,
                                                wrap_key.view().data()) != 0) {
    return {};
  }
  return file_key;
}

absl::StatusOr<Secret> x25519_wrap_key(ByteView secret, ByteView other, ByteView share,
                                       ByteView recipient) {
  Secret shared(kPoint);
  // libsodium refuses the all-zero result on its own; age asks for it, so it is checked here too.
  if (crypto_scalarmult(shared.bytes().data(), secret.data(), other.data()) != 0 ||
      sodium_is_zero(shared.view().data(), shared.size()) != 0) {
    return invalid("an X25519 key or share that is a low-order point");
  }
  Bytes salt(share.begin(), share.end());
  salt.insert(salt.end(), recipient.begin(), recipient.end());
  return hkdf_sha256(shared.view(), salt, kX25519Info, 32);
}

absl::StatusOr<Secret> scrypt_wrap_key(const Secret& passphrase, ByteView salt, int log2_work) {
  Bytes labelled = to_bytes(kScryptLabel);
  labelled.insert(labelled.end(), salt.begin(), salt.end());
  Secret key(32);
  if (crypto_pwhash_scryptsalsa208sha256_ll(
          passphrase.view().data(), passphrase.size(), labelled.data(), labelled.size(),
          std::uint64_t{1} << log2_work, 8, 1, key.bytes().data(), key.size()) != 0) {
    return exhausted("not enough memory for scrypt with work factor {}", log2_work);
  }
  return key;
}

absl::StatusOr<Bytes> argument_bytes(const Stanza& stanza, std::size_t count, std::size_t size) {
  if (stanza.arguments.size() != count) {
    return invalid("an age stanza `{}` with {} arguments, not {}", stanza.arguments[0],
                   stanza.arguments.size(), count);
  }
  LS_ASSIGN(Bytes bytes, from_base64(stanza.arguments[1]));
  if (bytes.size() != size || stanza.body.size() != kBody) {
    return invalid("an age stanza `{}` of wrong length", stanza.arguments[0]);
  }
  return bytes;
}

// Empty: for somebody else.
absl::StatusOr<Secret> open_x25519(const Stanza& stanza, const Identity& identity,
                                   const Recipient& own) {
  LS_ASSIGN(const Bytes share, argument_bytes(stanza, 2, kPoint));
  LS_ASSIGN(const Secret wrap_key,
            x25519_wrap_key(identity.secret().view(), share, share, own.bytes()));
  return open_file_key(wrap_key, stanza.body);
}

absl::StatusOr<int> parse_work_factor(std::string_view text) {
  const bool digits = !text.empty() && text.size() <= 2 && text.front() != '0' &&
                      text.find_first_not_of("0123456789") == text.npos;
  int value = 0;
  for (const char c : text.substr(0, 2)) value = value * 10 + (c - '0');
  if (!digits || value > kScryptLog2Max) {
    return invalid("an scrypt work factor that is not a number from 1 to {}", kScryptLog2Max);
  }
  return value;
}

bool is_scrypt(const Stanza& stanza) {
  return stanza.arguments[0] == kScrypt;
}

absl::Status check_scrypt_is_alone(const Header& header) {
  const bool any = std::any_of(header.stanzas.begin(), header.stanzas.end(), is_scrypt);
  if (!any || header.stanzas.size() == 1) return absl::OkStatus();
  return invalid("an age header with a passphrase beside other recipients");
}

}  // namespace

absl::StatusOr<Stanza> make_x25519_stanza(const Recipient& to, const Secret& file_key) {
  const Secret ephemeral = Secret::random(kPoint);
  Bytes share(kPoint);
  ensure(crypto_scalarmult_base(share.data(), ephemeral.view().data()) == 0);
  LS_ASSIGN(const Secret wrap_key,
            x25519_wrap_key(ephemeral.view(), to.bytes(), share, to.bytes()));
  return Stanza{{std::string(kX25519), to_base64(share)}, seal_file_key(wrap_key, file_key)};
}

absl::StatusOr<Stanza> make_scrypt_stanza(const Secret& passphrase, int log2_work,
                                          const Secret& file_key) {
  ensure(log2_work >= 1 && log2_work <= kScryptLog2Max);
  const Bytes salt = random_bytes(kSalt);
  LS_ASSIGN(const Secret wrap_key, scrypt_wrap_key(passphrase, salt, log2_work));
  return Stanza{{std::string(kScrypt), to_base64(salt), fmt::format("{}", log2_work)},
                seal_file_key(wrap_key, file_key)};
}

absl::StatusOr<Secret> unwrap_file_key(const Header& header,
                                       std::span<const Identity* const> identities) {
  LS_RETURN_IF_ERROR(check_scrypt_is_alone(header));
  std::vector<Recipient> own;  // each costs a scalar multiplication: once, not for every stanza
  for (const Identity* identity : identities) own.push_back(identity->recipient());
  Secret found;
  // All of them, also after one fitted: a malformed stanza refuses the file wherever it stands.
  for (const Stanza& stanza : header.stanzas) {
    if (stanza.arguments[0] != kX25519) continue;
    LS_RETURN_IF_ERROR(argument_bytes(stanza, 2, kPoint).status());
    for (std::size_t i = 0; i < own.size(); ++i) {
      LS_ASSIGN(Secret file_key, open_x25519(stanza, *identities[i], own[i]));
      if (found.empty()) found = std::move(file_key);
    }
  }
  if (found.empty()) return denied("no identity fits this age file");
  return found;
}

absl::StatusOr<Secret> unwrap_file_key(const Header& header, const Secret& passphrase) {
  LS_RETURN_IF_ERROR(check_scrypt_is_alone(header));
  const Stanza& stanza = header.stanzas.front();
  if (!is_scrypt(stanza)) return denied("no passphrase opens this age file");
  LS_ASSIGN(const Bytes salt, argument_bytes(stanza, 3, kSalt));
  LS_ASSIGN(const int log2_work, parse_work_factor(stanza.arguments[2]));
  LS_ASSIGN(const Secret wrap_key, scrypt_wrap_key(passphrase, salt, log2_work));
  Secret file_key = open_file_key(wrap_key, stanza.body);
  if (file_key.empty()) return denied("this passphrase does not open the age file");
  return file_key;
}

}  // namespace latchstring::crypto::age
