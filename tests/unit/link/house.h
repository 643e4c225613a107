// A managed broker with its certificates in a temporary folder, and clients that remember what they
// were sent.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "gateway/base/clock.h"
#include "gateway/crypto/encoding.h"
#include "gateway/link/broker.h"
#include "gateway/link/mqtt.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::link {

// Waits until it holds, at most `patience`.
template <class Condition>
bool eventually(Condition condition, Duration patience = std::chrono::seconds{20}) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

inline crypto::Secret secret_of(std::string_view text) {
  return crypto::Secret::copy_of(as_bytes(text));
}

class House {
 public:
  House() {
    crypto::start();
    const Instant now = SystemClock(ClockTrust::assumed).now();
    const Interval valid{now - std::chrono::hours{1}, now + std::chrono::hours{24}};
    const auto authority = *crypto::make_authority("test house", valid);
    ca_pem = authority.certificate_pem;
    BrokerOptions options;
    options.folder = folder.path() / "broker";
    options.gateway = gateway;
    options.ca_pem = ca_pem;
    options.server = *crypto::make_server_certificate(authority, {"127.0.0.1"}, valid);
    auto opened = Broker::open(std::move(options));
    INFO(opened.status().ToString());
    REQUIRE(opened.ok());
    broker = *std::move(opened);
  }

  void start() {
    const absl::Status started = broker->start();
    INFO(started.ToString());
    REQUIRE(started.ok());
    REQUIRE(eventually([this] { return broker->listening(); }));
  }

  MqttOptions options(std::string user, const crypto::Secret& password) const {
    MqttOptions options;
    options.address = {"127.0.0.1", broker->port(), true};
    options.ca_pem = ca_pem;
    options.user = std::move(user);
    options.password = password.clone();
    return options;
  }
  MqttOptions gateway_options() const {
    return options(broker->gateway_user(), broker->gateway_password());
  }

  const std::string gateway = crypto::random_id();
  test::TemporaryFolder folder;
  std::string ca_pem;
  std::unique_ptr<Broker> broker;
};

class Client {
 public:
  explicit Client(MqttOptions options) {
    Mqtt::Callbacks callbacks;
    callbacks.on_down = [this](const absl::Status& why) {
      const std::lock_guard lock(mutex_);
      why_ = why;
    };
    callbacks.on_message = [this](std::string_view topic, ByteView payload) {
      const std::lock_guard lock(mutex_);
      messages_.emplace_back(topic, as_text(payload));
    };
    mqtt_ = *Mqtt::start(std::move(options), std::move(callbacks));
  }
  ~Client() { mqtt_.reset(); }

  bool comes_up() {
    return eventually([this] { return mqtt_->up(); });
  }
  bool up() const { return mqtt_->up(); }
  bool say(const std::string& topic, std::string_view text) {
    return mqtt_->publish({topic, to_bytes(text), 1});
  }
  absl::Status why() {
    const std::lock_guard lock(mutex_);
    return why_;
  }
  std::size_t count(std::string_view text) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(messages_.begin(), messages_.end(),
                      [text](const auto& message) { return message.second == text; }));
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }

 private:
  std::mutex mutex_;
  absl::Status why_;                                           // guarded by mutex_
  std::vector<std::pair<std::string, std::string>> messages_;  // guarded by mutex_
  std::unique_ptr<Mqtt> mqtt_;
};

}  // namespace latchstring::link
