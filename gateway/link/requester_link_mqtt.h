// RequesterLink over MQTT. Private to gateway/link: the conversation stands in requester_link.cc,
// how a file is received in requester_receive.cc.
// Threads: the caller's own; the MQTT thread reaches the inbox alone.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "gateway/link/requester_inbox.h"
#include "gateway/link/requester_link.h"
#include "gateway/wire/topics.h"

namespace latchstring::link {

// STATE is not repeated: where HELLO was acknowledged and no STATE came, a new HELLO asks for it.
inline constexpr Duration kHelloAgainFirst = std::chrono::seconds{5};
// At most so long it waits for what comes, before it looks at what is due.
inline constexpr Duration kPumpMax = std::chrono::milliseconds{500};

class MqttRequesterLink final : public RequesterLink {
 public:
  MqttRequesterLink(Options options, crypto::VerifyKey gateway_key,
                    crypto::age::Recipient gateway_inbox)
      : options_(std::move(options)),
        gateway_key_(gateway_key),
        gateway_inbox_(gateway_inbox),
        me_(options_.key.verify_key().thumbprint()),
        peer_{options_.ticket.mailbox, options_.device},
        seen_(options_.numbers.seen) {}
  ~MqttRequesterLink() override { mqtt_.reset(); }  // its thread uses the inbox

  absl::Status connect_to(std::string_view url, Duration patience);

  absl::Status submit(std::string_view request_id, std::string_view request_jws) override;
  void stop_repeating(std::string_view request_id) override;
  absl::Status send(wire::Command command) override {
    return send_now(std::move(command)).status();
  }
  bool all_acknowledged() const override { return out_.empty(); }
  absl::StatusOr<std::optional<Event>> next(Duration patience) override;
  absl::Status take(std::uint64_t seq) override;
  absl::Status receive(const std::vector<Fetch>& files, Duration patience, Duration until,
                       const std::function<void(const Receiver&)>& progress) override;

 private:
  absl::StatusOr<std::uint64_t> send_now(wire::Command command);
  absl::StatusOr<Bytes> sealed(std::uint64_t seq, wire::Command command) const;
  absl::Status say_hello();
  absl::Status hello_again_if_due();
  void repeat_due();
  Duration until_due() const;
  absl::Status pump(Duration patience);
  absl::Status handle(InboxItem item);
  absl::Status handle_control(ByteView bytes);
  absl::Status handle_data(ByteView bytes);
  void handle_resend(const wire::Resend& resend);
  Receiver* next_receiver() const;
  void acknowledge(std::uint64_t seq);
  bool revoked(const wire::TransferId& id) const;
  Duration now() const { return options_.clock.steady(); }

  const Options options_;
  const crypto::VerifyKey gateway_key_;
  const crypto::age::Recipient gateway_inbox_;
  const std::string me_;
  const wire::Peer peer_;
  // What this run took, not what another one did meanwhile: each is told all that comes.
  SeqWindow seen_;
  Inbox inbox_;

  // The caller's thread only.
  ReliableOut out_;
  ReliableOut requests_;  // acknowledged by `received`, not by ACK
  std::map<std::string, std::uint64_t, std::less<>> request_keys_;
  std::uint64_t next_request_key_ = 1;
  std::uint64_t hello_seq_ = 0;
  bool hello_acknowledged_ = false;
  bool state_heard_ = false;  // since the connection is up
  Duration hello_again_at_{0};
  Duration hello_again_in_ = kHelloAgainFirst;
  std::deque<Event> events_;
  std::set<std::uint64_t> given_;                     // seqs handed to the caller and not yet taken
  std::vector<std::unique_ptr<Receiver>> receiving_;  // inside receive()
  bool other_first_ = false;  // the gateway wants to send a file that is not among them
  bool up_ = false;

  std::unique_ptr<Mqtt> mqtt_;
};

}  // namespace latchstring::link
