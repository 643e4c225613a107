#include "gateway/trust/verify.h"

#include <algorithm>
#include <optional>

#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/trust/revocation.h"

namespace latchstring::trust {
namespace {

using crypto::VerifyKey;

// iss names the very key that signed; aud is this gateway, or anybody where the object may be.
absl::Status check_common(const wire::Common& common, std::string_view kid, const Arrival& arrival,
                          bool for_any_gateway) {
  if (common.iss != kid) return denied("`iss` is not the key that signed");
  if (common.exp <= common.iat) return denied("`exp` is not after `iat`");
  if (common.aud == arrival.gateway || (for_any_gateway && common.aud == "any")) {
    return absl::OkStatus();
  }
  return denied("it is meant for `{}`, not for this gateway", common.aud);
}

absl::Status check_dates(std::string_view what, Instant from, Instant to, Instant now) {
  if (now + kSkewMax < from)
    return denied("the {} is dated {}, ahead of now", what, to_rfc3339(from));
  if (now >= to) return denied("the {} ended at {}", what, to_rfc3339(to));
  return absl::OkStatus();
}

const Agency* find_agency(const Agencies& agencies, std::string_view kid) {
  const auto found = std::find_if(agencies.begin(), agencies.end(), [kid](const Agency& agency) {
    return agency.key.thumbprint() == kid;
  });
  return found == agencies.end() ? nullptr : &*found;
}

bool is_subset(const std::vector<std::string>& some, const std::vector<std::string>& all) {
  return std::all_of(some.begin(), some.end(), [&all](const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  });
}

// What must hold of a credential whenever it is looked at.
absl::Status check_credential(const wire::Credential& credential, const Arrival& arrival,
                              bool judge_dates) {
  if (credential.common.exp - credential.nbf > kCredentialLifetimeMax) {
    return denied(
        "the credential is valid for more than {} days",
        std::chrono::duration_cast<std::chrono::hours>(kCredentialLifetimeMax).count() / 24);
  }
  if (credential.common.exp <= credential.nbf) return denied("the credential is never valid");
  if (!judge_dates) return absl::OkStatus();
  const Instant from = std::max(credential.nbf, credential.common.iat);
  return check_dates("credential", from, credential.common.exp, arrival.now);
}

absl::Status check_request_itself(const wire::Request& request,
                                  const wire::Credential& credential) {
  if (request.common.exp - request.common.iat > kRequestLifetimeMax) {
    return denied("the request is valid for more than {} days",
                  std::chrono::duration_cast<std::chrono::hours>(kRequestLifetimeMax).count() / 24);
  }
  if (request.recipients.empty() || !is_subset(request.recipients, credential.recipients)) {
    return denied("the request names a recipient that is not in the credential");
  }
  return absl::OkStatus();
}

// The credential without its revocation: signature, agency, key roles, dates.
absl::StatusOr<Officer> read_officer(std::string_view compact, const Agencies& agencies,
                                     const Arrival& arrival, bool judge_dates) {
  LS_ASSIGN(const crypto::Jws jws,
            crypto::verify_jws(compact, wire::kTypCredential,
                               [&agencies](std::string_view kid) -> std::optional<VerifyKey> {
                                 const Agency* agency = find_agency(agencies, kid);
                                 if (agency == nullptr) return std::nullopt;
                                 return agency->key;
                               }));
  LS_ASSIGN(wire::Credential credential, wire::decode_credential(jws.payload));
  LS_RETURN_IF_ERROR(check_common(credential.common, jws.kid, arrival, true));
  const Agency& agency = *find_agency(agencies, jws.kid);
  if (agency.id != arrival.agency) return denied("it came through the mailbox of another agency");
  LS_RETURN_IF_ERROR(check_credential(credential, arrival, judge_dates));
  LS_ASSIGN(const VerifyKey key, VerifyKey::from_jwk(credential.officer_jwk));
  std::string thumbprint = key.thumbprint();
  if (find_agency(agencies, thumbprint) != nullptr) {
    return denied("an agency's own key cannot be an officer's: one role per key");
  }
  std::string badge = credential.sub;
  return Officer{agency.id,           std::move(thumbprint), std::move(badge),     key,
                 agency.key,          std::move(credential), std::string(compact), false,
                 !arrival.clock_right};
}

// A control message under this key, in date.
absl::StatusOr<wire::Control> read_control(std::string_view compact, const VerifyKey& key,
                                           const Arrival& arrival) {
  LS_ASSIGN(const crypto::Jws jws, crypto::verify_jws(compact, wire::kTypControl, key));
  LS_ASSIGN(wire::Control control, wire::decode_control(jws.payload));
  LS_RETURN_IF_ERROR(check_common(control.common, jws.kid, arrival, false));
  if (arrival.clock_right) {
    LS_RETURN_IF_ERROR(check_dates("message", control.common.iat, control.common.exp, arrival.now));
  }
  return control;
}

}  // namespace

absl::StatusOr<Officer> Verifier::verify_credential(std::string_view compact,
                                                    const Agencies& agencies,
                                                    const Arrival& arrival) const {
  LS_ASSIGN(Officer officer, read_officer(compact, agencies, arrival, arrival.clock_right));
  LS_ASSIGN(const std::optional<List> list, stored_list(database_, officer.agency_key));
  if (list && list->revokes(officer.credential)) return denied("the credential was revoked");
  officer.list_fresh = list && list->is_fresh(arrival);
  return officer;
}

absl::StatusOr<Verified> Verifier::check_request(std::string_view compact, const Agencies& agencies,
                                                 const Arrival& arrival, Judge judge) const {
  // The credential lies inside the request, so that its text must be found before the key that
  // verifies the request is known. Nothing else of the unverified payload is used.
  LS_ASSIGN(const crypto::Jws peeked, crypto::peek_jws(compact));
  if (peeked.typ != wire::kTypRequest) return invalid("this is a `{}`, not a request", peeked.typ);
  LS_ASSIGN(const wire::Request claimed, wire::decode_request(peeked.payload));
  const bool repeat = judge == Judge::repeat;
  LS_ASSIGN(Officer officer,
            read_officer(claimed.credential, agencies, arrival, arrival.clock_right && !repeat));
  LS_ASSIGN(const crypto::Jws jws, crypto::verify_jws(compact, wire::kTypRequest, officer.key));
  LS_ASSIGN(wire::Request request, wire::decode_request(jws.payload));
  LS_RETURN_IF_ERROR(check_common(request.common, jws.kid, arrival, false));
  LS_RETURN_IF_ERROR(check_request_itself(request, officer.credential));
  if (judge == Judge::arrival && arrival.clock_right) {
    LS_RETURN_IF_ERROR(check_dates("request", request.common.iat, request.common.exp, arrival.now));
  }
  LS_ASSIGN(const std::optional<List> known, stored_list(database_, officer.agency_key));
  LS_ASSIGN(const Lists lists, weigh(known, request.revocation_list, officer.agency_key, arrival,
                                     judge == Judge::release));
  if (!repeat && lists.newest && lists.newest->revokes(officer.credential)) {
    return denied("the credential was revoked");
  }
  officer.list_fresh = lists.fresh;
  return Verified{std::move(officer), std::move(request), crypto::sha256_hex(compact),
                  std::string(compact), repeat};
}

absl::StatusOr<Verified> Verifier::verify_request(std::string_view compact,
                                                  const Agencies& agencies,
                                                  const Arrival& arrival) const {
  LS_ASSIGN(const bool repeat, was_recorded(crypto::sha256_hex(compact)));
  LS_ASSIGN(Verified verified,
            check_request(compact, agencies, arrival, repeat ? Judge::repeat : Judge::arrival));
  if (!repeat) LS_RETURN_IF_ERROR(check_ids_unused(verified.request));
  return verified;
}

absl::StatusOr<Verified> Verifier::recheck_dates(std::string_view compact, const Agencies& agencies,
                                                 const Arrival& arrival) const {
  return check_request(compact, agencies, arrival, Judge::arrival);
}

absl::StatusOr<Verified> Verifier::recheck_for_release(std::string_view compact,
                                                       const Agencies& agencies,
                                                       const Arrival& arrival) const {
  return check_request(compact, agencies, arrival, Judge::release);
}

absl::StatusOr<VerifiedHello> Verifier::verify_hello(std::string_view compact,
                                                     const Agencies& agencies,
                                                     const Arrival& arrival) const {
  LS_ASSIGN(const crypto::Jws peeked, crypto::peek_jws(compact));
  LS_ASSIGN(const wire::Control claimed, wire::decode_control(peeked.payload));
  const auto* hello = std::get_if<wire::Hello>(&claimed.command);
  if (hello == nullptr) return invalid("this control message is not a HELLO");
  LS_ASSIGN(Officer officer, verify_credential(hello->credential, agencies, arrival));
  LS_ASSIGN(wire::Control control, read_control(compact, officer.key, arrival));
  if (hello->device != arrival.device) return denied("it is another device's HELLO");
  return VerifiedHello{std::move(officer), std::move(control)};
}

absl::StatusOr<wire::Control> Verifier::verify_control(std::string_view compact,
                                                       const VerifyKey& officer,
                                                       const Arrival& arrival) const {
  return read_control(compact, officer, arrival);
}

absl::StatusOr<wire::Receipt> Verifier::verify_receipt(std::string_view compact,
                                                       const VerifyKey& officer,
                                                       std::string_view delivery_sha256,
                                                       const Arrival& arrival) const {
  LS_ASSIGN(const crypto::Jws jws, crypto::verify_jws(compact, wire::kTypReceipt, officer));
  LS_ASSIGN(wire::Receipt receipt, wire::decode_receipt(jws.payload));
  LS_RETURN_IF_ERROR(check_common(receipt.common, jws.kid, arrival, false));
  if (receipt.delivery_sha256 != delivery_sha256)
    return denied("the receipt is for another delivery");
  if (arrival.clock_right && arrival.now + kSkewMax < receipt.common.iat) {
    return denied("the receipt is dated {}, ahead of now", to_rfc3339(receipt.common.iat));
  }
  return receipt;
}

}  // namespace latchstring::trust
