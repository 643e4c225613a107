// What the MQTT thread hands over to an officer's own. Private to gateway/link.
// Threads: push() from any, pop() from one.
// Limits: kInboxMax messages waiting.
#pragma once

#include <absl/status/status.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "gateway/base/bytes.h"
#include "gateway/base/time.h"
#include "gateway/link/requester_link.h"

namespace latchstring::link {

struct InboxItem {
  enum class Kind : std::uint8_t { up, down, message };
  Kind kind = Kind::up;
  absl::Status why;  // of down
  Bytes bytes;       // of message
};

class Inbox {
 public:
  void push(InboxItem item) {
    {
      const std::lock_guard lock(mutex_);
      // Up and Down are never lost; a message that is dropped will be repeated.
      if (items_.size() >= kInboxMax && item.kind == InboxItem::Kind::message) return;
      items_.push_back(std::move(item));
    }
    arrived_.notify_one();
  }

  std::optional<InboxItem> pop(Duration patience) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, patience, [this] { return !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    InboxItem item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<InboxItem> items_;  // guarded by mutex_
};

}  // namespace latchstring::link
