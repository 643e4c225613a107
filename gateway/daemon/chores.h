// One thread for what takes long and touches no shared state: PIN hashing, checks, files to a pipe.
// Threads: run() on the loop; `work` on the chores thread; `then` on the loop again.
// Limits: kChoresMax waiting.
// If it falls behind: run() returns false and nothing is done.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "gateway/base/loop.h"

namespace latchstring::daemon {

inline constexpr std::size_t kChoresMax = 256;

class Chores {
 public:
  explicit Chores(Loop& loop);
  ~Chores();  // waits for the chore at hand, drops the rest
  Chores(const Chores&) = delete;
  Chores& operator=(const Chores&) = delete;

  // On the loop: then the next run() returns true.
  bool has_room();
  [[nodiscard]] bool run(std::function<void()> work, std::function<void()> then);
  // True once the destructor waits: a chore that may take very long looks at it.
  const std::atomic<bool>& stopping() const { return stopping_; }

 private:
  struct Chore {
    std::function<void()> work;
    std::function<void()> then;
  };
  void serve();

  Loop& loop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Chore> waiting_;          // guarded by mutex_
  std::atomic<bool> stopping_{false};  // set under mutex_
  std::thread thread_;
};

}  // namespace latchstring::daemon
