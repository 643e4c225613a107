#include "gateway/daemon/line.h"

#include <map>
#include <thread>

#include "gateway/base/ensure.h"
#include "gateway/base/log.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/x509.h"
#include "gateway/daemon/broker_certificates.h"
#include "gateway/daemon/remote_broker.h"
#include "gateway/trust/mailboxes.h"

namespace latchstring::daemon {
namespace {

constexpr std::size_t kPasswordBytes = 16;
constexpr Duration kBrokerStart = std::chrono::seconds{3};
constexpr Duration kBrokerPoll = std::chrono::milliseconds{5};

std::string dial_host(const std::string& listen) {
  if (listen == "0.0.0.0") return "127.0.0.1";
  if (listen == "::") return "::1";
  return listen;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Line>> Line::open(const config::Config& config,
                                                 crypto::Keyring& keyring,
                                                 store::Database& database, const Clock& clock,
                                                 Loop& loop, std::string gateway_id,
                                                 Events events) {
  std::unique_ptr<Line> line(new Line(config, keyring, database, clock, loop));
  line->since_ = clock.now();
  if (config.broker.managed) {
    LS_RETURN_IF_ERROR(within("the managed broker", line->start_broker(gateway_id)));
  }
  LS_RETURN_IF_ERROR(line->start_link(gateway_id, std::move(events)));
  return line;
}

Line::~Line() {
  if (watched_fd_ >= 0) loop_.unwatch(watched_fd_);
  if (restart_timer_ != 0) loop_.cancel(restart_timer_);
  link_.reset();
  if (broker_ != nullptr) broker_->stop();
}

absl::Status Line::start_broker(const std::string& gateway_id) {
  const Instant now = clock_.now();
  LS_ASSIGN(const crypto::CertifiedKey ca, broker_authority(keyring_, database_, now));
  certificate_term_ = certificate_term(now);
  LS_ASSIGN(crypto::CertifiedKey server,
            make_broker_certificate(ca, config_.broker, certificate_term_));
  ca_pem_ = ca.certificate_pem;
  link::BrokerOptions options;
  options.folder = config_.broker_dir();
  options.listen = config_.broker.managed->listen;
  options.port = config_.broker.managed->port;
  options.gateway = gateway_id;
  options.ca_pem = ca.certificate_pem;
  options.server = std::move(server);
  LS_ASSIGN(broker_, link::Broker::open(std::move(options)));
  LS_RETURN_IF_ERROR(match_mailboxes());
  LS_RETURN_IF_ERROR(broker_->start());
  watch_broker();
  // At start only: a first attempt that finds nobody costs the link its patience.
  for (Duration waited{0}; !broker_->listening() && waited < kBrokerStart; waited += kBrokerPoll) {
    std::this_thread::sleep_for(kBrokerPoll);
  }
  return absl::OkStatus();
}

// The rows are the truth: a mailbox that was removed lets nobody in, one that was made lets its
// agency in.
absl::Status Line::match_mailboxes() {
  LS_ASSIGN(const std::vector<trust::Mailbox> rows, trust::Mailboxes(database_).list());
  std::map<std::string, std::string> hashes;
  std::map<std::string, std::string> agencies;
  for (const trust::Mailbox& row : rows) {
    hashes[row.id] = row.password_hash;
    agencies[row.id] = row.agency;
  }
  LS_ASSIGN(const std::vector<std::string> without, broker_->match(hashes));
  for (const std::string& mailbox : without) {
    log_line(LogLevel::warning,
             fmt::format("agency `{}` has no login at the broker: make it a new ticket with "
                         "`latchstring agency add`",
                         agencies[mailbox]));
  }
  return absl::OkStatus();
}

absl::Status Line::renew_certificate() {
  const Instant now = clock_.now();
  if (broker_ == nullptr || !is_due(certificate_term_, now)) return absl::OkStatus();
  LS_ASSIGN(const crypto::CertifiedKey ca, broker_authority(keyring_, database_, now));
  const Interval term = certificate_term(now);
  LS_ASSIGN(crypto::CertifiedKey server, make_broker_certificate(ca, config_.broker, term));
  LS_RETURN_IF_ERROR(broker_->set_certificate(std::move(server)));
  certificate_term_ = term;
  log_line(LogLevel::info, fmt::format("the managed broker has a new certificate, good until {}",
                                       to_rfc3339(term.to)));
  return absl::OkStatus();
}

absl::Status Line::start_link(const std::string& gateway_id, Events events) {
  link::MqttOptions options;
  if (broker_ != nullptr) {
    options.address = {dial_host(config_.broker.managed->listen), broker_->port(), true};
    options.ca_pem = ca_pem_;
    options.user = broker_->gateway_user();
    options.password = broker_->gateway_password().clone();
  } else {
    LS_ASSIGN(options, dial_options(config_));
    ca_pem_ = options.ca_pem;
  }
  // Each post that is dropped is made up for: requesters repeat, bits may be lost, never invented.
  link::GatewayLink::Callbacks callbacks;
  callbacks.on_up = [this, up = events.on_up] {
    [[maybe_unused]] const bool posted = loop_.post([this, up] {
      since_ = clock_.now();
      fault_.clear();
      if (fault_news_.up()) log_line(LogLevel::info, "the broker: connected again");
      up();
    });
  };
  callbacks.on_down = [this](const absl::Status& why) {
    [[maybe_unused]] const bool posted = loop_.post([this, text = std::string(message_of(why))] {
      if (fault_.empty()) since_ = clock_.now();
      fault_ = text;
      // What ends the managed one is told by watch_broker().
      if (!managed() && fault_news_.down(text, clock_.steady())) {
        log_line(LogLevel::warning,
                 fmt::format("{}; it is tried again, with the password that was read at the start",
                             text));
      }
    });
  };
  callbacks.on_message = [this, handle = events.on_message](wire::Peer peer, Bytes bytes) {
    const std::size_t cost = link::ByteBudget::cost_of(bytes.size());
    if (!waiting_.take(cost)) return;
    const bool posted =
        loop_.post([this, cost, handle, peer = std::move(peer), bytes = std::move(bytes)] {
          waiting_.give_back(cost);
          handle(peer, bytes);
        });
    if (!posted) waiting_.give_back(cost);
  };
  callbacks.on_sent = [this, handle = events.on_sent](wire::TransferId transfer,
                                                      std::vector<std::uint64_t> indices) {
    [[maybe_unused]] const bool posted =
        loop_.post([handle, transfer, indices = std::move(indices)] { handle(transfer, indices); });
  };
  callbacks.on_broken = [this, handle = events.on_broken](wire::TransferId transfer,
                                                          const absl::Status& why) {
    [[maybe_unused]] const bool posted =
        loop_.post([handle, transfer, why] { handle(transfer, why); });
  };
  LS_ASSIGN(link_, link::GatewayLink::start(gateway_id, std::move(options), std::move(callbacks)));
  return absl::OkStatus();
}

void Line::watch_broker() {
  watched_fd_ = broker_->exit_fd();
  ensure(watched_fd_ >= 0);
  loop_.watch(watched_fd_, EPOLLIN, [this](std::uint32_t) {
    loop_.unwatch(watched_fd_);
    watched_fd_ = -1;
    const link::Broker::Exit exit = broker_->on_exit();
    log_line(LogLevel::warning,
             fmt::format("the managed broker on port {} ended ({}) and is started again. If that "
                         "repeats, another program may use the port: `ss -ltnp` shows which",
                         broker_->port(), exit.how));
    restart_timer_ = loop_.after(exit.restart_in, [this] { restart_broker(); });
  });
}

void Line::restart_broker() {
  restart_timer_ = 0;
  const absl::Status started = broker_->start();
  if (started.ok()) return watch_broker();
  log_line(LogLevel::error,
           fmt::format("the managed broker does not start: {}", message_of(started)));
  restart_timer_ = loop_.after(link::kRestartMax, [this] { restart_broker(); });
}

absl::StatusOr<Line::Login> Line::draw_login(std::string_view mailbox) {
  if (broker_ == nullptr) return not_now("the broker is not ours: it draws its mailboxes itself");
  Login login;
  login.password = crypto::to_base64url(crypto::random_bytes(kPasswordBytes));
  LS_ASSIGN(login.hash,
            broker_->hash_of(mailbox, crypto::Secret::copy_of(as_bytes(login.password))));
  return login;
}

absl::Status Line::set_mailbox(std::string_view mailbox, std::string_view hash) {
  return broker_ == nullptr ? absl::OkStatus() : broker_->set_hash(mailbox, hash);
}

absl::Status Line::remove_mailbox(std::string_view mailbox) {
  if (broker_ == nullptr) return absl::OkStatus();
  const absl::Status removed = broker_->remove_mailbox(mailbox);
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;  // it never got so far
}

int Line::port() const {
  return broker_ == nullptr ? 0 : broker_->port();
}

}  // namespace latchstring::daemon
