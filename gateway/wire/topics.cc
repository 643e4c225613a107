#include "gateway/wire/topics.h"

#include <fmt/format.h>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::wire {

std::string inbox_topic(std::string_view gateway, const Peer& peer) {
  return fmt::format("ls1/{}/i/{}/{}", gateway, peer.mailbox, peer.device);
}

std::string control_topic(std::string_view gateway, const Peer& peer) {
  return fmt::format("ls1/{}/o/{}/{}/c", gateway, peer.mailbox, peer.device);
}

std::string data_topic(std::string_view gateway, const Peer& peer) {
  return fmt::format("ls1/{}/o/{}/{}/d", gateway, peer.mailbox, peer.device);
}

std::string all_inboxes_filter(std::string_view gateway) {
  return fmt::format("ls1/{}/i/+/+", gateway);
}

std::string outbox_filter(std::string_view gateway, const Peer& peer) {
  return fmt::format("ls1/{}/o/{}/{}/+", gateway, peer.mailbox, peer.device);
}

absl::StatusOr<Peer> peer_of_inbox_topic(std::string_view gateway, std::string_view topic) {
  const std::string prefix = fmt::format("ls1/{}/i/", gateway);
  const auto refused = [] { return invalid("not an inbox topic of this gateway"); };
  if (topic.substr(0, prefix.size()) != prefix) return refused();
  const std::string_view rest = topic.substr(prefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return refused();
  Peer peer{std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
  if (!crypto::is_id(peer.mailbox) || !crypto::is_id(peer.device)) return refused();
  return peer;
}

}  // namespace latchstring::wire
