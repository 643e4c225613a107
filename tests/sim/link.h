// The gateway's link over the simulated network: a queue of chunks that leave one by one, as the
// real link's thread sends them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "gateway/link/gateway_link.h"
#include "tests/sim/faults.h"
#include "tests/sim/schedule.h"

namespace latchstring::sim {

using Transmit = std::function<void(const wire::Peer& to, bool is_data, Bytes bytes)>;

class SimLink final : public link::GatewayLink {
 public:
  struct Outside {
    Schedule& schedule;
    Faults& faults;
    Random& random;
    Transmit transmit;
    std::function<void(const wire::Peer& peer, const Bytes& sealed)> on_letter;
    std::function<void(const wire::TransferId& transfer, std::uint64_t index)> on_chunk;
    std::function<void(const wire::TransferId& transfer, const std::vector<std::uint64_t>& sent)>
        on_sent;
    // Runs an event of the link while this very link lives, and guards it.
    std::function<void(Duration delay, std::function<void()> what)> later;
  };
  explicit SimLink(Outside outside);

  bool send_control(const wire::Peer& peer, Bytes sealed) override;
  void add_file(const wire::TransferId& transfer, const Path& path,
                const crypto::Hash& merkle_root) override;
  bool send_data(const wire::Peer& peer, const wire::TransferId& transfer,
                 const std::vector<std::uint64_t>& indices) override;
  void forget(const wire::TransferId& transfer) override;
  bool up() const override { return up_; }

  void set_up(bool up);
  void report();  // what was published, before anything that arrives later
  bool busy() const { return pumping_; }

 private:
  struct File {
    Path path;
    crypto::Hash merkle_root{};
    std::unique_ptr<link::ChunkFile> open;
    wire::Peer peer;
    std::set<std::uint64_t> wanted;
  };
  void pump();
  void publish(const wire::TransferId& transfer, File& file, std::uint64_t index);

  Outside out_;
  Duration pace_;  // from chunk to chunk
  bool up_ = true;
  bool pumping_ = false;
  std::map<wire::TransferId, File> files_;
  std::map<wire::TransferId, std::vector<std::uint64_t>> published_;
};

}  // namespace latchstring::sim
