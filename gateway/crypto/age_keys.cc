#include <sodium.h>

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/bech32.h"

namespace latchstring::crypto::age {
namespace {

constexpr std::string_view kRecipientPrefix = "age";
constexpr std::string_view kIdentityPrefix = "age-secret-key-";  // in capitals when written
constexpr std::string_view kIdentityPrefixWritten = "AGE-SECRET-KEY-";
constexpr std::size_t kKey = 32;

}  // namespace

absl::StatusOr<Recipient> Recipient::parse(std::string_view text) {
  // With the separator `1`, which is no letter of Bech32 data: the key of an ordinary recipient may
  // begin with `pq`.
  if (text.starts_with("age1pq1") || text.starts_with("age1tagpq1")) {
    return invalid(
        "post-quantum recipients (`age1pq1...`) are not supported yet; "
        "give an X25519 recipient (`age1...`, 62 characters)");
  }
  absl::StatusOr<bech32::Decoded> decoded = bech32::decode(as_bytes(text));
  if (!decoded.ok()) return within("age recipient", decoded.status());
  if (decoded->prefix != kRecipientPrefix || decoded->data.size() != kKey) {
    return invalid("not an age X25519 recipient (`age1...`, 62 characters)");
  }
  return from_public(decoded->data.view());
}

Recipient Recipient::from_public(ByteView x25519_public) {
  ensure(x25519_public.size() == kKey);
  Recipient recipient;
  std::copy(x25519_public.begin(), x25519_public.end(), recipient.bytes_.begin());
  return recipient;
}

std::string Recipient::text() const {
  return std::string(as_text(bech32::encode(kRecipientPrefix, bytes_, false).view()));
}

Identity Identity::generate() {
  return Identity(Secret::random(kKey));
}

absl::StatusOr<Identity> Identity::parse(ByteView text) {
  absl::StatusOr<bech32::Decoded> decoded = bech32::decode(text);
  if (!decoded.ok()) return within("age identity", decoded.status());
  if (decoded->prefix == "AGE-SECRET-KEY-PQ-") {
    return invalid("post-quantum identities (`AGE-SECRET-KEY-PQ-1...`) are not supported yet");
  }
  if (decoded->prefix != kIdentityPrefixWritten) {
    return invalid("not an age X25519 identity (`AGE-SECRET-KEY-1...`)");
  }
  return from_secret(std::move(decoded->data));
}

absl::StatusOr<Identity> Identity::from_secret(Secret x25519_secret) {
  if (x25519_secret.size() != kKey) {
    return invalid("an X25519 secret of {} bytes, not 32", x25519_secret.size());
  }
  return Identity(std::move(x25519_secret));
}

Recipient Identity::recipient() const {
  std::array<std::uint8_t, kKey> point{};
  ensure(crypto_scalarmult_base(point.data(), secret_.view().data()) == 0);
  return Recipient::from_public(point);
}

Secret Identity::text() const {
  return bech32::encode(kIdentityPrefix, secret_.view(), true);
}

}  // namespace latchstring::crypto::age
