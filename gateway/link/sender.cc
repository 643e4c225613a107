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

}  // namespace

void Sender::add(const wire::TransferId& id, const wire::Peer& peer, Bitmap sent, Instant expires,
                 Mode mode) {
  ensure(sent.size() > 0);
  Transfer& transfer = transfers_[id] = Transfer{};
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

Sender::Answer Sender::serve(Transfer& transfer, const wire::Get& get, Instant now) {
  Serve answer{wanted_by(get, transfer.sent.size()), false};
  if (answer.indices.empty()) return Nothing{};
  const std::uint64_t last = transfer.sent.size() - 1;
  if (answer.indices.back() != last) return answer;
  if (all_others(transfer.sent)) {
    answer.store_first = transfer.changed;
    return answer;
  }
  // Held back: the age header does not leave before the rest of the file.
  answer.indices.pop_back();
  return answer.indices.empty() ? ask_again(transfer, now) : Answer{answer};
}

Sender::Answer Sender::ask_again(Transfer& transfer, Instant now) {
  Resend resend;
  resend.base = transfer.sent.first_clear();
  const std::uint64_t last = transfer.sent.size() - 1;
  for (std::uint64_t k = 0; k < wire::kGetWindow && resend.base + k < last; ++k) {
    if (!transfer.sent.test(resend.base + k)) resend.bitmap |= std::uint64_t{1} << k;
  }
  const bool news =
      resend.base != transfer.last_resend.base || resend.bitmap != transfer.last_resend.bitmap;
  if (!news && now < transfer.answered + kAnswerEvery) return Nothing{};
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
