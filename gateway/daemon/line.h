// The line to the outside: the managed Mosquitto (or somebody else's broker) and our connection to
// it. A managed broker that ends is started again, with back-off.
// Threads: loop only; the link's callbacks post to the loop.
// Limits: link::kWaitingBytesMax of messages that wait for the loop; beyond it they are dropped.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/loop.h"
#include "gateway/config/config.h"
#include "gateway/crypto/keyring.h"
#include "gateway/daemon/fault_news.h"
#include "gateway/link/broker.h"
#include "gateway/link/byte_budget.h"
#include "gateway/link/gateway_link.h"
#include "gateway/store/store.h"

namespace latchstring::daemon {

class Line {
 public:
  struct Events {
    std::function<void()> on_up;
    std::function<void(wire::Peer peer, Bytes bytes)> on_message;
    std::function<void(wire::TransferId transfer, std::vector<std::uint64_t> indices)> on_sent;
    std::function<void(wire::TransferId transfer, absl::Status why)> on_broken;
  };

  static absl::StatusOr<std::unique_ptr<Line>> open(const config::Config& config,
                                                    crypto::Keyring& keyring,
                                                    store::Database& database, const Clock& clock,
                                                    Loop& loop, std::string gateway_id,
                                                    Events events);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  link::GatewayLink& link() { return *link_; }
  bool managed() const { return broker_ != nullptr; }
  bool up() const { return link_->up(); }
  Instant since() const { return since_; }  // when it came up or went down
  const std::string& fault() const { return fault_; }

  // Managed broker only: a fresh password, for the ticket, and its hash. The broker knows nothing
  // of it before set_mailbox(): the mailbox's row is committed in between, and is what counts. What
  // a crash left apart is set right at the next start.
  struct Login {
    std::string password;
    std::string hash;
  };
  absl::StatusOr<Login> draw_login(std::string_view mailbox);
  absl::Status set_mailbox(std::string_view mailbox, std::string_view hash);
  absl::Status remove_mailbox(std::string_view mailbox);
  const std::string& ca_pem() const { return ca_pem_; }
  // Managed broker only: a new certificate where its own is due. To be called every hour, and when
  // the clock was set. Who is connected stays so.
  absl::Status renew_certificate();
  // The broker's own port: the one of the configuration, or the free one that was chosen.
  int port() const;

 private:
  Line(const config::Config& config, crypto::Keyring& keyring, store::Database& database,
       const Clock& clock, Loop& loop)
      : config_(config), keyring_(keyring), database_(database), clock_(clock), loop_(loop) {}
  absl::Status start_broker(const std::string& gateway_id);
  absl::Status match_mailboxes();
  absl::Status start_link(const std::string& gateway_id, Events events);
  void watch_broker();
  void restart_broker();

  const config::Config& config_;
  crypto::Keyring& keyring_;
  store::Database& database_;
  const Clock& clock_;
  Loop& loop_;
  std::string ca_pem_;
  Interval certificate_term_;  // of the managed broker
  link::ByteBudget waiting_;   // any thread; messages on their way to the loop
  std::unique_ptr<link::Broker> broker_;
  std::unique_ptr<link::GatewayLink> link_;
  int watched_fd_ = -1;
  Loop::TimerId restart_timer_ = 0;
  Instant since_;
  std::string fault_ = "not connected yet";
  FaultNews fault_news_;
};

}  // namespace latchstring::daemon
