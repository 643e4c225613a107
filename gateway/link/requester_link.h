// RequesterLink: an officer's connection to one gateway. Says HELLO after each connect, repeats
// what it sends until it is acknowledged, opens and checks what arrives, receives files.
// Threads: the caller's own one, which waits in next(); the MQTT thread only hands over.
// Limits: kInboxMax messages waiting; beyond it the newest is dropped and will be repeated.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/link/mqtt.h"
#include "gateway/link/receiver.h"
#include "gateway/link/reliable.h"
#include "gateway/wire/envelope.h"
#include "gateway/wire/ticket.h"

namespace latchstring::link {

inline constexpr std::size_t kInboxMax = 256;
inline constexpr Duration kConnectQuiet = std::chrono::seconds{1};

// The numbers of control messages, per gateway and device. The owner keeps them durably, for all
// runs: two may be under way in one folder.
struct RequesterNumbers {
  // The next that this device signs; never the same twice, in whichever run.
  std::function<absl::StatusOr<std::uint64_t>()> draw;
  SeqWindow seen;  // which of the gateway's were taken before this run
  std::function<absl::Status(std::uint64_t seq)> take;  // one more was
};

struct BrokerLogin {
  std::string user;
  crypto::Secret password;
};

class RequesterLink {
 public:
  struct Options {
    wire::Ticket ticket;
    std::string device;  // id; topics are ls1/<gateway>/?/<mailbox>/<device>
    // For a ticket without a secret: how to log in at this broker.
    std::function<absl::StatusOr<BrokerLogin>(std::string_view url)> login;
    const crypto::SigningKey& key;  // the officer's; outlive the link
    const crypto::age::Identity& identity;
    std::string credential;       // compact JWS
    std::uint64_t tree_size = 0;  // of the oldest checkpoint held
    RequesterNumbers numbers;
    const Clock& clock;
    // Called when a broker has not answered for kConnectQuiet.
    std::function<void(std::string_view url)> on_slow = nullptr;
  };
  // A verified control message of the gateway, each once. RESEND and ACK are handled inside.
  struct Event {
    wire::Control control;
    std::uint64_t seq = 0;  // call take(seq) when what it asks for is done and stored
  };

  // Tries the ticket's brokers in order. Unavailable: none answered within `patience`.
  static absl::StatusOr<std::unique_ptr<RequesterLink>> connect(Options options, Duration patience);
  virtual ~RequesterLink() = default;

  // A sealed request: repeated until stop_repeating(id), which the gateway's `received` calls for.
  virtual absl::Status submit(std::string_view request_id, std::string_view request_jws) = 0;
  virtual void stop_repeating(std::string_view request_id) = 0;
  // DONE, CANCEL, ...: repeated until acknowledged.
  virtual absl::Status send(wire::Command command) = 0;
  // True when everything sent was acknowledged.
  virtual bool all_acknowledged() const = 0;

  // The next message; nothing after `patience`. Repeats what is due while it waits.
  virtual absl::StatusOr<std::optional<Event>> next(Duration patience) = 0;
  // Acknowledges: the gateway stops repeating it, a repeat is dropped from now on.
  virtual absl::Status take(std::uint64_t seq) = 0;

  // Receives the files of one piece, each from where it stands, one after the other; their last
  // indices at the end, for none is served before all else of the piece. Ok when all are complete
  // and their SHA-256 right. Unavailable: no progress for `patience`, it is `until` by the clock's
  // steady(), or a file of the piece that is not among these comes first (resume later: what came
  // is kept). PermissionDenied: revoked meanwhile. Events, that of the revocation too, stay for
  // next().
  struct Fetch {
    Incoming file;
    PartStore* store;
  };
  virtual absl::Status receive(const std::vector<Fetch>& files, Duration patience, Duration until,
                               const std::function<void(const Receiver&)>& progress) = 0;
};

}  // namespace latchstring::link
