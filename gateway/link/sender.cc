#include "gateway/link/sender.h"

#include <algorithm>

#include "gateway/base/ensure.h"

namespace latchstring::link {
namespace {

// The indices that a GET wants, of those that exist.
std::vector<std::uint64_t> wanted_by(const wire::Get& get, std::uint64_t chunks) {
  std::vector<std::uint64_t> indices;
  for (std::uint64_t k = 0; k < wire::kGetWindow; ++k) {
    if ((get.bitmap >> k & 1) == 0) continue;
    if (get.base >= chunks || k >= chunks - get.base) break;
    indices.push_back(get.base + k);
  }
  return indices;
}

// Every index but the last one is marked.
bool all_others(const Bitmap& sent) {
  const std::uint64_t last = sent.size() - 1;
  return sent.count() - (sent.test(last) ? 1 : 0) == last;
}

Sender::Resend unsent_of(const Bitmap& sent, const wire::TransferId& id) {
  Sender::Resend resend{id, sent.first_clear(), 0};
  const std::uint64_t last = sent.size() - 1;
  for (std::uint64_t k = 0; k < wire::kGetWindow && resend.base + k < last; ++k) {
    if (!sent.test(resend.base + k)) resend.bitmap |= std::uint64_t{1} << k;
  }
  return resend;
}

}  // namespace

void Sender::add(const wire::TransferId& id, const std::string& piece, const wire::Peer& peer,
                 Bitmap sent, Instant expires, Mode mode) {
  ensure(sent.size() > 0);
  Transfer& transfer = transfers_[id] = Transfer{};
  transfer.piece = piece;
  transfer.peer = peer;
  transfer.sent = std::move(sent);
  transfer.expires = expires;
  transfer.mode = mode;
}

void Sender::set_mode(const wire::TransferId& id, Mode mode) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  // Invariant: what was revoked stays revoked.
  if (found->second.mode != Mode::revoked) found->second.mode = mode;
}

void Sender::remove(const wire::TransferId& id) {
  transfers_.erase(id);
}

Sender::Answer Sender::on_get(const wire::Peer& peer, const wire::Get& get, Instant now) {
  const auto found = transfers_.find(get.transfer);
  if (found == transfers_.end() || found->second.peer != peer) return Nothing{};
  Transfer& transfer = found->second;
  switch (transfer.mode) {
    case Mode::suspended:
      return Nothing{};
    case Mode::revoked:
      if (now < transfer.answered + kAnswerEvery) return Nothing{};
      transfer.answered = now;
      return Revoked{};
    case Mode::live:
      return now < transfer.expires ? serve(transfer, get, now) : Answer{Nothing{}};
  }
  return Nothing{};
}

Sender::Answer Sender::serve(Transfer& transfer, const wire::Get& get, Instant now) const {
  Serve answer{wanted_by(get, transfer.sent.size()), {}};
  if (answer.indices.empty()) return Nothing{};
  const std::uint64_t last = transfer.sent.size() - 1;
  if (answer.indices.back() != last) return answer;
  const std::optional<Resend> resend = missing(transfer, get.transfer);
  if (!resend) {
    answer.store_first = unstored(transfer.piece);
    return answer;
  }
  // Held back: no age header leaves before the rest of all files.
  answer.indices.pop_back();
  return answer.indices.empty() ? ask_again(transfer, *resend, now) : Answer{answer};
}

// What of the piece was not sent yet, but for the last indices; of `id` first.
std::optional<Sender::Resend> Sender::missing(const Transfer& transfer,
                                              const wire::TransferId& id) const {
  if (!all_others(transfer.sent)) return unsent_of(transfer.sent, id);
  for (const auto& [other_id, other] : transfers_) {
    if (other.piece == transfer.piece && !all_others(other.sent)) {
      return unsent_of(other.sent, other_id);
    }
  }
  return std::nullopt;
}

std::vector<wire::TransferId> Sender::unstored(const std::string& piece) const {
  std::vector<wire::TransferId> ids;
  for (const auto& [id, transfer] : transfers_) {
    if (transfer.piece == piece && transfer.changed) ids.push_back(id);
  }
  return ids;
}

Sender::Answer Sender::ask_again(Transfer& transfer, const Resend& resend, Instant now) {
  if (resend == transfer.last_resend && now < transfer.answered + kAnswerEvery) return Nothing{};
  transfer.answered = now;
  transfer.last_resend = resend;
  return resend;
}

void Sender::mark_sent(const wire::TransferId& id, const std::vector<std::uint64_t>& indices) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  for (const std::uint64_t index : indices) {
    if (found->second.sent.test(index)) continue;
    found->second.sent.set(index);
    found->second.changed = true;
  }
}

std::vector<wire::TransferId> Sender::changed() const {
  std::vector<wire::TransferId> changed;
  for (const auto& [id, transfer] : transfers_) {
    if (transfer.changed) changed.push_back(id);
  }
  return changed;
}

void Sender::stored(const wire::TransferId& id) {
  const auto found = transfers_.find(id);
  if (found != transfers_.end()) found->second.changed = false;
}

const Bitmap* Sender::sent_of(const wire::TransferId& id) const {
  const auto found = transfers_.find(id);
  return found == transfers_.end() ? nullptr : &found->second.sent;
}

}  // namespace latchstring::link
