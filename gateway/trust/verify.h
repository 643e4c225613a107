// Who may ask: checks of requests, control messages and receipts that came through a mailbox.
// Threads: loop only. Reading checks never write; record() writes inside the caller's transaction.
// Trust comes from the pinned agencies the caller passes; nothing is learnt over MQTT but newer
// revocation lists, and those only under a pinned key.
// Limits: kSkewMax, kRequestLifetimeMax, kCredentialLifetimeMax, kListLifetimeMax.
// Errors: InvalidArgument (malformed), PermissionDenied (anything that does not hold): neither is
// ever answered, and Strangers counts them. Anything else is trouble with the database.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/crypto/sign.h"
#include "gateway/wire/control.h"
#include "gateway/wire/objects.h"

namespace latchstring::store {
class Database;
}

namespace latchstring::trust {

inline constexpr Duration kSkewMax = std::chrono::minutes(5);  // how far ahead a clock may be
inline constexpr Duration kRequestLifetimeMax = std::chrono::hours(24 * 30);
inline constexpr Duration kCredentialLifetimeMax = std::chrono::hours(24 * 90);
inline constexpr Duration kListLifetimeMax = std::chrono::hours(24 * 31);  // iat to next_update

struct Agency {
  std::string id;  // as the policy names it
  crypto::VerifyKey key;
};
using Agencies = std::vector<Agency>;

// How and when something came.
struct Arrival {
  std::string gateway;  // this gateway's id
  std::string agency;   // whose mailbox it came through
  Instant now;
  bool clock_right = false;  // false: signatures are checked, dates not yet
  std::string device = {};   // of the topic it came by; HELLO must name it
};

// An officer under a pinned agency, as a credential states it.
struct Officer {
  std::string agency;
  std::string thumbprint;
  std::string badge;
  crypto::VerifyKey key;
  crypto::VerifyKey agency_key;
  wire::Credential credential;
  std::string credential_jws;
  bool list_fresh = false;     // the agency's newest revocation list that we know is in date
  bool dates_pending = false;  // the clock was not right: dates are unchecked
};

struct Verified {
  Officer officer;  // list_fresh: the list stapled to this request is in date and newest
  wire::Request request;
  std::string request_sha256;  // of the compact JWS, hex
  std::string compact;
  bool repeat = false;  // these very bytes were recorded before: answer as before
};

struct VerifiedHello {
  Officer officer;
  wire::Control control;  // holds a wire::Hello
};

class Verifier {
 public:
  explicit Verifier(store::Database& database) : database_(database) {}

  // A request as it came out of its age envelope. A jti or request id that was used with other
  // bytes is PermissionDenied. Of a repeat, dates are not judged again.
  absl::StatusOr<Verified> verify_request(std::string_view compact, const Agencies& agencies,
                                          const Arrival& arrival) const;
  // Remembers request and revocation list; in the transaction that commits `received`. A repeat
  // records nothing. Rows are kept for good: a clock that was moved must not reopen the window.
  absl::Status record(const Verified& verified);
  // The revocation list alone, of a request that is not taken.
  absl::Status record_list(const Verified& verified);

  // Once the clock is right: the dates of a request that came while it was not.
  absl::StatusOr<Verified> recheck_dates(std::string_view compact, const Agencies& agencies,
                                         const Arrival& arrival) const;
  // Before a release: the agency is still pinned, the credential in date and not revoked. The
  // request's own exp limits only its arrival and is not looked at.
  absl::StatusOr<Verified> recheck_for_release(std::string_view compact, const Agencies& agencies,
                                               const Arrival& arrival) const;

  // HELLO carries the credential of its signer, and names the device that says it.
  absl::StatusOr<VerifiedHello> verify_hello(std::string_view compact, const Agencies& agencies,
                                             const Arrival& arrival) const;
  // Every other control message, under the officer key that its device's HELLO showed.
  absl::StatusOr<wire::Control> verify_control(std::string_view compact,
                                               const crypto::VerifyKey& officer,
                                               const Arrival& arrival) const;
  // A receipt of the officer for exactly this delivery.
  absl::StatusOr<wire::Receipt> verify_receipt(std::string_view compact,
                                               const crypto::VerifyKey& officer,
                                               std::string_view delivery_sha256,
                                               const Arrival& arrival) const;
  // Credential alone: for gifts, and for what stands in a device's row.
  absl::StatusOr<Officer> verify_credential(std::string_view compact, const Agencies& agencies,
                                            const Arrival& arrival) const;

 private:
  enum class Judge : std::uint8_t { arrival, repeat, release };
  absl::StatusOr<Verified> check_request(std::string_view compact, const Agencies& agencies,
                                         const Arrival& arrival, Judge judge) const;
  absl::StatusOr<bool> was_recorded(std::string_view request_sha256) const;
  absl::Status check_ids_unused(const wire::Request& request) const;

  store::Database& database_;
};

// Counts what did not verify, for the hourly ledger entry; forgotten in a crash, on purpose: a
// stranger must not be able to make us write.
class Strangers {
 public:
  struct Count {
    std::uint64_t malformed = 0;
    std::uint64_t denied = 0;
  };
  void count(const absl::Status& why);
  Count take();  // and starts anew

 private:
  Count count_;
};

}  // namespace latchstring::trust
