#include "gateway/requester/dialogue.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/evidence/ledger_proof.h"
#include "gateway/requester/login.h"
#include "gateway/requester/offer_check.h"
#include "gateway/requester/program.h"
#include "gateway/wire/envelope.h"

namespace latchstring::requester {

absl::StatusOr<std::unique_ptr<Dialogue>> Dialogue::connect(Parts parts, Duration patience) {
  const std::string& gateway = parts.ticket.gateway;
  LS_ASSIGN(const std::vector<std::string> notes, parts.book.checkpoints(gateway));
  LS_ASSIGN(Checkpoints checkpoints, Checkpoints::open(parts.ticket.ledger_vkey, notes));
  LS_ASSIGN(const link::SeqWindow seen, parts.book.seen(gateway));
  if (checkpoints.conflict()) {
    warn(
        fmt::format("two checkpoints of `{}` that contradict each other are kept: its ledger was "
                    "rewritten; keep the officer's folder as it is and ask the household",
                    gateway));
  }
  std::unique_ptr<Dialogue> dialogue(new Dialogue(parts, std::move(checkpoints)));
  dialogue->hello_size_ = dialogue->checkpoints_.oldest_size();
  link::RequesterLink::Options options{
      .ticket = parts.ticket,
      .device = parts.book.device(),
      .login = [folder =
                    parts.officer.folder](std::string_view url) { return login_at(folder, url); },
      .key = parts.officer.key,
      .identity = parts.officer.identity,
      .credential = parts.officer.papers.credential,
      .tree_size = dialogue->hello_size_,
      .numbers = {.draw = [&book = parts.book, gateway] { return book.draw_seq(gateway); },
                  .seen = seen,
                  .take = [&book = parts.book,
                           gateway](std::uint64_t seq) { return book.take(gateway, seq); }},
      .clock = parts.clock,
      .on_slow = [](std::string_view url) { note(fmt::format("connecting to {} ...", url)); }};
  LS_ASSIGN(dialogue->link_, link::RequesterLink::connect(std::move(options), patience));
  LS_RETURN_IF_ERROR(dialogue->resume());
  return dialogue;
}

absl::Status Dialogue::resume() {
  LS_ASSIGN(const std::vector<KeptRequest> requests, parts_.book.requests(gateway()));
  for (const KeptRequest& kept : requests) {
    if (kept.state != "sent" || kept.request.common.exp <= parts_.clock.now()) continue;
    LS_RETURN_IF_ERROR(link_->submit(kept.id, kept.jws));
  }
  LS_ASSIGN(const std::vector<KeptOffer> offers, parts_.book.offers(gateway(), ""));
  for (const KeptOffer& kept : offers) {
    if (kept.state != OfferState::received) continue;
    LS_RETURN_IF_ERROR(link_->send(wire::Done{kept.receipt}));
  }
  return absl::OkStatus();
}

absl::Status Dialogue::submit(wire::Request request) {
  request.credential = parts_.officer.papers.credential;
  request.revocation_list = parts_.officer.papers.revocations;
  request.checkpoint = checkpoints_.newest();
  const std::string payload = wire::encode(request);
  LS_RETURN_IF_ERROR(wire::decode_request(payload).status());
  KeptRequest kept;
  kept.id = request.id;
  kept.jws = crypto::sign_jws(parts_.officer.key, wire::kTypRequest, payload);
  LS_RETURN_IF_ERROR(parts_.book.add(gateway(), kept));
  return link_->submit(kept.id, kept.jws);
}

absl::Status Dialogue::send_receipt(const KeptOffer& offer, std::string_view receipt,
                                    const Path& folder) {
  LS_RETURN_IF_ERROR(parts_.book.set_received(offer, receipt, folder));
  return link_->send(wire::Done{std::string(receipt)});
}

absl::StatusOr<bool> Dialogue::turn(Duration patience) {
  LS_ASSIGN(const auto event, link_->next(patience));
  if (!event) return false;
  LS_RETURN_IF_ERROR(handle(event->control.command));
  LS_RETURN_IF_ERROR(link_->take(event->seq));
  return true;
}

absl::Status Dialogue::handle(const wire::Command& command) {
  if (const auto* state = std::get_if<wire::State>(&command)) return on_state(*state);
  if (const auto* offer = std::get_if<wire::Offer>(&command)) return on_offer(*offer);
  if (const auto* notice = std::get_if<wire::Notice>(&command)) return on_notice(*notice);
  if (const auto* gone = std::get_if<wire::Revoke>(&command)) return revoke(gone->transfers);
  if (const auto* taken = std::get_if<wire::ReceiptTaken>(&command)) {
    return on_receipt_taken(*taken);
  }
  return absl::OkStatus();
}

// Whatever was seen is kept: also what shows that the ledger was rewritten.
absl::Status Dialogue::keep_checkpoints(const absl::Status& seen) {
  LS_RETURN_IF_ERROR(parts_.book.keep_checkpoints(gateway(), checkpoints_.notes()));
  return seen;
}

absl::Status Dialogue::on_state(const wire::State& state) {
  heard_ = true;
  LS_RETURN_IF_ERROR(revoke(state.revoked));
  if (!state.checkpoint.empty()) {
    LS_RETURN_IF_ERROR(
        keep_checkpoints(checkpoints_.see(state.checkpoint, state.consistency, hello_size_)));
  }
  return look_at_daily(state.checkpoint);
}

// Only a newer daily checkpoint shows that the gateway has not rewritten its ledger since the last.
absl::Status Dialogue::look_at_daily(const std::string& checkpoint) {
  std::uint64_t size = 0;
  if (!checkpoint.empty()) {
    LS_ASSIGN(size, checkpoints_.size_of(checkpoint));
  }
  const Instant now = parts_.clock.now();
  LS_ASSIGN(const Instant since, parts_.book.see_daily(gateway(), size, now));
  if (late_told_ || now - since <= kDailyLateAfter) return absl::OkStatus();
  late_told_ = true;
  warn(
      fmt::format("`{}` has shown no new checkpoint of its ledger since {}, and should each day: "
                  "until one comes, nothing shows that its log was not rewritten; ask the "
                  "household what `latchstring status` warns of",
                  gateway(), to_rfc3339(since)));
  return absl::OkStatus();
}

absl::Status Dialogue::on_offer(const wire::Offer& offer) {
  KeptOffer kept;
  kept.offer = offer;
  kept.delivery_sha256 = crypto::sha256_hex(offer.delivery);
  // It came to a device that was away for longer than it lasts: nothing of it is believed.
  if (offer.expires <= parts_.clock.now()) {
    kept.state = OfferState::expired;
    return parts_.book.add(gateway(), kept);
  }
  absl::Status holds =
      check_offer(offer, parts_.ticket, parts_.officer.thumbprint(), parts_.clock.now());
  if (holds.ok()) holds = parts_.book.check_first(gateway(), kept);
  if (holds.ok()) {
    LS_ASSIGN(const auto proof, proof::parse_tlog_proof(offer.ledger_proof));
    LS_RETURN_IF_ERROR(keep_checkpoints(checkpoints_.see(proof.checkpoint)));
  } else {
    kept.state = OfferState::refused;
    warn(fmt::format("an offer for `{}` does not hold and is left out: {}", offer.request_id,
                     message_of(holds)));
  }
  return parts_.book.add(gateway(), kept);
}

absl::Status Dialogue::on_notice(const wire::Notice& notice) {
  LS_ASSIGN(const auto key, crypto::VerifyKey::from_jwk(parts_.ticket.gateway_jwk));
  const auto jws = crypto::verify_jws(notice.decision, wire::kTypDecision, key);
  const auto decision =
      jws.ok() ? wire::decode_decision(jws->payload) : absl::StatusOr<wire::Decision>(jws.status());
  if (!decision.ok()) {
    warn(fmt::format("an answer does not hold and is left out: {}", message_of(decision.status())));
    return absl::OkStatus();
  }
  LS_ASSIGN(const auto kept, parts_.book.request(gateway(), decision->request_id));
  if (!kept || crypto::sha256_hex(kept->jws) != decision->request_sha256) return absl::OkStatus();
  link_->stop_repeating(kept->id);
  // `closed` is the last word; an older one may come after it.
  if (kept->state == "closed") return absl::OkStatus();
  return parts_.book.set_state(kept->id, decision->state, decision->reason);
}

absl::Status Dialogue::on_receipt_taken(const wire::ReceiptTaken& taken) {
  LS_ASSIGN(const std::vector<KeptOffer> offers, parts_.book.offers(gateway(), ""));
  for (const KeptOffer& kept : offers) {
    if (kept.delivery_sha256 != taken.delivery_sha256 || kept.state != OfferState::received)
      continue;
    LS_RETURN_IF_ERROR(parts_.book.set_state(kept, OfferState::done));
  }
  return absl::OkStatus();
}

absl::Status Dialogue::revoke(const std::vector<std::string>& transfers) {
  if (transfers.empty()) return absl::OkStatus();
  LS_ASSIGN(const std::vector<KeptOffer> offers, parts_.book.offers(gateway(), ""));
  for (const KeptOffer& kept : offers) {
    const bool named = std::any_of(kept.offer.transfers.begin(), kept.offer.transfers.end(),
                                   [&transfers](const auto& transfer) {
                                     return std::find(transfers.begin(), transfers.end(),
                                                      transfer.id) != transfers.end();
                                   });
    if (!named || kept.state != OfferState::offered) continue;
    LS_RETURN_IF_ERROR(parts_.book.set_state(kept, OfferState::revoked));
  }
  return absl::OkStatus();
}

}  // namespace latchstring::requester
