#include "gateway/link/mqtt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/link/mqtt_handle.h"

namespace latchstring::link {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kTurnMilliseconds = 1'000;  // at least so often: keepalive
constexpr int kStopTurns = 50;            // of kStopMilliseconds each, to write what is queued
constexpr int kStopMilliseconds = 10;
constexpr std::size_t kControlUnsentMax = 32;

// Half to whole of `delay`, so that clients of a broker that comes back do not come all at once.
Duration jittered(Duration delay) {
  const Bytes random = crypto::random_bytes(1);
  return delay / 2 + delay / 2 * random[0] / 255;
}

class Connection final : public Mqtt {
 public:
  Connection(MqttOptions options, Callbacks callbacks)
      : options_(std::move(options)),
        callbacks_(std::move(callbacks)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    ensure(wake_.valid());
    thread_ = std::thread([this] { run(); });
  }

  ~Connection() override {
    stopping_ = true;
    wake();
    thread_.join();
  }

  bool publish(Outgoing message) override {
    {
      const std::lock_guard lock(mutex_);
      if (!up_ || queue_.size() >= kQueueMax ||
          queued_bytes_ + message.payload.size() > kQueueBytesMax) {
        return false;
      }
      queued_bytes_ += message.payload.size();
      queue_.push_back(std::move(message));
    }
    wake();
    return true;
  }

  void wake() override {
    const std::uint64_t one = 1;
    // A full counter means that the thread is awake already.
    [[maybe_unused]] const ssize_t put = ::write(wake_.get(), &one, sizeof one);
  }

  bool up() const override { return up_; }

 private:
  void run();
  absl::Status serve();
  absl::Status wait_and_turn(MqttHandle& handle, int milliseconds);
  absl::Status hand_over(MqttHandle& handle);
  std::optional<Outgoing> pop();
  void set_up(bool up);
  void finish(MqttHandle& handle);
  void rest(Duration delay);
  void drain_wake();

  const MqttOptions options_;
  const Callbacks callbacks_;
  const UniqueFd wake_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> up_ = false;

  std::mutex mutex_;
  std::deque<Outgoing> queue_;    // guarded by mutex_
  std::size_t queued_bytes_ = 0;  // guarded by mutex_

  bool was_up_ = false;  // link thread only
  std::thread thread_;
};

void Connection::run() {
  Duration delay = kReconnectFirst;
  while (!stopping_) {
    was_up_ = false;
    const absl::Status why = serve();
    set_up(false);
    if (stopping_) return;
    if (callbacks_.on_down) callbacks_.on_down(why);
    if (was_up_) delay = kReconnectFirst;
    rest(jittered(delay));
    delay = std::min(delay * 2, Duration{kReconnectMax});
  }
}

// From CONNECT until the connection is lost, and why it was.
absl::Status Connection::serve() {
  LS_ASSIGN(const auto handle, MqttHandle::connect(options_, callbacks_.on_message));
  const auto patience = Steady::now() + kConnectPatience;
  while (!stopping_) {
    if (!up_ && handle->ready()) {
      was_up_ = true;
      set_up(true);
      if (callbacks_.on_up) callbacks_.on_up();
    }
    if (!up_ && Steady::now() > patience) {
      return unavailable("broker `{}:{}` does not answer", options_.address.host,
                         options_.address.port);
    }
    if (up_) LS_RETURN_IF_ERROR(hand_over(*handle));
    LS_RETURN_IF_ERROR(wait_and_turn(*handle, kTurnMilliseconds));
  }
  finish(*handle);
  return absl::OkStatus();
}

absl::Status Connection::wait_and_turn(MqttHandle& handle, int milliseconds) {
  const int socket = handle.socket();
  if (socket < 0) return unavailable("the connection to the broker is lost");
  const short events = handle.wants_write() ? POLLIN | POLLOUT : POLLIN;
  pollfd waiting[] = {{socket, events, 0}, {wake_.get(), POLLIN, 0}};
  const int count = ::poll(waiting, 2, milliseconds);
  ensure(count >= 0 || errno == EINTR);
  drain_wake();
  const short got = count > 0 ? waiting[0].revents : short{0};
  return handle.turn((got & (POLLIN | POLLHUP | POLLERR)) != 0, (got & POLLOUT) != 0);
}

// Control messages first; then data, as long as little of it waits to be written.
absl::Status Connection::hand_over(MqttHandle& handle) {
  while (handle.unsent() < kControlUnsentMax) {
    const std::optional<Outgoing> message = pop();
    if (!message) break;
    LS_RETURN_IF_ERROR(handle.publish(*message));
  }
  const Publish publish = [&handle](const Outgoing& message) { return handle.publish(message); };
  while (callbacks_.next_data && handle.unsent() < kUnsentMax) {
    LS_ASSIGN(const bool published, callbacks_.next_data(publish));
    if (!published) break;
  }
  return absl::OkStatus();
}

std::optional<Mqtt::Outgoing> Connection::pop() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  Outgoing message = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= message.payload.size();
  return message;
}

void Connection::set_up(bool up) {
  const std::lock_guard lock(mutex_);
  up_ = up;
  if (up) return;
  queue_.clear();
  queued_bytes_ = 0;
}

// What was queued before the end still goes out, if the broker takes it.
void Connection::finish(MqttHandle& handle) {
  for (int turn = 0; up_ && turn < kStopTurns; ++turn) {
    while (const std::optional<Outgoing> message = pop()) {
      if (!handle.publish(*message).ok()) return;
    }
    if (handle.unsent() == 0) break;
    if (!wait_and_turn(handle, kStopMilliseconds).ok()) return;
  }
  handle.disconnect();
}

void Connection::rest(Duration delay) {
  const auto until = Steady::now() + delay;
  while (!stopping_ && Steady::now() < until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now());
    pollfd waiting{wake_.get(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(left.count()));
    drain_wake();
  }
}

void Connection::drain_wake() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
}

}  // namespace

absl::StatusOr<BrokerAddress> parse_broker_url(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme == "wss" || scheme == "ws") {
    return not_now(
        "`{}`: this program cannot speak MQTT over WebSocket, because the system's "
        "libmosquitto has no WebSocket client; use the broker's mqtts:// address",
        url);
  }
  if (scheme != "mqtts" && scheme != "mqtt") {
    return invalid("`{}` is not a broker's address: write mqtts://host:8883", url);
  }
  BrokerAddress address;
  address.tls = scheme == "mqtts";
  address.port = address.tls ? 8883 : 1883;
  std::string_view rest = url.substr(scheme_end + 3);
  const bool bracketed = !rest.empty() && rest[0] == '[';
  const std::size_t host_end = bracketed ? rest.find(']') : rest.find(':');
  if (bracketed && host_end == std::string_view::npos) {
    return invalid("`{}` lacks the `]` of its address", url);
  }
  address.host = rest.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  rest = host_end == std::string_view::npos ? "" : rest.substr(host_end + (bracketed ? 1 : 0));
  if (!rest.empty()) {
    const auto [end, code] =
        std::from_chars(rest.data() + 1, rest.data() + rest.size(), address.port);
    const bool whole = code == std::errc{} && end == rest.data() + rest.size();
    if (rest[0] != ':' || !whole || address.port < 1 || address.port > 65'535) {
      return invalid("`{}` has no valid port: write mqtts://host:8883", url);
    }
  }
  if (address.host.empty() || address.host.find_first_of("/@ ?#\"\\") != std::string::npos) {
    return invalid("`{}` has no valid host: write mqtts://host:8883", url);
  }
  return address;
}

absl::StatusOr<std::unique_ptr<Mqtt>> Mqtt::start(MqttOptions options, Callbacks callbacks) {
  if (options.address.host.empty() || options.address.port <= 0) {
    return invalid("a broker has a host and a port");
  }
  ensure(callbacks.on_message != nullptr);
  return std::make_unique<Connection>(std::move(options), std::move(callbacks));
}

}  // namespace latchstring::link
