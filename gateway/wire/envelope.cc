#include "gateway/wire/envelope.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::wire {
namespace {

constexpr std::size_t kTokenBytes = 16;

// age v1 with X25519 recipients only: version line, a stanza per recipient, the MAC line; then the
// payload's nonce and the tag of its one chunk.
constexpr std::size_t overhead(std::size_t recipients) {
  return 22 + 98 * recipients + 48 + 16 + 16;
}

constexpr std::size_t padded(std::size_t size) {
  return (size + kControlPad - 1) / kControlPad * kControlPad;
}
static_assert(padded(crypto::kJwsMax + overhead(kRecipientsMax)) <= kMessageMax);

}  // namespace

Common new_common(const crypto::SigningKey& key, std::string_view aud, Instant now,
                  Duration lifetime) {
  Common common;
  common.iss = key.verify_key().thumbprint();
  common.aud = aud;
  common.jti = crypto::to_base64url(crypto::random_bytes(kTokenBytes));
  common.iat = now;
  common.exp = now + lifetime;
  return common;
}

absl::StatusOr<Bytes> seal_jws(std::string_view compact,
                               const std::vector<crypto::age::Recipient>& to) {
  if (to.empty() || to.size() > kRecipientsMax) {
    return invalid("a message has 1 to {} recipients", kRecipientsMax);
  }
  if (compact.empty() || compact.size() > crypto::kJwsMax) {
    return invalid("the message has {} bytes; {} are allowed", compact.size(), crypto::kJwsMax);
  }
  std::string plain(compact);
  plain.resize(padded(compact.size() + overhead(to.size())) - overhead(to.size()), ' ');
  LS_ASSIGN(Bytes sealed, crypto::age::seal(as_bytes(plain), to));
  ensure(sealed.size() % kControlPad == 0 && sealed.size() <= kMessageMax);
  return sealed;
}

absl::StatusOr<Bytes> seal_message(const crypto::SigningKey& key, std::string_view typ,
                                   std::string_view payload,
                                   const std::vector<crypto::age::Recipient>& to) {
  return seal_jws(crypto::sign_jws(key, typ, payload), to);
}

absl::StatusOr<std::string> open_message(ByteView sealed, const crypto::age::Identity& identity) {
  if (sealed.size() > kMessageMax || sealed.size() % kControlPad != 0) {
    return invalid("a sealed message has a multiple of {} bytes, at most {}", kControlPad,
                   kMessageMax);
  }
  LS_ASSIGN(const crypto::Secret plain,
            crypto::age::open(sealed, identity, kMessageMax, kStanzasMax));
  const std::string_view text = as_text(plain.view());
  const std::string_view compact = text.substr(0, text.find(' '));
  const std::string_view padding = text.substr(compact.size());
  if (compact.size() > crypto::kJwsMax ||
      !std::all_of(padding.begin(), padding.end(), [](char c) { return c == ' '; })) {
    return invalid("the sealed message is not one JWS and its padding");
  }
  return std::string(compact);
}

absl::StatusOr<Control> open_kept_control(ByteView sealed, const crypto::age::Identity& identity,
                                          const crypto::VerifyKey& sender, std::string_view aud) {
  LS_ASSIGN(const std::string compact, open_message(sealed, identity));
  LS_ASSIGN(const crypto::Jws jws, crypto::verify_jws(compact, kTypControl, sender));
  LS_ASSIGN(Control control, decode_control(jws.payload));
  if (control.common.iss != jws.kid) return denied("`iss` is not the signer");
  if (control.common.aud != aud) return denied("the message is for somebody else");
  return control;
}

absl::StatusOr<Control> open_control(ByteView sealed, const crypto::age::Identity& identity,
                                     const crypto::VerifyKey& sender, std::string_view aud,
                                     Instant now) {
  LS_ASSIGN(Control control, open_kept_control(sealed, identity, sender, aud));
  if (control.common.exp <= now) return denied("the message has expired");
  return control;
}

}  // namespace latchstring::wire
