#include "gateway/link/reliable.h"

#include <algorithm>

#include "gateway/base/ensure.h"

namespace latchstring::link {

bool SeqWindow::taken(std::uint64_t seq) const {
  if (seq > high) return false;
  const std::uint64_t age = high - seq;
  return age >= kSeqWindow || (bitmap >> age & 1) != 0;
}

void SeqWindow::take(std::uint64_t seq) {
  if (taken(seq)) return;
  if (seq > high) {
    const std::uint64_t step = seq - high;
    bitmap = step >= kSeqWindow ? 0 : bitmap << step;
    high = seq;
  }
  bitmap |= std::uint64_t{1} << (high - seq);
}

void ReliableOut::add(std::uint64_t seq, Bytes sealed) {
  ensure(seq > 0 && (waiting_.empty() || waiting_.rbegin()->first < seq));
  waiting_[seq] = Waiting{.message = Message{seq, std::move(sealed)}};
}

void ReliableOut::acknowledge(std::uint64_t seq) {
  waiting_.erase(seq);
}

void ReliableOut::restart() {
  for (auto& [seq, waiting] : waiting_) {
    waiting.due = Duration{0};
    waiting.interval = kRepeatFirst;
  }
}

bool ReliableOut::in_window(std::uint64_t seq) const {
  return seq - waiting_.begin()->first < kSeqWindow;
}

std::vector<const ReliableOut::Message*> ReliableOut::due(Duration now) {
  std::vector<const Message*> messages;
  for (auto& [seq, waiting] : waiting_) {
    if (!in_window(seq)) break;
    if (waiting.due > now) continue;
    messages.push_back(&waiting.message);
    waiting.due = now + waiting.interval;
    waiting.interval = std::min(waiting.interval * 2, Duration{kRepeatMax});
  }
  return messages;
}

std::optional<Duration> ReliableOut::next_due() const {
  std::optional<Duration> next;
  for (const auto& [seq, waiting] : waiting_) {
    if (!in_window(seq)) break;
    next = std::min(next.value_or(waiting.due), waiting.due);
  }
  return next;
}

}  // namespace latchstring::link
