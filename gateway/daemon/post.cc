#include "gateway/daemon/post.h"

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "gateway/wire/envelope.h"

namespace latchstring::daemon {
namespace {

constexpr Duration kDay = std::chrono::days{1};

std::string sent_too_many(std::string_view agency) {
  return fmt::format("`{}` sent more than {} requests within a day; what is beyond is not heard",
                     agency, state::kRequestsPerDayMax);
}

// What was sent to us was right; what failed since is ours, and no stranger is counted for it.
absl::Status ours(const absl::Status& status) {
  return status.ok() ? status : internal("{}", message_of(status));
}

}  // namespace

Post::Post(Parts parts) : parts_(std::move(parts)) {}

void Post::on_message(const wire::Peer& peer, const Bytes& bytes) {
  switch (wire::kind_of(bytes)) {
    case wire::Kind::get:
      return on_get(peer, bytes);
    case wire::Kind::sealed:
      return on_sealed(peer, bytes);
    case wire::Kind::data:
    case wire::Kind::unknown:
      strangers_.count(invalid("not a message of this protocol"));
  }
}

absl::StatusOr<trust::Arrival> Post::arrival_of(const wire::Peer& peer) const {
  LS_ASSIGN(const trust::Mailbox mailbox, parts_.mailboxes.find(peer.mailbox));
  return trust::Arrival{parts_.gateway_id, mailbox.agency, parts_.clock.now(),
                        parts_.clock.is_right(), peer.device};
}

void Post::on_sealed(const wire::Peer& peer, const Bytes& bytes) {
  const auto handle = [&]() -> absl::Status {
    LS_ASSIGN(const trust::Arrival arrival, arrival_of(peer));
    LS_ASSIGN(const std::string compact, wire::open_message(bytes, parts_.inbox));
    LS_ASSIGN(const crypto::Jws peeked, crypto::peek_jws(compact));
    if (peeked.typ == wire::kTypRequest) return on_request(peer, arrival, compact);
    if (peeked.typ != wire::kTypControl) return invalid("not a message for a gateway");
    // Only HELLO shows who signs: everything else is checked under the key that HELLO showed.
    LS_ASSIGN(const wire::Control claimed, wire::decode_control(peeked.payload));
    return std::holds_alternative<wire::Hello>(claimed.command)
               ? on_hello(peer, arrival, compact)
               : on_control(peer, arrival, compact);
  };
  const absl::Status status = handle();
  const bool theirs = absl::IsInvalidArgument(status) || absl::IsPermissionDenied(status) ||
                      absl::IsNotFound(status);
  if (theirs) return strangers_.count(status);
  complain("a message was not handled", status);
}

void Post::complain(std::string_view what, const absl::Status& status) {
  if (!status.ok()) parts_.on_trouble(fmt::format("{}: {}", what, message_of(status)));
}

absl::Status Post::on_request(const wire::Peer& peer, const trust::Arrival& arrival,
                              std::string_view compact) {
  const trust::Verifier verifier(parts_.database);
  LS_ASSIGN(const trust::Verified verified,
            verifier.verify_request(compact, parts_.docket.agencies(), arrival));
  // Who forwards another officer's request gets no answer, and does not take theirs: answers go to
  // the device that the request came from.
  LS_RETURN_IF_ERROR(parts_.mailboxes.check_shown(peer, verified.officer.thumbprint));
  // A checkpoint of ours that the tree does not continue: from then on nothing is signed.
  if (!verified.request.checkpoint.empty()) {
    complain("a requester's checkpoint", parts_.ledger.check_seen(verified.request.checkpoint));
  }
  auto received = parts_.docket.receive(verified, peer);
  LS_RETURN_IF_ERROR(ours(received.status()));
  if (!received->answer.ok()) return refuse_more(verified.officer.agency, received->answer);
  parts_.on_step(*std::move(received));
  if (verified.repeat) return absl::OkStatus();
  // Only now, with `received` committed and posted, is it judged.
  parts_.on_step(parts_.docket.apply(verified.request.id, release::event::Reconsider{}));
  return absl::OkStatus();
}

absl::Status Post::on_hello(const wire::Peer& peer, const trust::Arrival& arrival,
                            std::string_view compact) {
  const trust::Verifier verifier(parts_.database);
  LS_ASSIGN(const trust::VerifiedHello hello,
            verifier.verify_hello(compact, parts_.docket.agencies(), arrival));
  LS_ASSIGN(const bool is_new, remember(hello, peer));
  if (!is_new) return ours(answer_replay(hello, peer));
  answer_hello(hello, peer);
  return absl::OkStatus();
}

// Which officer the device is. A replay changes nothing, not even when it was seen last.
absl::StatusOr<bool> Post::remember(const trust::VerifiedHello& hello, const wire::Peer& peer) {
  const trust::Officer& officer = hello.officer;
  LS_ASSIGN(store::Transaction transaction, parts_.database.begin());
  LS_ASSIGN(const auto known, parts_.mailboxes.device(peer));
  const absl::Status seen =
      parts_.mailboxes.saw({peer, officer.thumbprint, officer.credential_jws, parts_.clock.now()});
  if (absl::IsFailedPrecondition(seen)) return refuse_new_officer(peer.mailbox, seen);
  LS_RETURN_IF_ERROR(seen);
  LS_ASSIGN(const bool is_new,
            parts_.docket.mail().is_new(officer.thumbprint, peer.device, hello.control.seq,
                                        hello.control.common.iat));
  if (!is_new) return false;
  if (!known) {
    state::Mail& mail = parts_.docket.mail();
    LS_RETURN_IF_ERROR(ours(mail.forget_devices(peer.mailbox, officer.thumbprint)));
    LS_RETURN_IF_ERROR(ours(mail.follow(peer, officer.thumbprint, officer.agency)));
  }
  LS_RETURN_IF_ERROR(ours(transaction.commit()));
  if (!known) {
    forget_unknown(peer.mailbox);
    follow_files(peer);
  }
  return true;
}

// Their letters stay in the database, until they say HELLO again.
void Post::forget_unknown(std::string_view mailbox) {
  std::erase_if(letters_, [&](const auto& one) {
    if (one.first.mailbox != mailbox) return false;
    const auto device = parts_.mailboxes.device(one.first);
    return device.ok() && !*device;
  });
}

// Counted like all that is denied. Why, the household can learn only here.
absl::Status Post::refuse_new_officer(const std::string& mailbox, const absl::Status& why) {
  if (full_.insert(mailbox).second) {
    parts_.on_trouble(
        fmt::format("{}; ask the agency why; `latchstring agency remove` and `agency add` make it a"
                    " new mailbox",
                    message_of(why)));
  }
  return denied("{}", message_of(why));
}

// Counted like all that is denied; the requester repeats it, and is heard when the day is over.
absl::Status Post::refuse_more(const std::string& agency, const absl::Status& why) {
  const Duration now = parts_.clock.steady();
  const auto [last, first] = sent_too_many_.try_emplace(agency, now);
  if (first || now - last->second >= kDay) parts_.on_trouble(sent_too_many(agency));
  last->second = now;
  return denied("{}", message_of(why));
}

std::vector<std::string> Post::warnings() const {
  std::vector<std::string> warnings;
  for (const auto& [agency, last] : sent_too_many_) {
    if (parts_.clock.steady() - last < kDay) warnings.push_back(sent_too_many(agency));
  }
  return warnings;
}

// Each by itself: a ledger that fails keeps no letter back.
void Post::answer_hello(const trust::VerifiedHello& hello, const wire::Peer& peer) {
  const state::Addressee to{peer, hello.officer.thumbprint, hello.officer.credential.recipients,
                            hello.control.common.iat};
  complain("HELLO is not answered", send_once(to, wire::Ack{hello.control.seq}));
  complain("STATE is not sent", send_state(to, std::get<wire::Hello>(hello.control.command)));
  letters_[peer].out.restart();
  deliver(peer);
  // Gifts to this agency are made for whoever comes first.
  parts_.on_step(parts_.docket.meet(hello.officer, peer));
}

// Who missed our ACK repeats the same bytes; so may anybody who took them from the wire. Whoever
// misses STATE says a new HELLO.
absl::Status Post::answer_replay(const trust::VerifiedHello& hello, const wire::Peer& peer) {
  const Duration now = parts_.clock.steady();
  if (replay_answered_.size() >= kReplaysMax) replay_answered_.clear();
  const auto [last, first] = replay_answered_.try_emplace(peer, now);
  if (!first && now < last->second + link::kAnswerEvery) return absl::OkStatus();
  last->second = now;
  return send_once({peer, hello.officer.thumbprint, hello.officer.credential.recipients,
                    hello.control.common.iat},
                   wire::Ack{hello.control.seq});
}

absl::Status Post::send_state(const state::Addressee& to, const wire::Hello& hello) {
  LS_ASSIGN(auto live, parts_.docket.transfers().live(to.peer, to.officer, wire::kTransfersMax));
  wire::State state;
  state.offers = std::move(live.offered);
  state.revoked = std::move(live.revoked);
  LS_ASSIGN(const auto daily, parts_.ledger.newest(ledger::Audience::daily));
  if (daily) {
    state.checkpoint = daily->note;
    if (hello.tree_size > 0 && hello.tree_size <= daily->size) {
      LS_ASSIGN(const auto proof, parts_.ledger.consistency(hello.tree_size, daily->size));
      for (const crypto::Hash& hash : proof) state.consistency.push_back(crypto::to_hex(hash));
    }
  }
  return send_once(to, state);
}

absl::StatusOr<trust::Officer> Post::officer_of(const wire::Peer& peer,
                                                const trust::Arrival& arrival) const {
  LS_ASSIGN(const auto device, parts_.mailboxes.device(peer));
  if (!device) return denied("this device has not said HELLO");
  const trust::Verifier verifier(parts_.database);
  return verifier.verify_credential(device->credential_jws, parts_.docket.agencies(), arrival);
}

absl::Status Post::on_control(const wire::Peer& peer, const trust::Arrival& arrival,
                              std::string_view compact) {
  LS_ASSIGN(const trust::Officer officer, officer_of(peer, arrival));
  const trust::Verifier verifier(parts_.database);
  LS_ASSIGN(const wire::Control control, verifier.verify_control(compact, officer.key, arrival));
  if (const auto* ack = std::get_if<wire::Ack>(&control.command)) {
    LS_RETURN_IF_ERROR(parts_.docket.mail().acknowledge(peer, ack->acked));
    letters_[peer].out.acknowledge(ack->acked);
    deliver(peer);  // the window may have moved
    return absl::OkStatus();
  }
  if (const auto* done = std::get_if<wire::Done>(&control.command)) {
    LS_RETURN_IF_ERROR(on_done(officer, arrival, *done));
  } else if (const auto* cancel = std::get_if<wire::Cancel>(&control.command)) {
    LS_RETURN_IF_ERROR(on_cancel(officer, *cancel));
  } else {
    return invalid("not a message for a gateway");
  }
  // Both may be handled twice without harm, so the ACK may come after them.
  return ours(
      send_once({peer, officer.thumbprint, officer.credential.recipients, control.common.iat},
                wire::Ack{control.seq}));
}

absl::Status Post::on_done(const trust::Officer& officer, const trust::Arrival& arrival,
                           const wire::Done& done) {
  LS_ASSIGN(const crypto::Jws peeked, crypto::peek_jws(done.receipt));
  LS_ASSIGN(const wire::Receipt claimed, wire::decode_receipt(peeked.payload));
  const trust::Verifier verifier(parts_.database);
  LS_RETURN_IF_ERROR(
      verifier.verify_receipt(done.receipt, officer.key, claimed.delivery_sha256, arrival)
          .status());
  LS_ASSIGN(state::Step step,
            parts_.docket.store_receipt(officer.thumbprint, claimed.delivery_sha256, done.receipt));
  parts_.on_step(std::move(step));
  return absl::OkStatus();
}

absl::Status Post::on_cancel(const trust::Officer& officer, const wire::Cancel& cancel) {
  LS_ASSIGN(const state::StoredRequest request, parts_.docket.find(cancel.request_id));
  if (request.origin.officer != officer.thumbprint) {
    return denied("request `{}` is another officer's", cancel.request_id);
  }
  auto cancelled = parts_.docket.apply(cancel.request_id, release::event::Cancelled{});
  LS_RETURN_IF_ERROR(ours(cancelled.status()));  // no ACK: the sender repeats it
  parts_.on_step(*std::move(cancelled));
  return absl::OkStatus();
}

absl::Status Post::send_once(const state::Addressee& to, const wire::Command& command) {
  auto sealed = parts_.docket.mail().seal_once(to, command, parts_.clock.now());
  // Not now, or not connected: the peer asks again.
  if (absl::IsUnavailable(sealed.status())) return absl::OkStatus();
  LS_RETURN_IF_ERROR(sealed.status());
  if (link_ != nullptr) (void)link_->send_control(to.peer, *sealed);
  return absl::OkStatus();
}

void Post::deliver(const wire::Peer& peer) {
  // Requests outlive their mailbox, and their device. Who is not known cannot acknowledge.
  const auto device = parts_.mailboxes.device(peer);
  if (device.ok() && !*device) return;
  Letters& held = letters_[peer];
  const auto letters = parts_.docket.mail().pending(peer, held.loaded);
  if (!letters.ok()) return complain("cannot read the mail", letters.status());
  for (const state::Letter& letter : *letters) {
    held.out.add(letter.seq, letter.sealed);
    held.loaded = letter.seq;
  }
  send_due(peer, held.out);
}

void Post::deliver_all() {
  const auto peers = parts_.docket.mail().peers();
  if (!peers.ok()) return;
  for (const wire::Peer& peer : *peers) deliver(peer);
}

void Post::send_due(const wire::Peer& peer, link::ReliableOut& out) {
  if (link_ == nullptr || !link_->up()) return;
  for (const link::ReliableOut::Message* message : out.due(parts_.clock.steady())) {
    [[maybe_unused]] const bool sent = link_->send_control(peer, message->sealed);
  }
}

void Post::repeat_due() {
  for (auto& [peer, held] : letters_) send_due(peer, held.out);
}

void Post::restart_all() {
  for (auto& [peer, held] : letters_) held.out.restart();
  repeat_due();
}

void Post::forget_mailbox(std::string_view mailbox) {
  full_.erase(std::string(mailbox));
  std::erase_if(letters_, [&](const auto& one) { return one.first.mailbox == mailbox; });
}

}  // namespace latchstring::daemon
