// What an officer's device remembers between runs: requests sent, offers that came, the numbers of
// control messages, the checkpoints of each gateway's ledger. One SQLite file, durable.
// Threads: main. Limits: kPoolMax checkpoints per gateway.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/link/reliable.h"
#include "gateway/proof/proof.h"
#include "gateway/store/store.h"
#include "gateway/wire/control.h"
#include "gateway/wire/objects.h"

namespace latchstring::requester {

inline constexpr std::size_t kPoolMax = 256;

// sent: not yet acknowledged by the gateway's `received`. Others are the gateway's words.
struct KeptRequest {
  std::string id;
  std::string jws;
  std::string state = "sent";
  std::string reason;
  wire::Request request;
};

enum class OfferState : std::uint8_t {
  offered,   // to be received
  received,  // verified and on disk; the gateway does not know yet
  done,      // the gateway has the receipt
  revoked,   // taken back before it was received
  expired,
  refused,  // it does not verify
};
std::string_view to_string(OfferState state);

struct KeptOffer {
  wire::Offer offer;
  std::string delivery_sha256;
  OfferState state = OfferState::offered;
  std::string receipt;  // compact JWS, once received
  std::string folder;   // where it was left
};

class Book {
 public:
  static absl::StatusOr<std::unique_ptr<Book>> open(const Path& file);

  const std::string& device() const { return device_; }

  // The numbers of control messages; each call one transaction, for another run may be under way.
  absl::StatusOr<std::uint64_t> draw_seq(const std::string& gateway);
  absl::StatusOr<link::SeqWindow> seen(const std::string& gateway) const;
  absl::Status take(const std::string& gateway, std::uint64_t seq);

  absl::Status add(const std::string& gateway, const KeptRequest& request);
  absl::Status set_state(const std::string& request, std::string_view state,
                         std::string_view reason);
  // Oldest first.
  absl::StatusOr<std::vector<KeptRequest>> requests(const std::string& gateway) const;
  absl::StatusOr<std::optional<KeptRequest>> request(const std::string& gateway,
                                                     const std::string& id) const;

  // PermissionDenied: its piece and part stand as another delivery: what was received is never
  // replaced.
  absl::Status check_first(const std::string& gateway, const KeptOffer& offer) const;
  // An offer that is there already is left as it is.
  absl::Status add(const std::string& gateway, const KeptOffer& offer);
  absl::Status set_state(const KeptOffer& offer, OfferState state);
  absl::Status set_received(const KeptOffer& offer, std::string_view receipt, const Path& folder);
  // Of one request or gift; of all where `id` is empty. By request, piece and part.
  absl::StatusOr<std::vector<KeptOffer>> offers(const std::string& gateway,
                                                const std::string& id) const;

  // Signed checkpoints that were seen and are not yet proven to be continued by a larger one here;
  // smallest first.
  absl::StatusOr<std::vector<std::string>> checkpoints(const std::string& gateway) const;
  absl::Status keep_checkpoints(const std::string& gateway, const std::vector<std::string>& notes);
  // Keeps the size of the largest daily checkpoint that was shown, 0 while none was, and gives the
  // time when it first was.
  absl::StatusOr<Instant> see_daily(const std::string& gateway, std::uint64_t size, Instant now);

 private:
  explicit Book(std::unique_ptr<store::Database> database) : database_(std::move(database)) {}
  absl::Status draw_device();

  const std::unique_ptr<store::Database> database_;
  std::string device_;
};

}  // namespace latchstring::requester
