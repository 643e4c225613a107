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

// What arrives goes to these receivers, as long as the scope lasts.
class ScopedReceivers {
 public:
  using Receivers = std::vector<std::unique_ptr<Receiver>>;
  ScopedReceivers(Receivers& slot, Receivers receivers) : slot_(slot) {
    slot_ = std::move(receivers);
  }
  ~ScopedReceivers() { slot_.clear(); }
  ScopedReceivers(const ScopedReceivers&) = delete;
  ScopedReceivers& operator=(const ScopedReceivers&) = delete;

 private:
  Receivers& slot_;
};

}  // namespace

absl::Status MqttRequesterLink::handle_data(ByteView bytes) {
  const auto data = wire::decode_data(bytes);
  if (!data.ok()) return absl::OkStatus();
  for (const auto& receiver : receiving_) {
    if (receiver->file().id != data->transfer) continue;
    const absl::Status stored = receiver->on_data(*data, now());
    const bool refused = absl::IsInvalidArgument(stored) || absl::IsPermissionDenied(stored);
    return refused ? absl::OkStatus() : stored;
  }
  return absl::OkStatus();
}

void MqttRequesterLink::handle_resend(const wire::Resend& resend) {
  for (const auto& receiver : receiving_) {
    if (resend.transfer == wire::to_text(receiver->file().id)) return receiver->on_resend(resend);
  }
  other_first_ = true;
}

// The first file that lacks more than its last index; when none does, the first that lacks that.
Receiver* MqttRequesterLink::next_receiver() const {
  for (const auto& receiver : receiving_) {
    if (!receiver->all_but_last()) return receiver.get();
  }
  for (const auto& receiver : receiving_) {
    if (!receiver->complete()) return receiver.get();
  }
  return nullptr;
}

bool MqttRequesterLink::revoked(const wire::TransferId& id) const {
  return std::any_of(events_.begin(), events_.end(),
                     [&id](const Event& event) { return revokes(event.control.command, id); });
}

absl::Status MqttRequesterLink::receive(const std::vector<Fetch>& files, Duration patience,
                                        Duration until,
                                        const std::function<void(const Receiver&)>& progress) {
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (const Fetch& fetch : files) {
    LS_ASSIGN(receivers.emplace_back(), Receiver::open(fetch.file, *fetch.store));
  }
  const ScopedReceivers scope(receiving_, std::move(receivers));
  other_first_ = false;
  Duration moved = now();
  while (Receiver* const receiver = next_receiver()) {
    if (const auto get = up_ ? receiver->next_get(now()) : std::nullopt) {
      // Dropped: asked again after the time-out.
      (void)mqtt_->publish(
          {wire::inbox_topic(options_.ticket.gateway, peer_), wire::encode(*get), kGetQos});
    }
    const std::uint64_t before = receiver->stored().count();
    const Duration asks_again_in = std::max(receiver->wake_at() - now(), kPumpMin);
    LS_RETURN_IF_ERROR(pump(std::min(up_ ? asks_again_in : kPumpMax, until - now())));
    if (receiver->stored().count() != before) {
      moved = now();
      if (progress) progress(*receiver);
    }
    if (revoked(receiver->file().id)) return denied("the household took this release back");
    if (next_receiver() == nullptr) break;
    const bool time_is_up = now() >= until;
    if (!time_is_up && !other_first_ && now() - moved <= patience) continue;
    for (const auto& each : receiving_) LS_RETURN_IF_ERROR(each->save());
    if (time_is_up) return unavailable("the time is up");
    if (other_first_) return unavailable("another part of this release has to come first");
    return unavailable("nothing came for {} seconds",
                       std::chrono::duration_cast<std::chrono::seconds>(patience).count());
  }
  for (const auto& receiver : receiving_) {
    LS_RETURN_IF_ERROR(receiver->save());
    LS_RETURN_IF_ERROR(receiver->check_whole());
  }
  return absl::OkStatus();
}

}  // namespace latchstring::link
