// Control messages on their way out: signed, sealed and numbered in the transaction that decides
// them, kept until the peer acknowledges. A repeat after a crash has the same bytes, also when it
// has expired: requesters take by number what is repeated, whatever its age. Threads: loop only.
// Every function runs inside the caller's transaction, but for pending(). Limit: kLettersMax.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/crypto/sign.h"
#include "gateway/link/reliable.h"
#include "gateway/store/store.h"
#include "gateway/wire/control.h"
#include "gateway/wire/topics.h"

namespace latchstring::state {

inline constexpr Duration kControlLifetime = std::chrono::days{90};
// Numbers from the oldest unacknowledged letter on: what may be on its way, and is read and held.
inline constexpr std::uint64_t kLettersMax = link::kSeqWindow;

struct Addressee {
  wire::Peer peer;
  std::string officer;                  // thumbprint: the `aud` of what we send
  std::vector<std::string> recipients;  // age1...
  // The newest time that they stated under their signature, or a gift was given at. A letter counts
  // from there where our own clock is behind: it is not right yet, and they drop what has expired.
  Instant not_before{};
};

struct Letter {
  wire::Peer peer;
  std::uint64_t seq = 0;
  Bytes sealed;
};

class Mail {
 public:
  Mail(store::Database& database, const crypto::SigningKey& key) : database_(database), key_(key) {}

  // `about`: request id, so that what is no longer true can be taken out; may be empty.
  absl::Status enqueue(const Addressee& to, const wire::Command& command, std::string_view about,
                       Instant now);
  // Numbered like the others but not kept: STATE, RESEND, REVOKED. Opens no transaction of its own.
  // Unavailable: a kept message is still unacknowledged far below, and a higher number would push
  // it out of the peer's window: it would count as seen.
  absl::StatusOr<Bytes> seal_once(const Addressee& to, const wire::Command& command, Instant now);
  absl::Status acknowledge(const wire::Peer& peer, std::uint64_t seq);
  // The officer's device came to a mailbox of the agency in which it was not known. What it asked
  // in one that is gone is answered here, and the letters that wait go on under their numbers.
  absl::Status follow(const wire::Peer& peer, std::string_view officer, std::string_view agency);
  // What is unacknowledged, above the number `after` and within kLettersMax.
  absl::StatusOr<std::vector<Letter>> pending(const wire::Peer& peer,
                                              std::uint64_t after = 0) const;
  absl::StatusOr<std::vector<wire::Peer>> peers() const;

  // True the first time that this officer's device said the HELLO of this number, dated `said`;
  // remembers it. Of a device that was forgotten none is new that could be an old one.
  absl::StatusOr<bool> is_new(std::string_view officer, std::string_view device, std::uint64_t seq,
                              Instant said);
  // A mailbox knows a new device of this officer, perhaps in the place of another: the numbers of
  // devices that are known no more become one row each of officer and mailbox.
  absl::Status forget_devices(std::string_view mailbox, std::string_view officer);

 private:
  absl::StatusOr<std::uint64_t> next_seq(const wire::Peer& peer);
  absl::StatusOr<Bytes> seal(const Addressee& to, const wire::Command& command, std::uint64_t seq,
                             Instant now);

  store::Database& database_;
  const crypto::SigningKey& key_;
};

}  // namespace latchstring::state
