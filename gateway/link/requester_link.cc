#include "gateway/link/requester_link.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <set>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/link/requester_inbox.h"
#include "gateway/wire/data.h"
#include "gateway/wire/topics.h"

namespace latchstring::link {
namespace {

constexpr int kControlQos = 1;
constexpr int kGetQos = 0;
constexpr Duration kControlLifetime = std::chrono::hours{24 * 14};
// STATE is not repeated: where HELLO was acknowledged and no STATE came, a new HELLO asks for it.
constexpr Duration kHelloAgainFirst = std::chrono::seconds{5};
constexpr Duration kHelloAgainMax = std::chrono::minutes{5};
constexpr Duration kPumpMin = std::chrono::milliseconds{1};
constexpr Duration kPumpMax = std::chrono::milliseconds{500};

bool names(const std::vector<std::string>& ids, const wire::TransferId& id) {
  return std::find(ids.begin(), ids.end(), wire::to_text(id)) != ids.end();
}

// Takes a transfer back: REVOKE, or a STATE that lists it as revoked.
bool revokes(const wire::Command& command, const wire::TransferId& id) {
  if (const auto* revoke = std::get_if<wire::Revoke>(&command)) return names(revoke->transfers, id);
  if (const auto* state = std::get_if<wire::State>(&command)) return names(state->revoked, id);
  return false;
}

// The gateway repeats it until it is acknowledged, so that its number alone tells whether it is
// new. Of any age: it is kept for a device that was away for longer than it lasts, and one that was
// never acknowledged would in the end hold back all that come after it.
bool is_kept(const wire::Command& command) {
  return std::holds_alternative<wire::Offer>(command) ||
         std::holds_alternative<wire::Notice>(command) ||
         std::holds_alternative<wire::Revoke>(command) ||
         std::holds_alternative<wire::ReceiptTaken>(command);
}

// What arrives goes to this receiver, as long as the scope lasts.
class ScopedReceiver {
 public:
  ScopedReceiver(Receiver*& slot, Receiver& receiver) : slot_(slot) { slot_ = &receiver; }
  ~ScopedReceiver() { slot_ = nullptr; }
  ScopedReceiver(const ScopedReceiver&) = delete;
  ScopedReceiver& operator=(const ScopedReceiver&) = delete;

 private:
  Receiver*& slot_;
};

class Link final : public RequesterLink {
 public:
  Link(Options options, crypto::VerifyKey gateway_key, crypto::age::Recipient gateway_inbox)
      : options_(std::move(options)),
        gateway_key_(gateway_key),
        gateway_inbox_(gateway_inbox),
        me_(options_.key.verify_key().thumbprint()),
        peer_{options_.ticket.mailbox, options_.device},
        memory_(options_.memory) {}
  ~Link() override { mqtt_.reset(); }  // its thread uses the inbox

  absl::Status connect_to(std::string_view url, Duration patience);

  absl::Status submit(std::string_view request_id, std::string_view request_jws) override;
  void stop_repeating(std::string_view request_id) override;
  absl::Status send(wire::Command command) override {
    return send_now(std::move(command)).status();
  }
  bool all_acknowledged() const override { return out_.empty(); }
  absl::StatusOr<std::optional<Event>> next(Duration patience) override;
  absl::Status take(std::uint64_t seq) override;
  absl::Status receive(const Incoming& file, PartStore& store, Duration patience, Duration until,
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
  void acknowledge(std::uint64_t seq);
  bool revoked(const wire::TransferId& id) const;
  absl::Status save();
  Duration now() const { return options_.clock.steady(); }

  const Options options_;
  const crypto::VerifyKey gateway_key_;
  const crypto::age::Recipient gateway_inbox_;
  const std::string me_;
  const wire::Peer peer_;
  RequesterMemory memory_;
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
  std::set<std::uint64_t> given_;  // seqs handed to the caller and not yet taken
  Receiver* receiving_ = nullptr;  // inside receive()
  bool up_ = false;

  std::unique_ptr<Mqtt> mqtt_;
};

absl::Status Link::connect_to(std::string_view url, Duration patience) {
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

absl::StatusOr<Bytes> Link::sealed(std::uint64_t seq, wire::Command command) const {
  wire::Control control;
  control.common = wire::new_common(options_.key, options_.ticket.gateway, options_.clock.now(),
                                    kControlLifetime);
  control.seq = seq;
  control.command = std::move(command);
  return wire::seal_message(options_.key, wire::kTypControl, wire::encode(control),
                            {gateway_inbox_});
}

absl::Status Link::save() {
  return options_.save ? options_.save(memory_) : absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Link::send_now(wire::Command command) {
  const std::uint64_t seq = memory_.next_seq++;
  // Before it is sent: a seq is never used twice.
  LS_RETURN_IF_ERROR(save());
  LS_ASSIGN(Bytes bytes, sealed(seq, std::move(command)));
  out_.add(seq, std::move(bytes));
  repeat_due();
  return seq;
}

absl::Status Link::say_hello() {
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

absl::Status Link::hello_again_if_due() {
  if (!up_ || state_heard_ || !hello_acknowledged_ || now() < hello_again_at_) {
    return absl::OkStatus();
  }
  hello_again_in_ = std::min(hello_again_in_ * 2, kHelloAgainMax);
  return say_hello();
}

absl::Status Link::submit(std::string_view request_id, std::string_view request_jws) {
  LS_ASSIGN(Bytes bytes, wire::seal_jws(request_jws, {gateway_inbox_}));
  stop_repeating(request_id);
  const std::uint64_t key = next_request_key_++;
  request_keys_[std::string(request_id)] = key;
  requests_.add(key, std::move(bytes));
  repeat_due();
  return absl::OkStatus();
}

void Link::stop_repeating(std::string_view request_id) {
  const auto found = request_keys_.find(request_id);
  if (found == request_keys_.end()) return;
  requests_.acknowledge(found->second);
  request_keys_.erase(found);
}

void Link::repeat_due() {
  if (!up_) return;
  const std::string topic = wire::inbox_topic(options_.ticket.gateway, peer_);
  for (ReliableOut* out : {&out_, &requests_}) {
    for (const ReliableOut::Message* message : out->due(now())) {
      // Dropped when the queue is full: it is repeated in any case.
      (void)mqtt_->publish({topic, message->sealed, kControlQos});
    }
  }
}

Duration Link::until_due() const {
  Duration wait = kPumpMax;
  for (const ReliableOut* out : {&out_, &requests_}) {
    if (const auto due = out->next_due()) wait = std::min(wait, *due - now());
  }
  return std::max(wait, Duration{0});
}

// Waits for one item, at most `patience`, and handles it.
absl::Status Link::pump(Duration patience) {
  LS_RETURN_IF_ERROR(hello_again_if_due());
  repeat_due();
  const Duration wait = up_ ? std::min(patience, until_due()) : std::min(patience, kPumpMax);
  std::optional<InboxItem> item = inbox_.pop(std::max(wait, Duration{0}));
  return item ? handle(*std::move(item)) : absl::OkStatus();
}

absl::Status Link::handle(InboxItem item) {
  if (item.kind == InboxItem::Kind::down) {
    up_ = false;
    return absl::OkStatus();
  }
  if (item.kind == InboxItem::Kind::up) {
    up_ = true;
    if (receiving_ != nullptr) receiving_->on_reconnect();
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
absl::Status Link::handle_control(ByteView bytes) {
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
  if (memory_.seen.taken(seq)) {
    acknowledge(seq);
    return absl::OkStatus();
  }
  if (const auto* resend = std::get_if<wire::Resend>(&control->command)) {
    const bool ours =
        receiving_ != nullptr && resend->transfer == wire::to_text(receiving_->file().id);
    if (ours) receiving_->on_resend(*resend);
    return take(seq);
  }
  if (events_.size() >= kInboxMax) return absl::OkStatus();  // it will be repeated
  state_heard_ = state_heard_ || std::holds_alternative<wire::State>(control->command);
  given_.insert(seq);
  events_.push_back(Event{*std::move(control), seq});
  return absl::OkStatus();
}

absl::Status Link::handle_data(ByteView bytes) {
  if (receiving_ == nullptr) return absl::OkStatus();
  const auto data = wire::decode_data(bytes);
  if (!data.ok()) return absl::OkStatus();
  const absl::Status stored = receiving_->on_data(*data, now());
  if (absl::IsInvalidArgument(stored) || absl::IsPermissionDenied(stored)) return absl::OkStatus();
  return stored;
}

void Link::acknowledge(std::uint64_t seq) {
  auto bytes = sealed(0, wire::Ack{seq});
  if (!bytes.ok() || !up_) return;
  // Lost: then the gateway repeats, and is answered again.
  (void)mqtt_->publish(
      {wire::inbox_topic(options_.ticket.gateway, peer_), *std::move(bytes), kControlQos});
}

absl::Status Link::take(std::uint64_t seq) {
  memory_.seen.take(seq);
  LS_RETURN_IF_ERROR(save());
  given_.erase(seq);
  acknowledge(seq);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RequesterLink::Event>> Link::next(Duration patience) {
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

bool Link::revoked(const wire::TransferId& id) const {
  return std::any_of(events_.begin(), events_.end(),
                     [&id](const Event& event) { return revokes(event.control.command, id); });
}

absl::Status Link::receive(const Incoming& file, PartStore& store, Duration patience,
                           Duration until, const std::function<void(const Receiver&)>& progress) {
  LS_ASSIGN(const auto receiver, Receiver::open(file, store));
  const ScopedReceiver scope(receiving_, *receiver);
  const std::string topic = wire::inbox_topic(options_.ticket.gateway, peer_);
  Duration moved = now();
  while (!receiver->complete()) {
    if (const auto get = up_ ? receiver->next_get(now()) : std::nullopt) {
      // Dropped: asked again after the time-out.
      (void)mqtt_->publish({topic, wire::encode(*get), kGetQos});
    }
    const std::uint64_t before = receiver->stored().count();
    const Duration asks_again_in = std::max(receiver->wake_at() - now(), kPumpMin);
    LS_RETURN_IF_ERROR(pump(std::min(up_ ? asks_again_in : kPumpMax, until - now())));
    if (receiver->stored().count() != before) {
      moved = now();
      if (progress) progress(*receiver);
    }
    if (revoked(file.id)) return denied("the household took this release back");
    if (receiver->complete()) break;
    const bool time_is_up = now() >= until;
    if (!time_is_up && now() - moved <= patience) continue;
    LS_RETURN_IF_ERROR(receiver->save());
    if (time_is_up) return unavailable("the time is up");
    return unavailable("nothing came for {} seconds",
                       std::chrono::duration_cast<std::chrono::seconds>(patience).count());
  }
  LS_RETURN_IF_ERROR(receiver->save());
  return receiver->check_whole();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RequesterLink>> RequesterLink::connect(Options options,
                                                                      Duration patience) {
  LS_ASSIGN(const auto key, crypto::VerifyKey::from_jwk(options.ticket.gateway_jwk));
  LS_ASSIGN(const auto inbox, crypto::age::Recipient::parse(options.ticket.inbox));
  const std::vector<std::string> brokers = options.ticket.brokers;
  if (brokers.empty()) return invalid("the ticket names no broker");
  auto link = std::make_unique<Link>(std::move(options), key, inbox);
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
