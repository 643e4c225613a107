#include "gateway/link/gateway_link.h"

#include <map>
#include <optional>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/wire/control.h"

namespace latchstring::link {
namespace {

constexpr int kControlQos = 1;
constexpr int kDataQos = 0;
constexpr std::size_t kReportEvery = 8;  // published chunks per on_sent()

class Link final : public GatewayLink {
 public:
  Link(std::string gateway, Callbacks callbacks)
      : gateway_(std::move(gateway)),
        callbacks_(std::move(callbacks)),
        queue_(callbacks_.on_broken) {}
  // The link thread uses all members: it ends first.
  ~Link() override { mqtt_.reset(); }

  absl::Status connect(MqttOptions options);

  bool send_control(const wire::Peer& peer, Bytes sealed) override {
    return mqtt_->publish({wire::control_topic(gateway_, peer), std::move(sealed), kControlQos});
  }
  void add_file(const wire::TransferId& transfer, const Path& path,
                const crypto::Hash& merkle_root) override {
    queue_.add(transfer, path, merkle_root);
  }
  bool send_data(const wire::Peer& peer, const wire::TransferId& transfer,
                 const std::vector<std::uint64_t>& indices) override {
    if (!mqtt_->up() || !queue_.want(peer, transfer, indices)) return false;
    mqtt_->wake();
    return true;
  }
  void forget(const wire::TransferId& transfer) override {
    queue_.forget(transfer);
    mqtt_->wake();  // its file is closed
  }
  bool up() const override { return mqtt_->up(); }

 private:
  void on_down(const absl::Status& why);
  void on_message(std::string_view topic, ByteView payload);
  absl::StatusOr<bool> next_data(const Mqtt::Publish& publish);
  void report();

  const std::string gateway_;
  const Callbacks callbacks_;
  ChunkQueue queue_;

  // Link thread only.
  std::map<wire::TransferId, std::vector<std::uint64_t>> published_;
  std::size_t published_count_ = 0;

  std::unique_ptr<Mqtt> mqtt_;
};

absl::Status Link::connect(MqttOptions options) {
  options.subscriptions = {wire::all_inboxes_filter(gateway_)};
  Mqtt::Callbacks callbacks;
  callbacks.on_up = callbacks_.on_up;
  callbacks.on_down = [this](const absl::Status& why) { on_down(why); };
  callbacks.on_message = [this](std::string_view topic, ByteView payload) {
    on_message(topic, payload);
  };
  callbacks.next_data = [this](const Mqtt::Publish& publish) { return next_data(publish); };
  LS_ASSIGN(mqtt_, Mqtt::start(std::move(options), std::move(callbacks)));
  return absl::OkStatus();
}

void Link::on_down(const absl::Status& why) {
  queue_.clear();  // who reconnects asks again
  report();
  if (callbacks_.on_down) callbacks_.on_down(why);
}

void Link::on_message(std::string_view topic, ByteView payload) {
  // First what was sent before this arrived: its GET may rest on it.
  report();
  if (payload.size() > wire::kMessageMax) return;
  auto peer = wire::peer_of_inbox_topic(gateway_, topic);
  if (!peer.ok()) return;
  callbacks_.on_message(*std::move(peer), Bytes(payload.begin(), payload.end()));
}

absl::StatusOr<bool> Link::next_data(const Mqtt::Publish& publish) {
  LS_ASSIGN(const std::optional<ChunkQueue::Published> published,
            queue_.publish_next([&](const wire::Peer& peer, const wire::Data& data) {
              return publish({wire::data_topic(gateway_, peer), wire::encode(data), kDataQos});
            }));
  if (!published) {
    report();
    return false;
  }
  published_[published->transfer].push_back(published->index);
  if (++published_count_ >= kReportEvery) report();
  return true;
}

void Link::report() {
  for (auto& [transfer, indices] : published_) callbacks_.on_sent(transfer, std::move(indices));
  published_.clear();
  published_count_ = 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GatewayLink>> GatewayLink::start(std::string gateway,
                                                                MqttOptions options,
                                                                Callbacks callbacks) {
  ensure(callbacks.on_message != nullptr && callbacks.on_sent != nullptr);
  auto link = std::make_unique<Link>(std::move(gateway), std::move(callbacks));
  LS_RETURN_IF_ERROR(link->connect(std::move(options)));
  return link;
}

}  // namespace latchstring::link
