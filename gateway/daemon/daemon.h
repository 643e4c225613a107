// The daemon: everything a house runs, wired together. Owns the loop and all state; performs the
// effects of each step after the docket has committed it.
// Threads: the loop's, which is the one that calls open() and run(); but where a function says
// otherwise.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gateway/archive/archive.h"
#include "gateway/base/loop.h"
#include "gateway/config/config.h"
#include "gateway/control/control.h"
#include "gateway/daemon/archive_mark.h"
#include "gateway/daemon/chores.h"
#include "gateway/daemon/cuts.h"
#include "gateway/daemon/gifts.h"
#include "gateway/daemon/house_keys.h"
#include "gateway/daemon/household_time.h"
#include "gateway/daemon/line.h"
#include "gateway/daemon/post.h"
#include "gateway/daemon/recorders.h"
#include "gateway/daemon/rules.h"
#include "gateway/state/docket.h"

namespace latchstring::daemon {

inline constexpr Duration kTick = std::chrono::seconds{1};
inline constexpr Duration kClockJump = std::chrono::seconds{2};  // smaller steps are not noted

class Daemon {
 public:
  static absl::StatusOr<std::unique_ptr<Daemon>> open(config::Config config);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Until stop().
  void run();
  void stop() { loop_.stop(); }  // any thread

  // Reads gateway.yaml and the rules anew. A broken file changes nothing but what is shared.
  struct Reloaded {
    absl::Status config;
    std::vector<std::string> restart;  // changed keys that are in force after one only
    Recorders::Changes cameras;
  };
  Reloaded reload();

  // What the household's operations (operations.h) stand on.
  void perform(absl::StatusOr<state::Step> step);
  // After a change of rules, a pause or its end: everything open is decided again.
  void reconsider();
  // Footage in the ledger as far as it is recorded.
  absl::Status commit_segments();
  void tell(std::string_view text, LogLevel level = LogLevel::info);

  Loop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  const config::Config& config() const { return config_; }
  const HouseKeys& keys() const { return *keys_; }
  const crypto::Keyring& keyring() const { return *keyring_; }
  store::Database& database() { return *database_; }
  ledger::Ledger& ledger() { return *ledger_; }
  trust::Residents& residents() { return *residents_; }
  trust::Mailboxes& mailboxes() { return *mailboxes_; }
  state::Docket& docket() { return *docket_; }
  archive::Archive& archive() { return *archive_; }
  ArchiveMark& archive_mark() { return *archive_mark_; }
  Recorders& recorders() { return *recorders_; }
  Cuts& cuts() { return *cuts_; }
  Gifts& gifts() { return *gifts_; }
  Chores& chores() { return *chores_; }            // PINs: nothing waits for a caller here
  Chores& log_chores() { return *log_chores_; }    // the log's files, as fast as they are read
  Chores& slow_chores() { return *slow_chores_; }  // test connections, pictures, gifts
  Line& line() { return *line_; }
  Post& post() { return *post_; }
  Rules& rules() { return *rules_; }
  Instant started() const { return started_; }
  // Empty unless the last reload failed, or the start could not compare the ledger's checkpoint.
  const std::string& config_fault() const { return config_fault_; }
  const std::string& checkpoint_fault() const { return checkpoint_fault_; }

 private:
  explicit Daemon(config::Config config);
  absl::Status open_state();
  absl::Status open_footage();
  absl::Status open_line();
  absl::Status open_door();
  absl::Status open_ledger();
  absl::Status compare_with_remembered(std::string_view checkpoint) const;
  absl::Status remember_checkpoint();
  absl::Status load_rules();
  absl::Status note_rules();  // in the ledger, where they were not yet
  void resume();
  void tick();
  absl::Status tell_missing(const std::vector<archive::Segment>& missing);
  void tell_found();
  void hourly();
  absl::Status heartbeat();
  void note_clock_jump();
  absl::Status append(ledger::Event event, std::string detail = {});
  void note_cameras(const Recorders::Changes& changes);
  void sweep_outbox();
  void follow_block();
  void perform_all(absl::StatusOr<state::Step> steps);
  void ask(const release::State& request);
  void ask_again();
  void run_effect(const state::Effect& effect, const state::StoredRequest& request);
  void pin_footage(const state::StoredRequest& request);
  static bool is_over(const state::StoredRequest& request);
  void unpin_if_over(const state::StoredRequest& request);

  config::Config config_;
  UniqueFd lock_;  // goes last: no other daemon of this house before all is closed
  const SystemClock clock_;
  Loop loop_;
  Instant started_;
  HouseholdTime household_;
  std::unique_ptr<crypto::Keyring> keyring_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<HouseKeys> keys_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<trust::Residents> residents_;
  std::unique_ptr<trust::Mailboxes> mailboxes_;
  std::unique_ptr<state::Docket> docket_;
  std::unique_ptr<Rules> rules_;
  std::unique_ptr<ArchiveMark> archive_mark_;
  std::unique_ptr<archive::Archive> archive_;
  std::unique_ptr<Recorders> recorders_;
  std::unique_ptr<Chores> chores_, log_chores_, slow_chores_;
  std::unique_ptr<Cuts> cuts_;
  std::unique_ptr<Gifts> gifts_;
  std::unique_ptr<Post> post_;
  std::unique_ptr<Line> line_;
  std::unique_ptr<control::Server> server_;

  std::string blocked_;  // why nothing is shared, as last looked at
  std::string config_fault_, checkpoint_fault_;
  FaultNews archive_faults_;
  std::string remembered_;  // the checkpoint in the file beside the database
  Instant hour_{};          // whose duties are done
  Instant booted_{};        // by both clocks, when last looked at; moves when the wall clock is set
};

}  // namespace latchstring::daemon
