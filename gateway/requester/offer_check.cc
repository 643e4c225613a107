#include "gateway/requester/offer_check.h"

#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/evidence/evidence.h"
#include "gateway/link/receiver.h"

namespace latchstring::requester {
namespace {

constexpr std::size_t kFiles = 2;  // the clip, the tar

absl::Status check_ledger(const wire::Offer& offer, const wire::Delivery& delivery,
                          const wire::Ticket& ticket) {
  LS_ASSIGN(const evidence::Proven proven,
            evidence::prove({offer.leaf, offer.ledger_proof}, ticket.ledger_vkey));
  if (proven.leaf.delivery_sha256 != crypto::sha256_hex(offer.delivery) ||
      proven.leaf.manifest_sha256 != delivery.manifest_sha256 ||
      proven.leaf.piece != delivery.piece) {
    return denied("the ledger entry is about another release");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status check_offer(const wire::Offer& offer, const wire::Ticket& ticket,
                         std::string_view officer, Instant now) {
  LS_ASSIGN(const auto key, crypto::VerifyKey::from_jwk(ticket.gateway_jwk));
  LS_ASSIGN(const crypto::Jws jws, crypto::verify_jws(offer.delivery, wire::kTypDelivery, key));
  LS_ASSIGN(const wire::Delivery delivery, wire::decode_delivery(jws.payload));
  if (delivery.common.iss != jws.kid) return denied("`iss` is not the key that signed");
  if (delivery.common.aud != officer) return denied("the delivery is for another officer");
  if (delivery.common.exp <= now) return denied("the delivery has expired");
  if (delivery.release_id != offer.request_id || delivery.piece != offer.piece ||
      delivery.part != offer.part) {
    return denied("the delivery is about another release");
  }
  if (delivery.files.size() != kFiles || offer.transfers.size() != kFiles) {
    return invalid("an offer has a clip and its papers");
  }
  for (std::size_t i = 0; i < kFiles; ++i) {
    const wire::Offer::Transfer& transfer = offer.transfers[i];
    LS_RETURN_IF_ERROR(link::incoming_from(transfer).status());
    if (wire::Delivery::File{transfer.size, transfer.sha256, transfer.merkle_root} !=
        delivery.files[i]) {
      return denied("the files on offer are not those of the delivery");
    }
  }
  return check_ledger(offer, delivery, ticket);
}

}  // namespace latchstring::requester
