// GatewayLink: the gateway's connection to its broker. Hands what arrives to the owner, sends
// control messages, and reads and publishes the chunks that the owner's Sender decided to serve.
// Threads: the methods from the owner's loop; the callbacks run on the link thread and only hand
// over (Loop::post). The link never decides what may be sent.
// Limits: those of chunk_queue.h.
// If it falls behind: send_*() returns false and drops; the requester asks again.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/link/chunk_queue.h"
#include "gateway/link/mqtt.h"
#include "gateway/wire/data.h"
#include "gateway/wire/topics.h"

namespace latchstring::link {

class GatewayLink {
 public:
  struct Callbacks {
    std::function<void()> on_up;
    std::function<void(const absl::Status& why)> on_down;
    // A requester's bytes, not yet looked at: at most kMessageMax, from a well-formed inbox topic.
    std::function<void(wire::Peer peer, Bytes bytes)> on_message;
    // Handed to the broker: Sender::mark_sent(). Never out of order with later on_message().
    std::function<void(wire::TransferId transfer, std::vector<std::uint64_t> indices)> on_sent;
    // The outbox file cannot be read or is not what was offered; its jobs were dropped.
    std::function<void(wire::TransferId transfer, const absl::Status& why)> on_broken;
  };

  // `options.subscriptions` is set here.
  static absl::StatusOr<std::unique_ptr<GatewayLink>> start(std::string gateway,
                                                            MqttOptions options,
                                                            Callbacks callbacks);
  virtual ~GatewayLink() = default;

  [[nodiscard]] virtual bool send_control(const wire::Peer& peer, Bytes sealed) = 0;

  // A transfer's file. It is opened (and read once, for its tree) at the first send_data().
  virtual void add_file(const wire::TransferId& transfer, const Path& path,
                        const crypto::Hash& merkle_root) = 0;
  [[nodiscard]] virtual bool send_data(const wire::Peer& peer, const wire::TransferId& transfer,
                                       const std::vector<std::uint64_t>& indices) = 0;
  // Empties its queue. After it returns no further chunk of it is handed to libmosquitto, also none
  // that was being read meanwhile; at most kUnsentMax that were handed over before may still leave.
  virtual void forget(const wire::TransferId& transfer) = 0;

  virtual bool up() const = 0;
};

}  // namespace latchstring::link
