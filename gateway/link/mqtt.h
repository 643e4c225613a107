// Mqtt: one connection to one MQTT 3.1.1 broker, kept up.
// Threads: its own, which alone touches libmosquitto; publish(), wake() and status from any thread.
// Callbacks run on the link thread: they copy, hand over (post to the owner's loop) and return.
// Limits: kQueueMax control messages waiting; kUnsentMax data chunks handed to libmosquitto and not
// yet written, since its own queue has no limit; kInboundMax per message.
// If it falls behind: publish() returns false and the message is dropped; whoever sent it repeats.
// Sessions are clean and the client id is drawn anew at each connect: a known one would let a
// stranger throw us out.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/base/time.h"
#include "gateway/crypto/secret.h"

namespace latchstring::link {

inline constexpr std::size_t kQueueMax = 1'024;
inline constexpr std::size_t kQueueBytesMax = 16u << 20;
inline constexpr std::size_t kUnsentMax = 8;
inline constexpr std::size_t kInboundMax = 64 * 1024;
inline constexpr Duration kReconnectFirst = std::chrono::milliseconds{250};
inline constexpr Duration kReconnectMax = std::chrono::seconds{30};
inline constexpr Duration kConnectPatience = std::chrono::seconds{20};

struct BrokerAddress {
  std::string host;
  int port = 0;
  bool tls = true;
};
// mqtts://host[:8883], mqtt://host[:1883] (no encryption: for loopback and tests), [v6] in
// brackets. wss:// is FailedPrecondition: this libmosquitto has no WebSocket; say so and name
// mqtts.
absl::StatusOr<BrokerAddress> parse_broker_url(std::string_view url);

struct MqttOptions {
  BrokerAddress address;
  std::string ca_pem;        // empty, with tls: the system's authorities
  Path cert_file, key_file;  // optional client certificate
  std::string user;          // empty: none
  crypto::Secret password;
  std::vector<std::string> subscriptions;
  int keepalive_seconds = 30;
};

class Mqtt {
 public:
  struct Outgoing {
    std::string topic;
    Bytes payload;
    int qos = 0;
  };
  // Hands to libmosquitto. An error: the connection is lost.
  using Publish = std::function<absl::Status(const Outgoing&)>;
  struct Callbacks {
    std::function<void()> on_up;                           // connected and subscribed
    std::function<void(const absl::Status& why)> on_down;  // also for each attempt that failed
    std::function<void(std::string_view topic, ByteView payload)> on_message;
    // Asked to publish the next data chunk whenever there is room for one; may be empty. False:
    // there is none. Its errors are those of Publish.
    std::function<absl::StatusOr<bool>(const Publish&)> next_data;
  };

  static absl::StatusOr<std::unique_ptr<Mqtt>> start(MqttOptions options, Callbacks callbacks);
  virtual ~Mqtt() = default;  // disconnects and joins

  // False: not connected, or the queue is full; the message was dropped.
  [[nodiscard]] virtual bool publish(Outgoing message) = 0;
  // There may be something for next_data.
  virtual void wake() = 0;
  virtual bool up() const = 0;
};

}  // namespace latchstring::link
