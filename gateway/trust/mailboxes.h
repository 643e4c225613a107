// Mailboxes: one per agency, and the devices that were seen in each.
// Threads: loop only. Transactions: every function that writes runs inside the caller's.
// Limits: kMailboxesMax; kOfficerDevicesMax: of the same officer the one not seen for longest is
// forgotten, and says HELLO again; kDevicesMax per mailbox: a new officer is refused. No officer's
// device makes room for another's: they share a mailbox, and could take a name that became free.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/time.h"
#include "gateway/wire/topics.h"

namespace latchstring::store {
class Database;
}

namespace latchstring::trust {

inline constexpr std::size_t kMailboxesMax = 256;
inline constexpr std::size_t kDevicesMax = 1'024;
inline constexpr std::size_t kOfficerDevicesMax = 16;

struct Mailbox {
  std::string id;             // [a-z2-7]{10}
  std::string agency;         // as the policy names it
  std::string password_hash;  // as the managed broker's password file has it; empty: rendezvous
  Instant made;
};

struct Device {
  wire::Peer peer;
  std::string officer;         // thumbprint: who it showed itself to be
  std::string credential_jws;  // the newest it showed in a HELLO
  Instant last_seen;
};

class Mailboxes {
 public:
  explicit Mailboxes(store::Database& database) : database_(database) {}

  absl::Status add(const Mailbox& mailbox);
  // As the managed broker's password file is to have it.
  absl::Status set_password_hash(std::string_view id, std::string_view hash);
  absl::Status remove(std::string_view id);                 // its devices too
  absl::StatusOr<Mailbox> find(std::string_view id) const;  // NotFound
  absl::StatusOr<std::vector<Mailbox>> list() const;

  // After a HELLO that verified. PermissionDenied: the device showed itself to be another officer's
  // before; it stays theirs. FailedPrecondition: the mailbox is full, and none of the devices in it
  // is this officer's.
  absl::Status saw(const Device& device);
  // PermissionDenied unless this device's HELLO showed this officer. Whoever forwards what another
  // officer signed must not get its answer.
  absl::Status check_shown(const wire::Peer& peer, std::string_view officer) const;
  absl::StatusOr<std::optional<Device>> device(const wire::Peer& peer) const;
  absl::StatusOr<std::vector<Device>> devices(std::string_view mailbox) const;

 private:
  absl::Status make_room(const Mailbox& mailbox, std::string_view officer);

  store::Database& database_;
};

}  // namespace latchstring::trust
