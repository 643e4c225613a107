// Gifts in files, as the daemon's Gifts wires them: who waits for one at the household's door, and
// the file that is written to them bit by bit once its release is committed. Nobody waits after a
// crash.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "gateway/state/docket.h"
#include "tests/sim/faults.h"
#include "tests/sim/truth.h"

namespace latchstring::sim {

class GiftFiles {
 public:
  struct Outside {
    store::Database& database;
    state::Docket& docket;
    Faults& faults;
    Truth& truth;
    Random& random;
    std::function<void(absl::StatusOr<state::Step>)> perform;
    // Runs something later, while this very gateway runs.
    std::function<void(Duration delay, std::function<void()> what)> later;
  };
  explicit GiftFiles(Outside outside) : out_(std::move(outside)) {}

  void wait(const std::string& gift) { waiting_[gift]; }
  bool waits(const std::string& gift) const { return waiting_.contains(gift); }
  void write(const std::string& gift);  // it was made
  void look_at(const std::string& gift);
  void interrupt();
  void retry();

 private:
  struct Waiting {
    bool stopped = false;
    bool written = false;
    bool failed = false;
  };
  void write_on(const std::string& gift, std::uint64_t left);
  void finish(const std::string& gift);
  void hand_over(const std::string& gift);
  void fail(const std::string& gift);

  Outside out_;
  std::map<std::string, Waiting> waiting_;
};

}  // namespace latchstring::sim
