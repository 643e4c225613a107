// Broker: the managed Mosquitto, a child process in a folder of its own (config, certificate,
// password and ACL files), restarted with back-off when it ends.
// Threads: the owner's loop; exits are seen through a pidfd that the owner watches.
// The listener speaks TLS with a certificate of the gateway's own authority; each mailbox reaches
// its own topics only. Passwords are kept as salted PBKDF2 hashes.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/base/time.h"
#include "gateway/crypto/secret.h"
#include "gateway/crypto/x509.h"

namespace latchstring::link {

inline constexpr std::size_t kMailboxesMax = 1'024;
inline constexpr int kConnectionsMax = 256;
inline constexpr Duration kRestartFirst = std::chrono::milliseconds{250};
inline constexpr Duration kRestartMax = std::chrono::seconds{30};

struct BrokerOptions {
  Path folder;  // made 0700; wholly ours
  std::string listen = "127.0.0.1";
  int port = 0;         // 0: a free one is chosen, and kept for the life of the object
  std::string gateway;  // id: its user name, and ls1/<gateway>/# is its topic
  std::string ca_pem;
  crypto::CertifiedKey server;  // crypto::make_server_certificate() for the listening addresses
};

class Broker {
 public:
  struct Exit {
    std::string how;  // for the log
    Duration restart_in{0};
  };

  // Writes the files. InvalidArgument: `listen` is not an IP address. Mailboxes of an earlier run
  // are kept.
  static absl::StatusOr<std::unique_ptr<Broker>> open(BrokerOptions options);
  virtual ~Broker() = default;  // as stop()

  // Starts the child; does not wait. Unavailable: it cannot be started.
  virtual absl::Status start() = 0;
  // SIGTERM, after two seconds SIGKILL.
  virtual void stop() = 0;
  // Whether something listens on its port: one connect(2) to this machine.
  virtual bool listening() const = 0;

  // Readable when the child has ended; then call on_exit(). -1 while none runs.
  virtual int exit_fd() const = 0;
  // Reaps it. The owner calls start() again after `restart_in`.
  virtual Exit on_exit() = 0;

  virtual int port() const = 0;
  virtual int pid() const = 0;  // 0: none runs
  // User and password of the gateway's own connection; the password is drawn at open().
  virtual std::string gateway_user() const = 0;
  virtual const crypto::Secret& gateway_password() const = 0;

  // Rewrites the certificate and tells the child (SIGHUP), which shows it to whoever connects from
  // then on. Where it cannot be written, the former one stays.
  virtual absl::Status set_certificate(crypto::CertifiedKey server) = 0;

  // Both rewrite the password file durably and tell the child (SIGHUP), which disconnects a removed
  // mailbox. A password is 1 to 128 of [A-Za-z0-9_-].
  virtual absl::Status set_mailbox(std::string_view mailbox, const crypto::Secret& password) = 0;
  virtual absl::Status remove_mailbox(std::string_view mailbox) = 0;
  virtual std::vector<std::string> mailboxes() const = 0;

  // In two steps, so that the owner can commit the salted hash before the broker knows it.
  virtual absl::StatusOr<std::string> hash_of(std::string_view mailbox,
                                              const crypto::Secret& password) const = 0;
  virtual absl::Status set_hash(std::string_view mailbox, std::string_view hash) = 0;
  // What a crash between the two left apart: afterwards there are these mailboxes and no others,
  // each under this hash. Where it is empty, one that is there stays as it is; those that then have
  // none are returned: nobody can log in there.
  virtual absl::StatusOr<std::vector<std::string>> match(
      const std::map<std::string, std::string>& hashes) = 0;
};

}  // namespace latchstring::link
