// The gateway as the daemon wires it: state database, ledger, docket, post office; a release worker
// that makes sealed files of any bytes, and a link that hands over to the simulated network.
// power_off() drops everything in memory; start() is what the daemon does after any stop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "gateway/base/files.h"
#include "gateway/daemon/post.h"
#include "gateway/state/docket.h"
#include "tests/sim/faults.h"
#include "tests/sim/gift_files.h"
#include "tests/sim/link.h"
#include "tests/sim/schedule.h"
#include "tests/sim/truth.h"

namespace latchstring::sim {

class Gateway {
 public:
  struct Outside {
    const World& world;
    SimClock& clock;
    Schedule& schedule;
    Faults& faults;
    Truth& truth;
    Random random;
    Path folder;
    Transmit transmit;
    // An effect was run, by its name.
    std::function<void(std::string_view effect, const std::string& request)> on_effect;
    std::function<void(std::string_view line)> trace;
  };
  explicit Gateway(Outside outside);
  ~Gateway();

  // Runs `what` while the gateway is up. A crash in it ends the power and plans the next start.
  void run(const std::function<void()>& what);
  void start();
  void restart();  // in order
  bool up() const { return post_ != nullptr; }

  void on_message(const wire::Peer& peer, const Bytes& bytes);
  void set_link_up(bool up);
  void clock_changed() { wake(); }

  // What the household does. True: done, and said so.
  bool answer(const std::string& request, const std::string& resident, bool yes);
  bool revoke(const std::string& request, const std::string& resident);
  // Nothing: the power went meanwhile.
  std::optional<absl::Status> give(const release::Subject& gift,
                                   const std::vector<std::string>& residents);
  bool pause(const std::string& resident);
  bool resume();
  void rules_changed();
  void set_database_full(bool full);

  state::Docket& docket() { return *docket_; }
  store::Database& database() { return *database_; }
  bool idle() const { return held_.empty(); }
  // What a sealed file is inside, by the SHA-256 of the file.
  const Bytes& plain_of(const std::string& sha256) const { return plains_.at(sha256); }

 private:
  using Key = std::pair<std::string, int>;
  void open();
  std::unique_ptr<SimLink> make_link();
  std::unique_ptr<GiftFiles> make_gift_files();
  void resume_work();
  void crash();
  void snapshot();
  void perform(absl::StatusOr<state::Step> step);
  void run_effect(state::Effect& effect);
  struct Work;
  void begin_work(Grant grant);
  void finish_work(std::uint64_t token, const Work& work);
  SealedClip seal(const Work& work, int part);
  SealedFile seal_file(const Work& work, const std::string& name, std::size_t size);
  void follow_block();
  void reconsider();
  void sweep_outbox();
  void daily();
  void tick();
  void wake();
  void plan_tick(Duration when);
  Duration next_edge();

  Outside out_;
  Path database_path_;
  int generation_ = 0;
  std::string remembered_;  // the newest checkpoint, kept outside the database
  std::map<std::string, Bytes> plains_;

  std::unique_ptr<store::Database> database_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<trust::Mailboxes> mailboxes_;
  std::unique_ptr<state::Docket> docket_;
  std::unique_ptr<SimLink> link_;
  std::unique_ptr<daemon::Post> post_;
  std::unique_ptr<GiftFiles> gift_files_;

  std::map<Key, std::uint64_t> held_;  // what the release worker has, by token
  std::uint64_t next_token_ = 1;
  std::string blocked_;
  bool link_up_ = true;
  Duration next_tick_{0};
  std::uint64_t tick_token_ = 0;
  Duration busy_until_{0};
  std::int64_t day_ = -1;
};

}  // namespace latchstring::sim
