// The post office's files: each GET answered, what was sent kept, offers served and taken back.
#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/daemon/post.h"
#include "gateway/wire/data.h"

namespace latchstring::daemon {
namespace {

wire::TransferId transfer_id_of(std::string_view text) {
  const auto id = wire::transfer_id_from(text);
  ensure(id.ok());  // the docket drew it
  return *id;
}

crypto::Hash hash_of(std::string_view hex) {
  crypto::Hash hash{};
  const auto bytes = crypto::from_hex(hex);
  ensure(bytes.ok() && bytes->size() == hash.size());
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

}  // namespace

void Post::on_get(const wire::Peer& peer, const Bytes& bytes) {
  const auto get = wire::decode_get(bytes);
  if (!get.ok()) return strangers_.count(get.status());
  complain("a chunk was not sent",
           answer_get(peer, *get, sender_.on_get(peer, *get, parts_.clock.now())));
}

absl::Status Post::answer_get(const wire::Peer& peer, const wire::Get& get,
                              const link::Sender::Answer& answer) {
  if (std::holds_alternative<link::Sender::Nothing>(answer) || link_ == nullptr) {
    return absl::OkStatus();
  }
  if (const auto* serve = std::get_if<link::Sender::Serve>(&answer)) {
    for (const wire::TransferId& first : serve->store_first) LS_RETURN_IF_ERROR(store_sent(first));
    // False: the queue is full; the requester asks again.
    [[maybe_unused]] const bool queued = link_->send_data(peer, get.transfer, serve->indices);
    return absl::OkStatus();
  }
  LS_ASSIGN(const trust::Arrival arrival, arrival_of(peer));
  LS_ASSIGN(const trust::Officer officer, officer_of(peer, arrival));
  const state::Addressee to{peer, officer.thumbprint, officer.credential.recipients,
                            officer.credential.common.iat};
  if (const auto* resend = std::get_if<link::Sender::Resend>(&answer)) {
    return send_once(to,
                     wire::Resend{wire::to_text(resend->transfer), resend->base, resend->bitmap});
  }
  return send_once(to, wire::Revoke{{wire::to_text(get.transfer)}});
}

void Post::on_sent(const wire::TransferId& transfer, const std::vector<std::uint64_t>& indices) {
  sender_.mark_sent(transfer, indices);
}

void Post::on_broken(const wire::TransferId& transfer, const absl::Status& why) {
  const auto served = served_.find(transfer);
  if (served == served_.end() || revoked_.contains(transfer)) return;
  // Out of descriptors or memory says nothing of the file: the requester asks again.
  if (absl::IsResourceExhausted(why)) return;
  const auto [request, piece] = served->second;
  parts_.on_step(parts_.docket.apply(
      request, release::event::WorkFailed{piece, std::string(message_of(why)), false, true}));
}

absl::Status Post::store_sent(const wire::TransferId& id) {
  LS_RETURN_IF_ERROR(
      parts_.docket.transfers().save_sent(wire::to_text(id), sender_.sent_of(id)->bytes()));
  sender_.stored(id);
  return absl::OkStatus();
}

void Post::store_bitmaps() {
  absl::Status stored;
  for (const wire::TransferId& id : sender_.changed()) {
    stored = store_sent(id);
    if (!stored.ok()) break;  // it stays changed: before a last index leaves it is tried again
  }
  if (!store_failed_) complain("cannot store what was sent", stored);
  store_failed_ = !stored.ok();
}

void Post::forget_ended() {
  const auto ended = parts_.docket.transfers().remove_ended(parts_.clock.now());
  if (!ended.ok()) return complain("cannot forget what was taken back", ended.status());
  for (const std::string& text : *ended) {
    const wire::TransferId id = transfer_id_of(text);
    drop(id);
    served_.erase(id);
  }
}

void Post::serve(const state::Transfer& transfer) {
  const wire::TransferId id = transfer_id_of(transfer.id);
  auto sent = link::Bitmap::from_bytes(transfer.chunks, transfer.sent);
  if (!sent.ok()) {
    return parts_.on_trouble(fmt::format("transfer of `{}` is damaged: {}", transfer.request,
                                         message_of(sent.status())));
  }
  sender_.add(id, fmt::format("{} {}", transfer.request, transfer.piece), transfer.peer,
              *std::move(sent), transfer.expires,
              transfer.revoked ? link::Mode::revoked
              : suspended_     ? link::Mode::suspended
                               : link::Mode::live);
  served_[id] = {transfer.request, transfer.piece};
  if (transfer.revoked) revoked_.insert(id);
  if (link_ != nullptr && !transfer.revoked && !suspended_) {
    link_->add_file(id, transfer.path, hash_of(transfer.merkle_root));
  }
}

// What was offered to this device in a mailbox that is gone is served in its new one.
void Post::follow_files(const wire::Peer& peer) {
  store_bitmaps();
  const auto transfers = parts_.docket.transfers().all();
  if (!transfers.ok()) return complain("cannot read what is on offer", transfers.status());
  for (const state::Transfer& transfer : *transfers) {
    const wire::TransferId id = transfer_id_of(transfer.id);
    if (transfer.peer != peer || !served_.contains(id)) continue;
    drop(id);
    serve(transfer);
  }
}

void Post::withdraw(const std::string& request, int piece) {
  for (const auto& [id, of] : served_) {
    if (of != std::pair{request, piece}) continue;
    if (link_ != nullptr) link_->forget(id);
    sender_.set_mode(id, link::Mode::revoked);
    revoked_.insert(id);
  }
}

void Post::forget(const std::string& request, int piece) {
  for (auto served = served_.begin(); served != served_.end();) {
    if (served->second != std::pair{request, piece}) {
      ++served;
      continue;
    }
    drop(served->first);
    served = served_.erase(served);
  }
}

void Post::drop(const wire::TransferId& transfer) {
  if (link_ != nullptr) link_->forget(transfer);
  sender_.remove(transfer);
  revoked_.erase(transfer);
}

void Post::suspend(bool suspended) {
  if (suspended_ == suspended) return;
  suspended_ = suspended;
  for (const auto& [id, of] : served_) {
    if (revoked_.contains(id)) continue;
    sender_.set_mode(id, suspended ? link::Mode::suspended : link::Mode::live);
    // What was asked for before, and waits in the link's queue, does not leave either.
    if (suspended && link_ != nullptr) link_->forget(id);
  }
  if (!suspended) give_files_back();
}

void Post::give_files_back() {
  const auto transfers = parts_.docket.transfers().all();
  if (!transfers.ok()) return complain("cannot read what is on offer", transfers.status());
  for (const state::Transfer& transfer : *transfers) {
    const wire::TransferId id = transfer_id_of(transfer.id);
    if (link_ == nullptr || transfer.revoked || !served_.contains(id)) continue;
    link_->add_file(id, transfer.path, hash_of(transfer.merkle_root));
  }
}

}  // namespace latchstring::daemon
