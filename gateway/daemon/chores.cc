#include "gateway/daemon/chores.h"

#include <utility>

namespace latchstring::daemon {

Chores::Chores(Loop& loop) : loop_(loop), thread_([this] { serve(); }) {}

Chores::~Chores() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  wake_.notify_all();
  thread_.join();
}

bool Chores::has_room() {
  const std::lock_guard lock(mutex_);
  return waiting_.size() < kChoresMax;
}

bool Chores::run(std::function<void()> work, std::function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= kChoresMax) return false;
    waiting_.push_back({std::move(work), std::move(then)});
  }
  wake_.notify_one();
  return true;
}

void Chores::serve() {
  for (;;) {
    Chore chore;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      chore = std::move(waiting_.front());
      waiting_.pop_front();
    }
    chore.work();
    // A dropped post happens only when the loop stops: then nobody waits for the result.
    [[maybe_unused]] const bool posted = loop_.post(std::move(chore.then));
  }
}

}  // namespace latchstring::daemon
