// One run, in its parts: run.cc carries messages and checks the end; happenings.cc draws what
// people, clocks and machines do, and when.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/crypto/hash.h"
#include "tests/sim/gateway.h"
#include "tests/sim/giver.h"
#include "tests/sim/network.h"
#include "tests/sim/officer.h"
#include "tests/sim/run.h"

namespace latchstring::sim {

inline constexpr Duration kTrouble = days{10};  // from then on nothing goes wrong any more
inline constexpr Duration kEnd = days{34};      // by then all has come to its end

class Run {
 public:
  Run(std::uint64_t seed, const Path& folder, Tally& tally, bool verbose);
  Result run();

 private:
  std::string when() const;
  void note(std::string_view line);
  Duration some_time() { return random_.between(Duration{0}, kTrouble - days{1}); }

  void add_officer(const OfficerKeys& keys);
  void to_gateway(const wire::Peer& peer, Bytes bytes);
  void to_officer(const wire::Peer& peer, Bytes bytes);
  // While something is worked on or on its way, whatever may happen happens.
  void meddle(std::string_view effect, const std::string& id);
  void residents_hear_of(const std::string& id);
  void resident_answers(const std::string& id, const std::string& resident);
  void look_at_requests();
  void play();
  void plan_requests();
  void submit();
  void give();
  void plan_household();
  void plan_rules();
  void plan_time();
  void plan_machines();
  void plan_strangers();
  void revoke(const std::string& id);
  void cancel(const std::string& id);
  void pause();
  void change_rules();
  void lose_clock();
  void set_rules(Rules rules, std::string_view fault);
  void set_clock(bool right);
  void follow_truth() {
    truth_.set_suspended(truth_.paused || truth_.rules == nullptr || !clock_.right);
  }
  void quiet();
  void check_end();

  Random random_;
  const bool verbose_;
  crypto::Sha256 trace_;
  SimClock clock_;
  Schedule schedule_;
  Faults faults_;
  Truth truth_;
  Network network_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Giver> giver_;
  std::vector<std::unique_ptr<Officer>> officers_;
  std::vector<std::pair<wire::Peer, Bytes>> overheard_;
};

}  // namespace latchstring::sim
