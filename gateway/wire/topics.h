// MQTT topics of protocol version 1:
//   ls1/<gw>/i/<r>/<d>     requester to gateway
//   ls1/<gw>/o/<r>/<d>/c   gateway to requester, control
//   ls1/<gw>/o/<r>/<d>/d   gateway to requester, data
// gw, r (mailbox) and d (device) are ids: [a-z2-7]{10}.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace latchstring::wire {

struct Peer {
  std::string mailbox;
  std::string device;
  friend auto operator<=>(const Peer&, const Peer&) = default;
};

std::string inbox_topic(std::string_view gateway, const Peer& peer);
std::string control_topic(std::string_view gateway, const Peer& peer);
std::string data_topic(std::string_view gateway, const Peer& peer);
std::string all_inboxes_filter(std::string_view gateway);               // ls1/<gw>/i/+/+
std::string outbox_filter(std::string_view gateway, const Peer& peer);  // ls1/<gw>/o/<r>/<d>/+

// Who wrote to this inbox topic. InvalidArgument for anything else.
absl::StatusOr<Peer> peer_of_inbox_topic(std::string_view gateway, std::string_view topic);

}  // namespace latchstring::wire
