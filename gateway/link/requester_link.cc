#include "gateway/link/requester_link.h"

#include <algorithm>
#include <chrono>

#include "gateway/base/status.h"
#include "gateway/link/requester_link_mqtt.h"
#include "gateway/wire/data.h"

namespace latchstring::link {
namespace {

constexpr int kControlQos = 1;
constexpr Duration kControlLifetime = std::chrono::hours{24 * 14};
constexpr Duration kHelloAgainMax = std::chrono::minutes{5};

// The gateway repeats it until it is acknowledged, so that its number alone tells whether it is
// new. Of any age: it is kept for a device that was away for longer than it lasts, and one that was
// never acknowledged would in the end hold back all that come after it.
bool is_kept(const wire::Command& command) {
  return std::holds_alternative<wire::Offer>(command) ||
         std::holds_alternative<wire::Notice>(command) ||
         std::holds_alternative<wire::Revoke>(command) ||
         std::holds_alternative<wire::ReceiptTaken>(command);
}

}  // namespace

absl::Status MqttRequesterLink::connect_to(std::string_view url, Duration patience) {
  MqttOptions options;
  LS_ASSIGN(options.address, parse_broker_url(url));
  options.ca_pem = options_.ticket.ca_pem;
  options.user = peer_.mailbox;
  options.password = crypto::Secret::copy_of(as_bytes(options_.ticket.secret));
  if (options_.ticket.secret.empty() && options_.login) {
    LS_ASSIGN(BrokerLogin login, options_.login(url));
    options.user = std::move(login.user);
    options.password = std::move(login.password);
  }
  options.subscriptions = {wire::outbox_filter(options_.ticket.gateway, peer_)};
  Mqtt::Callbacks callbacks;
  callbacks.on_up = [this] { inbox_.push({InboxItem::Kind::up, {}, {}}); };
  callbacks.on_down = [this](const absl::Status& why) {
    inbox_.push({InboxItem::Kind::down, why, {}});
  };
  callbacks.on_message = [this](std::string_view, ByteView payload) {
    inbox_.push({InboxItem::Kind::message, {}, {payload.begin(), payload.end()}});
  };
  LS_ASSIGN(mqtt_, Mqtt::start(std::move(options), std::move(callbacks)));
  const Duration until = now() + patience;
  std::optional<Duration> tell_at = now() + kConnectQuiet;
  absl::Status why = unavailable("broker `{}` does not answer", url);
  while (!up_ && now() < until) {
    std::optional<InboxItem> item = inbox_.pop(std::min(until, tell_at.value_or(until)) - now());
    if (tell_at && now() >= *tell_at && (!item || item->kind != InboxItem::Kind::up)) {
      if (options_.on_slow) options_.on_slow(url);
      tell_at.reset();
    }
    if (!item) continue;
    if (item->kind == InboxItem::Kind::down) why = item->why;
    // A wrong password stays wrong.
    if (absl::IsPermissionDenied(why)) break;
    LS_RETURN_IF_ERROR(handle(*std::move(item)));
  }
  if (up_) return absl::OkStatus();
  mqtt_.reset();
  return why;
}

absl::StatusOr<Bytes> MqttRequesterLink::sealed(std::uint64_t seq, wire::Command command) const {
  wire::Control control;
  control.common = wire::new_common(options_.key, options_.ticket.gateway, options_.clock.now(),
                                    kControlLifetime);
  control.seq = seq;
  control.command = std::move(command);
  return wire::seal_message(options_.key, wire::kTypControl, wire::encode(control),
                            {gateway_inbox_});
}

absl::StatusOr<std::uint64_t> MqttRequesterLink::send_now(wire::Command command) {
  LS_ASSIGN(const std::uint64_t seq, options_.numbers.draw());
  LS_ASSIGN(Bytes bytes, sealed(seq, std::move(command)));
  out_.add(seq, std::move(bytes));
  repeat_due();
  return seq;
}

absl::Status MqttRequesterLink::say_hello() {
  out_.acknowledge(hello_seq_);  // an older one has nothing to add
  out_.restart();
  requests_.restart();
  hello_acknowledged_ = false;
  hello_again_at_ = now() + hello_again_in_;
  LS_ASSIGN(hello_seq_,
            send_now(wire::Hello{
                options_.credential, {wire::kVersion}, options_.tree_size, options_.device}));
  return absl::OkStatus();
}

absl::Status MqttRequesterLink::hello_again_if_due() {
  if (!up_ || state_heard_ || !hello_acknowledged_ || now() < hello_again_at_) {
    return absl::OkStatus();
  }
  hello_again_in_ = std::min(hello_again_in_ * 2, kHelloAgainMax);
  return say_hello();
}

absl::Status MqttRequesterLink::submit(std::string_view request_id, std::string_view request_jws) {
  LS_ASSIGN(Bytes bytes, wire::seal_jws(request_jws, {gateway_inbox_}));
  stop_repeating(request_id);
  const std::uint64_t key = next_request_key_++;
  request_keys_[std::string(request_id)] = key;
  requests_.add(key, std::move(bytes));
  repeat_due();
  return absl::OkStatus();
}

void MqttRequesterLink::stop_repeating(std::string_view request_id) {
  const auto found = request_keys_.find(request_id);
  if (found == request_keys_.end()) return;
  requests_.acknowledge(found->second);
  request_keys_.erase(found);
}

void MqttRequesterLink::repeat_due() {
  if (!up_) return;
  const std::string topic = wire::inbox_topic(options_.ticket.gateway, peer_);
  for (ReliableOut* out : {&out_, &requests_}) {
    for (const ReliableOut::Message* message : out->due(now())) {
      // Dropped when the queue is full: it is repeated in any case.
      (void)mqtt_->publish({topic, message->sealed, kControlQos});
    }
  }
}

Duration MqttRequesterLink::until_due() const {
  Duration wait = kPumpMax;
  for (const ReliableOut* out : {&out_, &requests_}) {
    if (const auto due = out->next_due()) wait = std::min(wait, *due - now());
  }
  return std::max(wait, Duration{0});
}

// Waits for one item, at most `patience`, and handles it.
absl::Status MqttRequesterLink::pump(Duration patience) {
  LS_RETURN_IF_ERROR(hello_again_if_due());
  repeat_due();
  const Duration wait = up_ ? std::min(patience, until_due()) : std::min(patience, kPumpMax);
  std::optional<InboxItem> item = inbox_.pop(std::max(wait, Duration{0}));
  return item ? handle(*std::move(item)) : absl::OkStatus();
}

absl::Status MqttRequesterLink::handle(InboxItem item) {
  if (item.kind == InboxItem::Kind::down) {
    up_ = false;
    // A password that the broker does not take any more: waiting helps nobody.
    return absl::IsPermissionDenied(item.why) ? item.why : absl::OkStatus();
  }
  if (item.kind == InboxItem::Kind::up) {
    up_ = true;
    for (const auto& receiver : receiving_) receiver->on_reconnect();
    state_heard_ = false;
    hello_again_in_ = kHelloAgainFirst;
    return say_hello();
  }
  const Bytes& bytes = item.bytes;
  switch (wire::kind_of(bytes)) {
    case wire::Kind::sealed:
      return handle_control(bytes);
    case wire::Kind::data:
      return handle_data(bytes);
    case wire::Kind::get:
    case wire::Kind::unknown:
      break;
  }
  return absl::OkStatus();
}

// What does not open, verify or decode is dropped without a word: anybody at the broker can send
// it.
absl::Status MqttRequesterLink::handle_control(ByteView bytes) {
  auto control = wire::open_kept_control(bytes, options_.identity, gateway_key_, me_);
  if (!control.ok()) return absl::OkStatus();
  if (control->common.exp <= options_.clock.now() && !is_kept(control->command)) {
    return absl::OkStatus();
  }
  if (const auto* ack = std::get_if<wire::Ack>(&control->command)) {
    out_.acknowledge(ack->acked);
    hello_acknowledged_ = hello_acknowledged_ || ack->acked == hello_seq_;
    return absl::OkStatus();
  }
  const std::uint64_t seq = control->seq;
  if (seq == 0 || given_.contains(seq)) return absl::OkStatus();
  if (seen_.taken(seq)) {
    acknowledge(seq);
    return absl::OkStatus();
  }
  if (const auto* resend = std::get_if<wire::Resend>(&control->command)) {
    handle_resend(*resend);
    return take(seq);
  }
  if (events_.size() >= kInboxMax) return absl::OkStatus();  // it will be repeated
  state_heard_ = state_heard_ || std::holds_alternative<wire::State>(control->command);
  given_.insert(seq);
  events_.push_back(Event{*std::move(control), seq});
  return absl::OkStatus();
}

void MqttRequesterLink::acknowledge(std::uint64_t seq) {
  auto bytes = sealed(0, wire::Ack{seq});
  if (!bytes.ok() || !up_) return;
  // Lost: then the gateway repeats, and is answered again.
  (void)mqtt_->publish(
      {wire::inbox_topic(options_.ticket.gateway, peer_), *std::move(bytes), kControlQos});
}

absl::Status MqttRequesterLink::take(std::uint64_t seq) {
  LS_RETURN_IF_ERROR(options_.numbers.take(seq));
  seen_.take(seq);
  given_.erase(seq);
  acknowledge(seq);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RequesterLink::Event>> MqttRequesterLink::next(Duration patience) {
  const Duration until = now() + patience;
  do {
    if (!events_.empty()) {
      Event event = std::move(events_.front());
      events_.pop_front();
      return event;
    }
    LS_RETURN_IF_ERROR(pump(until - now()));
  } while (now() < until || !events_.empty());
  return std::nullopt;
}

absl::StatusOr<std::unique_ptr<RequesterLink>> RequesterLink::connect(Options options,
                                                                      Duration patience) {
  LS_ASSIGN(const auto key, crypto::VerifyKey::from_jwk(options.ticket.gateway_jwk));
  LS_ASSIGN(const auto inbox, crypto::age::Recipient::parse(options.ticket.inbox));
  const std::vector<std::string> brokers = options.ticket.brokers;
  if (brokers.empty()) return invalid("the ticket names no broker");
  auto link = std::make_unique<MqttRequesterLink>(std::move(options), key, inbox);
  absl::Status why;
  for (const std::string& url : brokers) {
    const absl::Status connected =
        link->connect_to(url, patience / static_cast<std::int64_t>(brokers.size()));
    if (connected.ok()) return link;
    // The most telling one: a refusal, or else the first broker that could be tried at all.
    if (why.ok() || absl::IsPermissionDenied(connected) || absl::IsFailedPrecondition(why))
      why = connected;
  }
  return why;
}

}  // namespace latchstring::link
