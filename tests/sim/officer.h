// An officer's computer: asks, fetches what is offered piece by piece, checks it, signs a receipt.
// crash() forgets what was not on its disk. A liar claims to have what it has not.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/link/receiver.h"
#include "gateway/link/reliable.h"
#include "gateway/wire/control.h"
#include "tests/sim/disk.h"
#include "tests/sim/faults.h"
#include "tests/sim/schedule.h"
#include "tests/sim/truth.h"

namespace latchstring::sim {

class Officer {
 public:
  struct Outside {
    const World& world;
    const OfficerKeys& keys;
    SimClock& clock;
    Schedule& schedule;
    Faults& faults;
    Truth& truth;
    Random random;
    bool liar = false;
    std::function<void(Bytes)> transmit;  // to the gateway
    std::function<const Bytes&(const std::string& sha256)> plain_of;
  };
  explicit Officer(Outside outside) : out_(std::move(outside)) {}

  void submit(const wire::Request& request);
  void cancel(const std::string& request);
  void set_online(bool online);
  void crash();
  void stop_lying() { out_.liar = false; }
  void on_message(const Bytes& bytes);
  const OfficerKeys& keys() const { return out_.keys; }
  bool has_notice(const std::string& request, const std::string& state) const {
    return notices_.contains({request, state});
  }
  // Signed by this officer, whatever it is for.
  Bytes sealed_done(const std::string& delivery_sha256);
  const std::set<std::string>& seen_deliveries() const { return seen_deliveries_; }
  int completed() const { return completed_; }

 private:
  struct Fetch {
    link::Incoming file;
    std::unique_ptr<ForgetfulPart> part;
    std::unique_ptr<link::Receiver> receiver;  // null after a crash, until it is opened again
    bool whole = false;
  };
  struct Offered {
    wire::Offer offer;
    std::vector<Fetch> files;
    bool done_sent = false;
  };
  void say(wire::Command command);
  Bytes seal(std::uint64_t seq, wire::Command command);
  void take(const wire::Control& control);
  void on_offer(const wire::Offer& offer);
  void on_revoke(const wire::Revoke& revoke);
  void on_data(const Bytes& bytes);
  void check_offer(const wire::Offer& offer);
  void check_file(const Fetch& fetch, const std::string& request);
  void finish_if_whole(Offered& offered);
  void lie(const Fetch& fetch);
  bool comes_later(const wire::Offer& offer, const Fetch& fetch) const;
  void wake();
  void plan(Duration when);
  bool busy() const;

  Outside out_;
  // On its disk.
  std::uint64_t next_seq_ = 1;
  link::SeqWindow seen_;
  std::map<std::uint64_t, Bytes> unacknowledged_;
  std::map<std::string, std::pair<Bytes, Duration>> requests_;  // sealed, until `received`
  std::map<std::pair<std::string, int>, Offered> offered_;      // by delivery and part
  std::map<std::pair<std::string, std::string>, std::string> notices_;
  std::set<std::string> seen_deliveries_;
  std::string checkpoint_;  // the newest it holds
  // In its memory.
  link::ReliableOut out_box_;
  bool online_ = false;
  Duration next_wake_ = Duration::max();
  std::uint64_t wake_token_ = 0;
  int completed_ = 0;
};

}  // namespace latchstring::sim
