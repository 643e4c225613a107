// One attempt at a connection: a libmosquitto handle from CONNECT until it is lost, never reused.
// Private to gateway/link. Threads: one, the link thread; its C callbacks only note what happened.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string_view>

#include "gateway/link/mqtt.h"

struct mosquitto;
struct mosquitto_message;

namespace latchstring::link {

class MqttHandle {
 public:
  using OnMessage = std::function<void(std::string_view topic, ByteView payload)>;

  // Begins to connect. `options` and `on_message` outlive the handle.
  static absl::StatusOr<std::unique_ptr<MqttHandle>> connect(const MqttOptions& options,
                                                             const OnMessage& on_message);
  ~MqttHandle();
  MqttHandle(const MqttHandle&) = delete;
  MqttHandle& operator=(const MqttHandle&) = delete;

  int socket() const;
  bool wants_write() const;
  // Reads, writes, keeps alive, subscribes. An error: the connection is lost, and why.
  absl::Status turn(bool readable, bool writable);
  // Accepted, and every subscription granted.
  bool ready() const { return subscribed_ && granted_ == options_.subscriptions.size(); }

  absl::Status publish(const Mqtt::Outgoing& message);
  // Published, and not yet written (QoS 0) or acknowledged (QoS 1).
  std::size_t unsent() const { return unsent_; }
  void disconnect();

 private:
  struct Free {
    void operator()(mosquitto* handle) const;
  };
  MqttHandle(const MqttOptions& options, const OnMessage& on_message);
  absl::Status configure();
  absl::Status configure_tls();
  absl::Status subscribe();
  absl::Status problem(int code) const;

  static void on_connect(mosquitto*, void* self, int code) noexcept;
  static void on_disconnect(mosquitto*, void* self, int code) noexcept;
  static void on_subscribe(mosquitto*, void* self, int mid, int count, const int* granted) noexcept;
  static void on_publish(mosquitto*, void* self, int mid) noexcept;
  static void on_message(mosquitto*, void* self, const mosquitto_message* message) noexcept;

  const MqttOptions& options_;
  const OnMessage& on_message_;
  UniqueFd ca_file_;  // in memory: libmosquitto takes authorities by name of a file only
  std::unique_ptr<mosquitto, Free> handle_;
  bool accepted_ = false;
  bool subscribed_ = false;
  std::size_t granted_ = 0;
  std::size_t unsent_ = 0;
  absl::Status refused_;  // by CONNACK or SUBACK
};

}  // namespace latchstring::link
