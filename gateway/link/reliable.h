// Control messages over a lossy pipe: repeated until acknowledged, taken once.
// Pure: no I/O, no clock; the owner stores what must survive a crash (the sealed bytes until they
// are acknowledged; the window in the transaction that handles the message).
// Every control message but ACK has a seq that rises per signer and device and is answered by ACK,
// repeats too; ACK has seq 0 and is never repeated.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/time.h"

namespace latchstring::link {

inline constexpr Duration kRepeatFirst = std::chrono::seconds{2};
inline constexpr Duration kRepeatMax = std::chrono::minutes{5};
inline constexpr std::uint64_t kSeqWindow = 64;

// Which seqs of one signer and device were taken: the newest 64 exactly, all older ones as taken.
// A sender never has a seq in flight that is kSeqWindow above an unacknowledged one.
struct SeqWindow {
  std::uint64_t high = 0;    // the highest taken
  std::uint64_t bitmap = 0;  // bit k: high - k was taken

  bool taken(std::uint64_t seq) const;
  void take(std::uint64_t seq);
  friend bool operator==(const SeqWindow&, const SeqWindow&) = default;
};

// What one peer still has to acknowledge.
class ReliableOut {
 public:
  struct Message {
    std::uint64_t seq = 0;
    Bytes sealed;
  };

  // Rising seqs only. Due at once, unless the window is full: then when it has moved.
  void add(std::uint64_t seq, Bytes sealed);
  void acknowledge(std::uint64_t seq);
  // The peer was heard of again: everything is due at once.
  void restart();

  // What to send now; each is next due after its back-off.
  std::vector<const Message*> due(Duration now);
  // When due() has something again; nothing while all is acknowledged.
  std::optional<Duration> next_due() const;
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    Message message;
    Duration due{0};
    Duration interval = kRepeatFirst;
  };
  bool in_window(std::uint64_t seq) const;
  std::map<std::uint64_t, Waiting> waiting_;  // by seq
};

}  // namespace latchstring::link
