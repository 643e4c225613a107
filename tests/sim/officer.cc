#include "tests/sim/officer.h"

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "gateway/proof/tlog_proof.h"
#include "gateway/wire/envelope.h"

namespace latchstring::sim {

Bytes Officer::seal(std::uint64_t seq, wire::Command command) {
  wire::Control control;
  control.common = out_.world.common(out_.keys.key, kGateway, out_.clock.true_now(), days{60});
  control.seq = seq;
  control.command = std::move(command);
  auto sealed = wire::seal_message(out_.keys.key, wire::kTypControl, wire::encode(control),
                                   {out_.world.inbox.recipient()});
  ensure(sealed.ok());
  return *std::move(sealed);
}

void Officer::say(wire::Command command) {
  const std::uint64_t seq = next_seq_++;
  Bytes sealed = seal(seq, std::move(command));
  unacknowledged_[seq] = sealed;
  out_box_.add(seq, std::move(sealed));
  plan(out_.schedule.now());
}

void Officer::submit(const wire::Request& request) {
  const std::string compact = out_.world.sign(out_.keys, request);
  Truth::Asked& asked = out_.truth.asked[request.id];
  asked.officer = &out_.keys;
  asked.request = request;
  asked.sha256 = crypto::sha256_hex(compact);
  auto sealed = wire::seal_jws(compact, {out_.world.inbox.recipient()});
  ensure(sealed.ok());
  requests_[request.id] = {*std::move(sealed), out_.schedule.now()};
  plan(out_.schedule.now());
}

void Officer::cancel(const std::string& request) {
  say(wire::Cancel{request});
}

void Officer::set_online(bool online) {
  if (online_ == online) return;
  online_ = online;
  if (!online) return;
  out_box_.restart();
  for (auto& [key, offered] : offered_) {
    for (Fetch& fetch : offered.files) {
      if (fetch.receiver != nullptr) fetch.receiver->on_reconnect();
    }
  }
  say(wire::Hello{out_.keys.credential, {1}, 0, out_.keys.peer.device});
}

// What was on the disk is read again.
void Officer::crash() {
  out_box_ = link::ReliableOut();
  for (const auto& [seq, sealed] : unacknowledged_) out_box_.add(seq, sealed);
  for (auto& [key, offered] : offered_) {
    for (Fetch& fetch : offered.files) {
      if (fetch.whole) continue;
      fetch.part->crash();
      auto opened = link::Receiver::open(fetch.file, *fetch.part);
      ensure(opened.ok());
      fetch.receiver = *std::move(opened);
    }
  }
  online_ = false;
  set_online(true);
}

void Officer::on_message(const Bytes& bytes) {
  if (!online_) return;
  plan(out_.schedule.now());
  if (wire::kind_of(bytes) == wire::Kind::data) return on_data(bytes);
  const auto control =
      wire::open_control(bytes, out_.keys.identity, out_.world.gateway.verify_key(),
                         out_.keys.thumbprint, out_.clock.true_now());
  if (!control.ok()) return;
  if (const auto* ack = std::get_if<wire::Ack>(&control->command)) {
    out_box_.acknowledge(ack->acked);
    unacknowledged_.erase(ack->acked);
    return;
  }
  if (!seen_.taken(control->seq)) {
    take(*control);
    seen_.take(control->seq);
  }
  out_.transmit(seal(0, wire::Ack{control->seq}));
}

void Officer::take(const wire::Control& control) {
  if (const auto* offer = std::get_if<wire::Offer>(&control.command)) return on_offer(*offer);
  if (const auto* revoke = std::get_if<wire::Revoke>(&control.command)) return on_revoke(*revoke);
  if (const auto* resend = std::get_if<wire::Resend>(&control.command)) {
    for (auto& [key, offered] : offered_) {
      for (Fetch& fetch : offered.files) {
        const bool ours = wire::to_text(fetch.file.id) == resend->transfer;
        if (ours && fetch.receiver != nullptr) fetch.receiver->on_resend(*resend);
      }
    }
  } else if (const auto* notice = std::get_if<wire::Notice>(&control.command)) {
    const auto jws =
        crypto::verify_jws(notice->decision, wire::kTypDecision, out_.world.gateway.verify_key());
    ensure(jws.ok());
    const auto decision = wire::decode_decision(jws->payload);
    ensure(decision.ok());
    notices_[{decision->request_id, decision->state}] = notice->decision;
    requests_.erase(decision->request_id);
  }
}

// Sizes, hashes and the ledger's proof, as any requester can check them with its ticket.
void Officer::check_offer(const wire::Offer& offer) {
  const auto jws =
      crypto::verify_jws(offer.delivery, wire::kTypDelivery, out_.world.gateway.verify_key());
  ensure(jws.ok());
  const auto delivery = wire::decode_delivery(jws->payload);
  ensure(delivery.ok() && delivery->files.size() == offer.transfers.size());
  const auto key = proof::NoteKey::make(fmt::format("{}/latchstring/log1", kGateway),
                                        out_.world.ledger.verify_key());
  ensure(key.ok());
  const auto proven =
      proof::verify_tlog_proof(offer.ledger_proof, *key, proof::leaf_hash(as_bytes(offer.leaf)));
  if (!proven.ok() || offer.leaf.find(crypto::sha256_hex(offer.delivery)) == std::string::npos) {
    throw Violation("the ledger's proof of a release verifies", offer.request_id);
  }
}

void Officer::on_offer(const wire::Offer& offer) {
  check_offer(offer);
  const std::string delivery = crypto::sha256_hex(offer.delivery);
  seen_deliveries_.insert(delivery);
  Offered& offered = offered_[{delivery, offer.part}];
  if (!offered.files.empty()) return;
  offered.offer = offer;
  for (const auto& transfer : offer.transfers) {
    auto file = link::incoming_from(transfer);
    ensure(file.ok());
    Fetch fetch;
    fetch.file = *file;
    fetch.part = std::make_unique<ForgetfulPart>();
    auto receiver = link::Receiver::open(fetch.file, *fetch.part, 4 + out_.random.below(30));
    ensure(receiver.ok());
    fetch.receiver = *std::move(receiver);
    offered.files.push_back(std::move(fetch));
  }
}

void Officer::on_revoke(const wire::Revoke& revoke) {
  for (auto offered = offered_.begin(); offered != offered_.end();) {
    bool ours = false;
    for (const Fetch& fetch : offered->second.files) {
      for (const std::string& id : revoke.transfers) ours |= id == wire::to_text(fetch.file.id);
    }
    offered = ours ? offered_.erase(offered) : std::next(offered);
  }
}

void Officer::on_data(const Bytes& bytes) {
  const auto data = wire::decode_data(bytes);
  ensure(data.ok());
  for (auto& [key, offered] : offered_) {
    for (Fetch& fetch : offered.files) {
      if (fetch.receiver == nullptr || fetch.file.id != data->transfer || fetch.whole) continue;
      const absl::Status stored = fetch.receiver->on_data(*data, out_.schedule.now());
      const bool refused = absl::IsInvalidArgument(stored) || absl::IsPermissionDenied(stored);
      ensure(stored.ok() || refused);
      if (!fetch.receiver->complete()) continue;
      const absl::Status checked = fetch.receiver->check_whole();
      if (!checked.ok()) {
        throw Violation("a chunk is checked before it is stored", message_of(checked));
      }
      fetch.whole = true;
      check_file(fetch, offered.offer.request_id);
    }
    finish_if_whole(offered);
  }
}

void Officer::check_file(const Fetch& fetch, const std::string& request) {
  const Bytes sealed = fetch.part->bytes();
  const auto plain = crypto::age::open(sealed, out_.keys.identity, 4'000'000);
  const std::string sha256 = crypto::to_hex(fetch.file.sha256);
  const Bytes& expected = out_.plain_of(sha256);
  if (!plain.ok() || crypto::to_hex(crypto::sha256(sealed)) != sha256 ||
      !std::equal(expected.begin(), expected.end(), plain->view().begin(), plain->view().end())) {
    throw Violation("what is delivered opens and is what was sealed", request);
  }
  // Taken back or not is judged where it leaves; what came late may still have left in time.
  if (!out_.truth.last_left.contains(wire::to_text(fetch.file.id))) {
    throw Violation("no file is completed whose last index was held back", request);
  }
}

void Officer::finish_if_whole(Offered& offered) {
  if (offered.done_sent) return;
  for (const Fetch& fetch : offered.files) {
    if (!fetch.whole) return;
  }
  offered.done_sent = true;
  ++completed_;
  wire::Receipt receipt;
  receipt.common = out_.world.common(out_.keys.key, kGateway, out_.clock.true_now(), days{90});
  receipt.delivery_sha256 = crypto::sha256_hex(offered.offer.delivery);
  say(wire::Done{crypto::sign_jws(out_.keys.key, wire::kTypReceipt, wire::encode(receipt))});
}

Bytes Officer::sealed_done(const std::string& delivery_sha256) {
  wire::Receipt receipt;
  receipt.common = out_.world.common(out_.keys.key, kGateway, out_.clock.true_now(), days{90});
  receipt.delivery_sha256 = delivery_sha256;
  return seal(next_seq_++, wire::Done{crypto::sign_jws(out_.keys.key, wire::kTypReceipt,
                                                       wire::encode(receipt))});
}

// Claims to hold all but the last index, or asks for that one alone.
void Officer::lie(const Fetch& fetch) {
  wire::Get get;
  get.transfer = fetch.file.id;
  get.counter = 1'000'000;
  get.base = fetch.file.chunks - 1;
  get.bitmap = out_.random.chance(0.5) ? 1 : ~std::uint64_t{0};
  out_.faults.count(fetch.file.chunks > 1 && fetch.receiver->stored().count() == 0
                        ? "officer takes an early last index"
                        : "officer lies about what it has");
  out_.transmit(wire::encode(get));
}

// As our own requester does it: the last indices when all else of the piece, as far as it is known,
// is here.
bool Officer::comes_later(const wire::Offer& offer, const Fetch& fetch) const {
  if (out_.liar || !fetch.receiver->all_but_last()) return false;
  for (const auto& [key, other] : offered_) {
    const bool same =
        other.offer.request_id == offer.request_id && other.offer.piece == offer.piece;
    for (const Fetch& each : other.files) {
      if (same && !each.whole && !each.receiver->all_but_last()) return true;
    }
  }
  return false;
}

bool Officer::busy() const {
  if (!requests_.empty()) return true;
  for (const auto& [key, offered] : offered_) {
    for (const Fetch& fetch : offered.files) {
      if (!fetch.whole) return true;
    }
  }
  return false;
}

void Officer::wake() {
  if (!online_) return;
  const Duration now = out_.schedule.now();
  for (const auto* message : out_box_.due(now)) out_.transmit(message->sealed);
  for (auto& [id, request] : requests_) {
    if (now < request.second) continue;
    out_.transmit(request.first);
    request.second = now + out_.random.between(minutes{1}, hours{2});
  }
  Duration next = out_box_.next_due().value_or(Duration::max());
  for (const auto& [id, request] : requests_) next = std::min(next, request.second);
  for (auto& [key, offered] : offered_) {
    for (Fetch& fetch : offered.files) {
      if (fetch.whole || comes_later(offered.offer, fetch)) continue;
      if (out_.liar && out_.random.chance(0.3)) lie(fetch);
      while (const auto get = fetch.receiver->next_get(now)) out_.transmit(wire::encode(*get));
      next = std::min(next, fetch.receiver->wake_at());
    }
  }
  next_wake_ = Duration::max();
  if (next != Duration::max()) plan(std::max(next, now + milliseconds{20}));
}

void Officer::plan(Duration when) {
  if (!online_ || when >= next_wake_) return;
  next_wake_ = when;
  out_.schedule.at(when, [this, token = ++wake_token_] {
    if (token == wake_token_) wake();
  });
}

}  // namespace latchstring::sim
