#include "gateway/link/broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/link/broker_files.h"
#include "gateway/link/process.h"

namespace latchstring::link {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kTermMilliseconds = 2'000;
constexpr int kProbeMilliseconds = 5;
constexpr std::size_t kPasswordBytes = 16;
constexpr std::string_view kHashStart = "$7$";
constexpr auto kStableAfter = std::chrono::seconds{60};  // then the back-off starts over

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

absl::StatusOr<SocketAddress> address_of(const std::string& host, int port) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof *v6;
  } else {
    return invalid("`{}` is not an IP address to listen on", host);
  }
  return address;
}

// A port that is free now. Somebody may take it before mosquitto does: then it ends and is
// restarted.
absl::StatusOr<int> free_port(const std::string& host) {
  LS_ASSIGN(SocketAddress address, address_of(host, 0));
  const UniqueFd fd{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd.valid() || ::bind(fd.get(), address.get(), address.size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) {
    return errno_status(fmt::format("cannot listen on `{}`", host));
  }
  // sin_port and sin6_port lie at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

crypto::Secret random_password() {
  std::string text = crypto::to_base64url(crypto::random_bytes(kPasswordBytes));
  crypto::Secret password = crypto::Secret::copy_of(as_bytes(text));
  crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return password;
}

class Mosquitto final : public Broker {
 public:
  Mosquitto(BrokerOptions options, crypto::Secret password, PasswordLines lines)
      : options_(std::move(options)), password_(std::move(password)), lines_(std::move(lines)) {}
  ~Mosquitto() override { stop(); }

  absl::Status start() override;
  void stop() override;
  bool listening() const override;
  int exit_fd() const override { return child_.exit_fd.get(); }
  Exit on_exit() override;
  int port() const override { return options_.port; }
  int pid() const override { return child_.pid; }
  std::string gateway_user() const override { return "gw-" + options_.gateway; }
  const crypto::Secret& gateway_password() const override { return password_; }
  absl::Status set_certificate(crypto::CertifiedKey server) override;
  absl::Status set_mailbox(std::string_view mailbox, const crypto::Secret& password) override;
  absl::Status remove_mailbox(std::string_view mailbox) override;
  std::vector<std::string> mailboxes() const override;
  absl::StatusOr<std::string> hash_of(std::string_view mailbox,
                                      const crypto::Secret& password) const override;
  absl::Status set_hash(std::string_view mailbox, std::string_view hash) override;
  absl::StatusOr<std::vector<std::string>> match(
      const std::map<std::string, std::string>& hashes) override;

 private:
  absl::Status replace(PasswordLines lines);
  void read_again();

  BrokerOptions options_;
  const crypto::Secret password_;
  PasswordLines lines_;
  Child child_;
  Steady::time_point started_;
  Duration restart_in_ = kRestartFirst;
};

absl::Status Mosquitto::start() {
  ensure(child_.pid == 0);
  started_ = Steady::now();
  LS_ASSIGN(child_, spawn({"mosquitto", "-c", broker_config(options_.folder).string()}));
  return absl::OkStatus();
}

void Mosquitto::stop() {
  if (child_.pid == 0) return;
  ::kill(child_.pid, SIGTERM);
  pollfd waiting{child_.exit_fd.get(), POLLIN, 0};
  if (::poll(&waiting, 1, kTermMilliseconds) != 1) ::kill(child_.pid, SIGKILL);
  reap(child_);
}

bool Mosquitto::listening() const {
  std::string host = options_.listen;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  const auto address = address_of(host, options_.port);
  if (!address.ok()) return false;
  // An address that this machine does not have may be answered by nobody.
  const UniqueFd fd{
      ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd.valid()) return false;
  if (::connect(fd.get(), address->get(), address->size) == 0) return true;
  pollfd waiting{fd.get(), POLLOUT, 0};
  return errno == EINPROGRESS && ::poll(&waiting, 1, kProbeMilliseconds) == 1 &&
         (waiting.revents & (POLLERR | POLLHUP)) == 0;
}

Broker::Exit Mosquitto::on_exit() {
  ensure(child_.pid != 0);
  Exit exit;
  exit.how = reap(child_);
  if (exit.how.empty()) exit.how = "exit code 0";
  if (Steady::now() - started_ > kStableAfter) restart_in_ = kRestartFirst;
  exit.restart_in = restart_in_;
  restart_in_ = std::min(restart_in_ * 2, Duration{kRestartMax});
  return exit;
}

absl::Status Mosquitto::replace(PasswordLines lines) {
  LS_RETURN_IF_ERROR(write_passwords(options_.folder, lines));
  lines_ = std::move(lines);
  read_again();
  return absl::OkStatus();
}

void Mosquitto::read_again() {
  if (child_.pid != 0) ::kill(child_.pid, SIGHUP);
}

absl::Status Mosquitto::set_certificate(crypto::CertifiedKey server) {
  const absl::Status written = write_certificate(options_.folder, server);
  if (!written.ok()) {
    // Half of a pair would be read at the next change of a password, or the next start.
    static_cast<void>(write_certificate(options_.folder, options_.server));
    return written;
  }
  options_.server = std::move(server);
  read_again();
  return absl::OkStatus();
}

absl::Status Mosquitto::set_mailbox(std::string_view mailbox, const crypto::Secret& password) {
  LS_ASSIGN(const std::string hash, hash_of(mailbox, password));
  return set_hash(mailbox, hash);
}

absl::StatusOr<std::string> Mosquitto::hash_of(std::string_view mailbox,
                                               const crypto::Secret& password) const {
  if (!crypto::is_id(mailbox)) return invalid("`{}` is not a mailbox: ten of [a-z2-7]", mailbox);
  LS_ASSIGN(const std::string line, password_line(options_.folder, mailbox, password));
  return line.substr(mailbox.size() + 1);
}

absl::Status Mosquitto::set_hash(std::string_view mailbox, std::string_view hash) {
  if (!crypto::is_id(mailbox) || !hash.starts_with(kHashStart) ||
      hash.find_first_of(":\n") != std::string_view::npos) {
    return invalid("not a mailbox of ten [a-z2-7] and the hash of its password");
  }
  PasswordLines lines = lines_;
  lines[std::string(mailbox)] = fmt::format("{}:{}", mailbox, hash);
  if (lines.size() > kMailboxesMax + 1) {
    return exhausted("this broker has {} mailboxes; remove one first", kMailboxesMax);
  }
  return replace(std::move(lines));
}

absl::Status Mosquitto::remove_mailbox(std::string_view mailbox) {
  PasswordLines lines = lines_;
  if (!crypto::is_id(mailbox) || lines.erase(std::string(mailbox)) == 0) {
    return not_found("no mailbox `{}`", mailbox);
  }
  return replace(std::move(lines));
}

absl::StatusOr<std::vector<std::string>> Mosquitto::match(
    const std::map<std::string, std::string>& hashes) {
  PasswordLines lines = lines_;
  std::erase_if(lines, [&](const auto& line) {
    return crypto::is_id(line.first) && !hashes.contains(line.first);
  });
  std::vector<std::string> without;
  for (const auto& [mailbox, hash] : hashes) {
    if (!hash.empty()) {
      lines[mailbox] = fmt::format("{}:{}", mailbox, hash);
    } else if (!lines.contains(mailbox)) {
      without.push_back(mailbox);
    }
  }
  if (lines != lines_) LS_RETURN_IF_ERROR(replace(std::move(lines)));
  return without;
}

std::vector<std::string> Mosquitto::mailboxes() const {
  std::vector<std::string> names;
  for (const auto& [user, line] : lines_) {
    if (crypto::is_id(user)) names.push_back(user);
  }
  return names;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Broker>> Broker::open(BrokerOptions options) {
  if (!crypto::is_id(options.gateway)) return invalid("`{}` is no gateway id", options.gateway);
  if (options.folder.string().find('\n') != std::string::npos) {
    return invalid("the broker's folder must not have a line feed in its name");
  }
  LS_RETURN_IF_ERROR(address_of(options.listen, 0).status());
  options.folder = std::filesystem::absolute(options.folder);
  LS_RETURN_IF_ERROR(make_folder(options.folder));
  if (options.port == 0) {
    LS_ASSIGN(options.port, free_port(options.listen));
  }
  LS_ASSIGN(PasswordLines lines, read_passwords(options.folder));
  crypto::Secret password = random_password();
  const std::string user = "gw-" + options.gateway;
  LS_ASSIGN(lines[user], password_line(options.folder, user, password));
  LS_RETURN_IF_ERROR(write_broker_files(options, user));
  LS_RETURN_IF_ERROR(write_passwords(options.folder, lines));
  return std::make_unique<Mosquitto>(std::move(options), std::move(password), std::move(lines));
}

}  // namespace latchstring::link
