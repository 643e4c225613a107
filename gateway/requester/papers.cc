#include "gateway/requester/papers.h"

#include "gateway/base/status.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/jws.h"
#include "gateway/json/json.h"

namespace latchstring::requester {
namespace {

constexpr std::size_t kRecipientText = 62;

absl::StatusOr<std::string> as_recipient(std::string_view text) {
  LS_ASSIGN(const auto recipient, crypto::age::Recipient::parse(text));
  return recipient.text();
}

// The payload of a JWS of this typ, its signature not looked at.
absl::StatusOr<crypto::Jws> peek(std::string_view compact, std::string_view typ) {
  LS_ASSIGN(crypto::Jws jws, crypto::peek_jws(compact));
  if (jws.typ != typ) return invalid("this is a `{}`, not a `{}`", jws.typ, typ);
  return jws;
}

absl::Status check_signatures(const Credentials& paper, std::string_view issuer) {
  LS_ASSIGN(const auto key, crypto::VerifyKey::from_jwk(paper.agency_jwk));
  if (key.thumbprint() != issuer) return invalid("`agency` is not the key that signed it");
  LS_RETURN_IF_ERROR(within(
      "`credential`", crypto::verify_jws(paper.credential, wire::kTypCredential, key).status()));
  return within("`revocations`",
                crypto::verify_jws(paper.revocations, wire::kTypRevocation, key).status());
}

}  // namespace

std::string encode(const Public& paper) {
  json::Writer w;
  w.integer("v", 1).json("jwk", paper.jwk).strings("age", paper.recipients);
  return w.text() + "\n";
}

absl::StatusOr<Public> decode_public(std::string_view text) {
  LS_ASSIGN(const json::Value value, json::parse(text, {.bytes = kPaperMax}));
  json::Reader r(value);
  Public paper;
  r.integer("v", 1, 1);
  const std::string jwk = r.text_of("jwk");
  paper.recipients = r.strings("age", wire::kRecipientsMax, kRecipientText);
  LS_RETURN_IF_ERROR(r.done());
  LS_ASSIGN(const auto key, crypto::VerifyKey::from_jwk(jwk));
  paper.jwk = key.to_jwk();
  if (paper.recipients.empty()) return invalid("`age` must not be empty");
  for (const std::string& recipient : paper.recipients) {
    LS_RETURN_IF_ERROR(as_recipient(recipient).status());
  }
  return paper;
}

std::string encode(const Credentials& paper) {
  json::Writer w;
  w.integer("v", 1).string("credential", paper.credential).string("revocations", paper.revocations);
  if (!paper.agency_jwk.empty()) w.json("agency", paper.agency_jwk);
  return w.text() + "\n";
}

absl::StatusOr<Credentials> decode_credentials(std::string_view text) {
  LS_ASSIGN(const json::Value value, json::parse(text, {.bytes = kPaperMax}));
  json::Reader r(value);
  Credentials paper;
  r.integer("v", 1, 1);
  paper.credential = r.string("credential", wire::kCredentialTextMax);
  paper.revocations = r.string("revocations", wire::kRevocationTextMax);
  if (r.has("agency")) paper.agency_jwk = r.text_of("agency");
  LS_RETURN_IF_ERROR(r.done());
  LS_ASSIGN(const wire::Credential credential, read_credential(paper));
  LS_ASSIGN(const wire::RevocationList list, read_revocations(paper));
  if (credential.common.iss != list.common.iss) {
    return invalid("credential and revocation list are of two agencies");
  }
  if (!paper.agency_jwk.empty()) LS_RETURN_IF_ERROR(check_signatures(paper, credential.common.iss));
  return paper;
}

absl::StatusOr<wire::Credential> read_credential(const Credentials& paper) {
  LS_ASSIGN(const crypto::Jws jws, peek(paper.credential, wire::kTypCredential));
  return wire::decode_credential(jws.payload);
}

absl::StatusOr<wire::RevocationList> read_revocations(const Credentials& paper) {
  LS_ASSIGN(const crypto::Jws jws, peek(paper.revocations, wire::kTypRevocation));
  return wire::decode_revocation_list(jws.payload);
}

}  // namespace latchstring::requester
