// What can happen to a request or a gift.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace latchstring::release {

namespace event {
struct Received {};  // verified under a pinned agency
struct Answered {
  std::string resident;
  bool yes = false;
};                     // an authenticated resident
struct Reconsider {};  // restart, new policy, pause over, clock right, agency gone
struct Sealed {
  int piece = 0;
};  // the worker finished; files lie in the outbox
struct WorkFailed {
  int piece = 0;
  std::string reason;
  bool no_footage = false;
  bool file_lost = false;  // it was on offer; its file can no longer be read as it was
};
struct ReceiptStored {
  int piece = 0;
  bool whole = true;  // false: other parts of the piece have none yet
};                    // the requester's signed receipt was verified
struct Revoked {
  std::string resident;
};                    // an authenticated resident takes it back
struct Cancelled {};  // the requester no longer wants it
struct Tick {};       // time passed: answers, offers and `closed` fall due
struct Given {
  std::vector<std::string> residents;
};  // authenticated residents give of their own accord
struct HandedOver {
  int piece = 0;
};  // a gift in a file was written wholly
}  // namespace event

using Event = std::variant<event::Received, event::Answered, event::Reconsider, event::Sealed,
                           event::WorkFailed, event::ReceiptStored, event::Revoked,
                           event::Cancelled, event::Tick, event::Given, event::HandedOver>;

}  // namespace latchstring::release
