// Residents: who lives here and may answer, each with a PIN or passphrase of their own.
// Threads: loop only, but hash_pin() and check_pin(), which cost a core for a while and belong on
// the chores thread.
// Transactions: every function that writes runs inside the caller's.
// Limits: kPinDigitsMin, kPassphraseMin, kPinMax; kWrongMax wrong ones in a row lock the resident
// for kLockFor at every door. An attempt counts as wrong from begin() until finish() says
// otherwise, so neither a crash nor many attempts at once win tries; one whose transaction was
// rolled back was never made. The lock runs on steady time; after a restart it runs on by the wall
// clock, or anew where that is not known to be right.
// Time: whose PIN somebody else may have chosen says no at once, and yes after kNewPinWaits. A
// reset that not all others agreed to waits kResetWaits before that. Both count while the clock is
// right.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/crypto/secret.h"

namespace latchstring::store {
class Database;
}

namespace latchstring::trust {

inline constexpr std::size_t kPinDigitsMin = 6;   // where it is digits only
inline constexpr std::size_t kPassphraseMin = 8;  // characters, otherwise
inline constexpr std::size_t kPinMax = 128;       // bytes
inline constexpr std::size_t kResidentsMax = 32;
inline constexpr int kWrongMax = 5;
inline constexpr Duration kLockFor = std::chrono::minutes(15);
inline constexpr Duration kNewPinWaits = std::chrono::hours(24);
inline constexpr Duration kResetWaits = std::chrono::days(7);

// InvalidArgument says what is missing; never repeats the PIN.
absl::Status check_pin_rules(const crypto::Secret& pin);
// Argon2id. Any thread.
absl::StatusOr<std::string> hash_pin(const crypto::Secret& pin);

// One try, from begin() by opened() to finish().
struct Attempt {
  std::string resident;
  std::string hash;
  std::uint64_t number = 0;
};
// Any thread; takes a while.
bool check_pin(const Attempt& attempt, const crypto::Secret& pin);

struct Resident {
  std::string name;
  Instant added;
  Instant pin_set;  // Instant{}: has none yet and cannot answer
  bool has_pin = false;
  bool locked = false;
  // From when their yes counts, where it does not yet; and when a reset takes effect, where one
  // waits. Instant{}: not known before the clock is right.
  std::optional<Instant> yes_from;
  std::optional<Instant> reset_at;
};

class Residents {
 public:
  static absl::StatusOr<std::unique_ptr<Residents>> open(store::Database& database,
                                                         const Clock& clock);

  // `pin_hash` from hash_pin(), or empty: no PIN yet. InvalidArgument: not a name of
  // [a-z][a-z0-9_]*, or already there.
  absl::Status add(std::string_view name, std::string_view pin_hash);
  // Ends a reset that waits, and no wait of the yes.
  absl::Status set_pin(std::string_view name, std::string_view pin_hash);
  absl::Status remove(std::string_view name);
  absl::StatusOr<std::vector<Resident>> list() const;

  // Their PIN is new, and not chosen by who proved to be them: the yes waits, also where it did.
  absl::Status let_wait(std::string_view name);
  // `pin_hash` takes the place of the present PIN after kResetWaits. FailedPrecondition: there is
  // no PIN, or a reset waits already.
  absl::Status begin_reset(std::string_view name, std::string_view pin_hash);
  absl::Status stop_reset(std::string_view name);  // FailedPrecondition: none waits
  // Whether pass() has something to do.
  absl::StatusOr<bool> is_due() const;
  // Time has passed: who has the new PIN of a reset by now.
  absl::StatusOr<std::vector<std::string>> pass();

  // NotFound: no such resident; FailedPrecondition: no PIN; PermissionDenied: locked, and until
  // when; Unavailable: as many tries as are left are being checked right now.
  absl::StatusOr<Attempt> begin(std::string_view name);
  // Once that transaction is committed. Without it the attempt does not exist: finish() refuses it.
  void opened(const Attempt& attempt);
  // The outcome of check_pin(); the caller commits whatever it returns. Ok: it was right, and the
  // resident is who they say they are. PermissionDenied: wrong, or the PIN was changed meanwhile;
  // says how many tries are left.
  absl::Status finish(const Attempt& attempt, bool matches);

 private:
  Residents(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  Instant from_now(Duration wait) const;  // Instant{} while the clock is not right
  Duration locked_for(std::string_view name) const;
  absl::Status lock(std::string_view name);
  void forget(std::string_view name);  // the lock of
  std::int64_t open_attempts_of(std::string_view name) const;

  store::Database& database_;
  const Clock& clock_;
  std::map<std::string, Duration, std::less<>> locked_until_;  // steady time
  std::map<std::uint64_t, std::string> open_attempts_;         // opened and not finished
  std::uint64_t next_attempt_ = 1;
};

}  // namespace latchstring::trust
