// The loop: one thread that owns all state. Every other thread only posts to it.
// Threads: post() from any thread; all else on the loop's own.
// Limits: kMailboxMax waiting posts; kPostsPerTurn of them before timers and descriptors have a
// turn. If it falls behind: post() returns false and drops the task; every caller says what that
// means.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "gateway/base/clock.h"
#include "gateway/base/files.h"

namespace latchstring {

class Loop {
 public:
  using Task = std::function<void()>;
  using Ready = std::function<void(std::uint32_t epoll_events)>;
  using TimerId = std::uint64_t;

  static constexpr std::size_t kMailboxMax = 65'536;
  static constexpr std::size_t kPostsPerTurn = 16;

  explicit Loop(const Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Any thread. False: the mailbox is full or the loop was stopped; the task was dropped.
  [[nodiscard]] bool post(Task task);

  // Loop thread. Calls back whenever epoll(7) reports one of `events`, until unwatch().
  void watch(int fd, std::uint32_t events, Ready ready);
  void unwatch(int fd);

  // Loop thread. Runs the task once, `delay` of steady time from now.
  TimerId after(Duration delay, Task task);
  void cancel(TimerId id);

  // Runs until stop(). What was posted before stop() still runs.
  void run();
  // Any thread.
  void stop();

 private:
  bool run_some_posts();
  void run_due_timers();
  int wait_milliseconds() const;

  const Clock& clock_;
  const UniqueFd epoll_;
  const UniqueFd wake_;

  std::mutex mutex_;
  std::deque<Task> mailbox_;  // guarded by mutex_
  bool stopped_ = false;      // guarded by mutex_

  // Loop thread only.
  struct Watch {
    std::uint64_t generation;
    Ready ready;
  };
  std::map<int, Watch> watches_;
  std::uint64_t next_generation_ = 1;
  std::map<std::pair<Duration, TimerId>, Task> timers_;
  std::map<TimerId, Duration> due_of_;
  TimerId next_timer_ = 1;
};

}  // namespace latchstring
