// Typed messages over one end of a Unix stream socket, the same code on both ends:
//   u32 little endian: bytes of the body; u8: type; body
// Threads: one at a time. Both ends obey one rule, so that they never write at each other: the
// parent speaks only when the child has asked.
// Limits: kMessageMax. If the other end falls behind: send() waits, at most `patience`.
#pragma once

#include <absl/status/statusor.h>

#include <optional>

#include "gateway/base/bytes.h"
#include "gateway/base/time.h"
#include "gateway/worker/cancel.h"

namespace latchstring::worker {

inline constexpr std::size_t kMessageMax = 32 * 1024 * 1024;
inline constexpr std::size_t kMessageHead = 5;

struct Message {
  std::uint8_t type = 0;
  Bytes body;
  friend bool operator==(const Message&, const Message&) = default;
};

// Bytes in, messages out. DataLoss for a length beyond kMessageMax; then nothing more comes.
class Unframer {
 public:
  absl::Status feed(ByteView bytes);
  std::optional<Message> next();
  bool empty() const { return buffer_.size() == read_; }  // nothing half received

 private:
  Bytes buffer_;
  std::size_t read_ = 0;
};

class Channel {
 public:
  // `cancel` may be null; else it outlives the channel.
  Channel(UniqueFd socket, const Cancel* cancel, Duration patience);

  // Errors: Unavailable (the other end is gone, or was silent for longer than the patience),
  // Cancelled, ResourceExhausted (body too long), DataLoss (not a message).
  absl::Status send(std::uint8_t type, ByteView body);
  absl::StatusOr<Message> receive();
  void close() { socket_.reset(); }
  bool is_open() const { return socket_.valid(); }  // false, too, once the other end was gone

 private:
  using Steady = std::chrono::time_point<std::chrono::steady_clock, Duration>;
  static Steady now();
  absl::Status wait_for(short events, Steady until) const;
  absl::Status gone();

  UniqueFd socket_;
  const Cancel* const cancel_;
  const Duration patience_;
  Unframer unframer_;
  Bytes chunk_;
};

}  // namespace latchstring::worker
