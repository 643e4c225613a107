#include "gateway/base/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <vector>

#include "gateway/base/ensure.h"

namespace latchstring {
namespace {

constexpr int kEventsPerWait = 32;
constexpr std::uint64_t kWakeTag = 0;

// A descriptor number is reused after close(): the generation tells an old event from a new watch.
std::uint64_t tag_of(int fd, std::uint64_t generation) {
  return (generation << 32) | static_cast<std::uint32_t>(fd);
}

}  // namespace

Loop::Loop(const Clock& clock)
    : clock_(clock),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  ensure(epoll_.valid() && wake_.valid());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeTag;
  ensure(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
}

bool Loop::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || mailbox_.size() >= kMailboxMax) return false;
    mailbox_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  // A full eventfd counter means that the loop is awake already.
  [[maybe_unused]] const ssize_t put = ::write(wake_.get(), &one, sizeof one);
  return true;
}

void Loop::watch(int fd, std::uint32_t events, Ready ready) {
  const bool known = watches_.contains(fd);
  const std::uint64_t generation = next_generation_++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag_of(fd, generation);
  ensure(::epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0);
  watches_[fd] = {generation, std::move(ready)};
}

void Loop::unwatch(int fd) {
  if (watches_.erase(fd) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Loop::TimerId Loop::after(Duration delay, Task task) {
  const TimerId id = next_timer_++;
  const Duration due = clock_.steady() + std::max(delay, Duration::zero());
  timers_.emplace(std::pair{due, id}, std::move(task));
  due_of_.emplace(id, due);
  return id;
}

void Loop::cancel(TimerId id) {
  const auto found = due_of_.find(id);
  if (found == due_of_.end()) return;
  timers_.erase({found->second, id});
  due_of_.erase(found);
}

void Loop::run() {
  std::array<epoll_event, kEventsPerWait> events;
  bool more = false;
  for (;;) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), kEventsPerWait, more ? 0 : wait_milliseconds());
    ensure(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
      if (tag == kWakeTag) continue;
      const auto found = watches_.find(static_cast<int>(tag & 0xffffffff));
      if (found == watches_.end() || found->second.generation != tag >> 32) continue;
      const Ready ready = found->second.ready;  // a copy: the callback may unwatch itself
      ready(events[static_cast<std::size_t>(i)].events);
    }
    more = run_some_posts();
    run_due_timers();
    const std::lock_guard lock(mutex_);
    if (stopped_ && mailbox_.empty()) return;
  }
}

void Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(wake_.get(), &one, sizeof one);
}

// True: more wait. A few at a time: who fills the mailbox holds up nothing that is due.
bool Loop::run_some_posts() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    const auto end =
        mailbox_.begin() + static_cast<std::ptrdiff_t>(std::min(mailbox_.size(), kPostsPerTurn));
    tasks.assign(std::make_move_iterator(mailbox_.begin()), std::make_move_iterator(end));
    mailbox_.erase(mailbox_.begin(), end);
  }
  for (const Task& task : tasks) task();
  const std::lock_guard lock(mutex_);
  return !mailbox_.empty();
}

void Loop::run_due_timers() {
  const Duration now = clock_.steady();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const auto node = timers_.extract(timers_.begin());
    due_of_.erase(node.key().second);
    node.mapped()();
  }
}

int Loop::wait_milliseconds() const {
  if (timers_.empty()) return -1;
  const Duration wait = timers_.begin()->first.first - clock_.steady();
  if (wait <= Duration::zero()) return 0;
  const auto rounded_up = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return static_cast<int>(std::min<std::int64_t>(rounded_up, 60'000));
}

}  // namespace latchstring
