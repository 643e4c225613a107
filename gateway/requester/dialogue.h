// One conversation with one gateway: connects, sends what is still to be sent, and writes what
// comes into the book before it acknowledges it. Threads: main. Errors end the command; what does
// not verify is told and left out.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/link/requester_link.h"
#include "gateway/requester/book.h"
#include "gateway/requester/checkpoints.h"
#include "gateway/requester/officer.h"
#include "gateway/wire/ticket.h"

namespace latchstring::requester {

inline constexpr Duration kConnectPatience = std::chrono::seconds{20};
// A gateway signs a checkpoint of its ledger each day: none for so long is told.
inline constexpr Duration kDailyLateAfter = std::chrono::days{2};

class Dialogue {
 public:
  struct Parts {  // all outlive the dialogue
    const wire::Ticket& ticket;
    const Officer& officer;
    Book& book;
    const Clock& clock;
  };
  // Unavailable: no broker answered. Then sends again what the gateway has not acknowledged.
  static absl::StatusOr<std::unique_ptr<Dialogue>> connect(Parts parts,
                                                           Duration patience = kConnectPatience);

  // Signed, kept, and sent until the gateway says `received`. InvalidArgument: not well formed.
  absl::Status submit(wire::Request request);
  // Kept before it is sent.
  absl::Status send_receipt(const KeptOffer& offer, std::string_view receipt, const Path& folder);

  // Waits for a message and handles it. False: none came.
  absl::StatusOr<bool> turn(Duration patience);
  // The gateway is there: it has answered our HELLO.
  bool heard() const { return heard_; }

  link::RequesterLink& link() { return *link_; }
  const Parts& parts() const { return parts_; }

 private:
  Dialogue(Parts parts, Checkpoints checkpoints)
      : parts_(parts), checkpoints_(std::move(checkpoints)) {}
  absl::Status resume();
  absl::Status handle(const wire::Command& command);
  absl::Status on_state(const wire::State& state);
  absl::Status on_offer(const wire::Offer& offer);
  absl::Status on_notice(const wire::Notice& notice);
  absl::Status on_receipt_taken(const wire::ReceiptTaken& taken);
  absl::Status revoke(const std::vector<std::string>& transfers);
  absl::Status keep_checkpoints(const absl::Status& seen);
  absl::Status look_at_daily(const std::string& checkpoint);
  const std::string& gateway() const { return parts_.ticket.gateway; }

  const Parts parts_;
  Checkpoints checkpoints_;
  std::uint64_t hello_size_ = 0;
  bool heard_ = false;
  bool late_told_ = false;
  std::unique_ptr<link::RequesterLink> link_;
};

}  // namespace latchstring::requester
