#include "gateway/crypto/jws.h"

#include <fmt/format.h>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/json/json.h"

namespace latchstring::crypto {
namespace {

constexpr std::size_t kHeaderMax = 1024;  // bytes
constexpr std::size_t kTypMax = 64;
constexpr std::size_t kThumbprint = 43;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header and payload as received
};

absl::StatusOr<Parts> split(std::string_view compact) {
  if (compact.size() > kJwsMax) return invalid("a signed object over {} bytes", kJwsMax);
  const std::size_t first = compact.find('.');
  const std::size_t second = first == compact.npos ? first : compact.find('.', first + 1);
  if (second == compact.npos || compact.find('.', second + 1) != compact.npos) {
    return invalid("not a compact JWS: it must have three parts with dots between them");
  }
  return Parts{compact.substr(0, first), compact.substr(first + 1, second - first - 1),
               compact.substr(second + 1), compact.substr(0, second)};
}

absl::StatusOr<std::string> decode_text(std::string_view part) {
  LS_ASSIGN(const Bytes bytes, from_base64url(part));
  return std::string(as_text(bytes));
}

absl::Status read_header(std::string_view part, Jws& jws) {
  LS_ASSIGN(const std::string text, decode_text(part));
  LS_ASSIGN(const json::Value value, json::parse(text, {.bytes = kHeaderMax, .depth = 1}));
  json::Reader header(value);
  const std::string algorithm = header.string("alg", kTypMax);
  jws.kid = header.string("kid", kThumbprint, kThumbprint);
  jws.typ = header.string("typ", kTypMax);
  LS_RETURN_IF_ERROR(header.done());
  if (algorithm == "EdDSA" || algorithm == "Ed25519") return absl::OkStatus();
  return invalid("algorithm `{}` is not accepted: only EdDSA", algorithm);
}

absl::StatusOr<Jws> parse(const Parts& parts) {
  Jws jws;
  LS_RETURN_IF_ERROR(within("JWS header", read_header(parts.header, jws)));
  absl::StatusOr<std::string> payload = decode_text(parts.payload);
  if (!payload.ok()) return within("JWS payload", payload.status());
  jws.payload = *std::move(payload);
  return jws;
}

}  // namespace

std::string sign_jws(const SigningKey& key, std::string_view typ, std::string_view payload) {
  json::Writer header;
  header.string("alg", "EdDSA").string("kid", key.verify_key().thumbprint()).string("typ", typ);
  const std::string text =
      to_base64url(as_bytes(header.text())) + "." + to_base64url(as_bytes(payload));
  return text + "." + to_base64url(key.sign(as_bytes(text)));
}

absl::StatusOr<Jws> verify_jws(std::string_view compact, std::string_view typ,
                               const FindKey& find) {
  LS_ASSIGN(const Parts parts, split(compact));
  LS_ASSIGN(Jws jws, parse(parts));
  if (jws.typ != typ) return invalid("this is a `{}`, not a `{}`", jws.typ, typ);
  const std::optional<VerifyKey> key = find(jws.kid);
  // The key found must be the one that is named: a look-up by anything else is a bug or a trick.
  if (!key || key->thumbprint() != jws.kid) return denied("signed with a key that is not known");
  LS_ASSIGN(const Bytes signature, from_base64url(parts.signature));
  if (!key->verify(as_bytes(parts.signed_text), signature)) return denied("the signature is wrong");
  return jws;
}

absl::StatusOr<Jws> verify_jws(std::string_view compact, std::string_view typ,
                               const VerifyKey& key) {
  return verify_jws(compact, typ, [&key](std::string_view) { return std::optional(key); });
}

absl::StatusOr<Jws> peek_jws(std::string_view compact) {
  LS_ASSIGN(const Parts parts, split(compact));
  return parse(parts);
}

}  // namespace latchstring::crypto
