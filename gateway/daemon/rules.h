// The rules in force: read from the household's file at start and at each reload. A broken file
// shares nothing; its last valid forerunner, kept in the state database with the bytes of its key
// files, still says whose messages are received and when `closed` is due. What was replaced within
// 24 hours still refuses what it refused: tightening acts at once, loosening waits.
// Threads: loop only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "gateway/base/files.h"
#include "gateway/config/config.h"
#include "gateway/state/facts.h"
#include "gateway/state/rules_history.h"
#include "gateway/trust/trust.h"
#include "policy/engine/policy.h"

namespace latchstring::daemon {

// Every fault of a rules file, as `latchstringd --check` says it.
absl::Status check_rules(const Path& file);

class Rules {
 public:
  Rules(const config::Config& config, store::Database& database, const Clock& clock);

  // Reads the file anew, runs its tests, and remembers it where it is valid. On an error it could
  // not be remembered, and what it replaces counts on.
  absl::Status reload();
  // What was replaced counts no more: all its residents agreed. In the caller's transaction;
  // recount() follows it.
  absl::Status forget_replaced() { return history_.forget_replaced(); }
  // In the caller's transaction too: this resident agreed to be gone.
  absl::Status agree_to_leave(std::string_view name) {
    return history_.agree_to_leave(name, now());
  }
  void recount();
  // Time has passed: true where something counts no more.
  bool pass();
  // What is in force changed, or was read for the first time, and told() was not called since.
  bool untold() const { return untold_; }
  void told() { untold_ = false; }

  // Null while the file is broken; `fault` then says why, with file:line:column.
  const std::shared_ptr<const policy::Policy>& current() const { return current_; }
  const std::shared_ptr<const policy::Policy>& last_valid() const { return last_valid_; }
  const std::string& fault() const { return fault_; }
  const Path& file() const { return config_.rules; }
  const std::vector<state::Earlier>& earlier() const { return earlier_; }
  const std::set<std::string>& leaving() const { return leaving_; }
  const std::set<std::string>& left() const { return left_; }  // and agreed to it
  // Whether the clock is trusted less than rules that still count did; it must satisfy both.
  bool needs_kernel_clock() const { return needs_kernel_clock_; }

 private:
  absl::StatusOr<std::shared_ptr<const policy::Policy>> load();
  Instant now() const { return clock_.is_right() ? clock_.now() : Instant{}; }
  state::AcceptedRules accepted() const;
  absl::Status remember();
  void recall();
  absl::Status count_earlier();
  void add_earlier(const state::AcceptedRules& rules, Instant until);
  std::shared_ptr<const policy::Policy> remembered(const state::AcceptedRules& rules);

  const config::Config& config_;  // of the daemon; its cameras change
  store::Database& database_;
  const Clock& clock_;
  state::RulesHistory history_;
  std::shared_ptr<const policy::Policy> current_;  // shared: a step under way keeps its rules
  std::shared_ptr<const policy::Policy> last_valid_;
  std::string fault_;
  std::string in_force_ = "nothing yet";  // the rules' text and key files, hashed
  bool untold_ = false;
  std::string text_;                              // as read by the newest load
  std::map<std::string, std::string> key_files_;  // as read by the newest load
  std::vector<state::Earlier> earlier_;
  // Of `earlier_`, by what they were read from: reading takes a while.
  std::map<std::string, std::shared_ptr<const policy::Policy>> remembered_;
  std::set<std::string> leaving_, left_;
  bool needs_kernel_clock_ = false;
  Instant next_ = Instant::max();  // when something counts no more
};

// What the docket has to know of them, and of new PINs.
void tell_docket(const Rules& rules, const trust::Residents& residents,
                 const config::Config& config, state::House& house);

}  // namespace latchstring::daemon
