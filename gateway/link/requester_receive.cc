// Receiving a file: asks for pieces until it is whole, or taken back.
#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/link/requester_link_mqtt.h"
#include "gateway/wire/data.h"

namespace latchstring::link {
namespace {

constexpr int kGetQos = 0;
constexpr Duration kPumpMin = std::chrono::milliseconds{1};

bool names(const std::vector<std::string>& ids, const wire::TransferId& id) {
  return std::find(ids.begin(), ids.end(), wire::to_text(id)) != ids.end();
}

// Takes a transfer back: REVOKE, or a STATE that lists it as revoked.
bool revokes(const wire::Command& command, const wire::TransferId& id) {
  if (const auto* revoke = std::get_if<wire::Revoke>(&command)) return names(revoke->transfers, id);
  if (const auto* state = std::get_if<wire::State>(&command)) return names(state->revoked, id);
  return false;
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

}  // namespace

absl::Status MqttRequesterLink::handle_data(ByteView bytes) {
  if (receiving_ == nullptr) return absl::OkStatus();
  const auto data = wire::decode_data(bytes);
  if (!data.ok()) return absl::OkStatus();
  const absl::Status stored = receiving_->on_data(*data, now());
  if (absl::IsInvalidArgument(stored) || absl::IsPermissionDenied(stored)) return absl::OkStatus();
  return stored;
}

bool MqttRequesterLink::revoked(const wire::TransferId& id) const {
  return std::any_of(events_.begin(), events_.end(),
                     [&id](const Event& event) { return revokes(event.control.command, id); });
}

absl::Status MqttRequesterLink::receive(const Incoming& file, PartStore& store, Duration patience,
                                        Duration until,
                                        const std::function<void(const Receiver&)>& progress) {
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

}  // namespace latchstring::link
