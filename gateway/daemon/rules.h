// The rules in force: read from the household's file at start and at each reload. A broken file
// shares nothing; its last valid forerunner, kept in the state database with the bytes of its key
// files, still says whose messages are received and when `closed` is due.
// Threads: loop only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "gateway/base/files.h"
#include "gateway/store/store.h"
#include "policy/engine/policy.h"

namespace latchstring::daemon {

// Every fault of a rules file, as `latchstringd --check` says it.
absl::Status check_rules(const Path& file);

class Rules {
 public:
  Rules(Path file, store::Database& database) : file_(std::move(file)), database_(database) {}

  // Reads the file anew, runs its tests, and remembers it where it is valid. On an error it could
  // not be remembered, and current() is what was read.
  absl::Status reload();
  // What is in force changed, or was read for the first time, and told() was not called since.
  bool untold() const { return untold_; }
  void told() { untold_ = false; }

  // Null while the file is broken; `fault` then says why, with file:line:column.
  const std::shared_ptr<const policy::Policy>& current() const { return current_; }
  const std::shared_ptr<const policy::Policy>& last_valid() const { return last_valid_; }
  const std::string& fault() const { return fault_; }
  const Path& file() const { return file_; }

 private:
  absl::StatusOr<std::shared_ptr<const policy::Policy>> load();
  std::string what_is_in_force() const;
  absl::Status remember();
  void recall();

  const Path file_;
  store::Database& database_;
  std::shared_ptr<const policy::Policy> current_;  // shared: a step under way keeps its rules
  std::shared_ptr<const policy::Policy> last_valid_;
  std::string fault_;
  std::string in_force_ = "nothing yet";  // the rules' text and key files, hashed
  bool untold_ = false;
  std::string text_;                              // as read by the newest load
  std::map<std::string, std::string> key_files_;  // as read by the newest load
};

}  // namespace latchstring::daemon
