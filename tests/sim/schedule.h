// Virtual time: what happens when. Whatever falls on one instant happens in the order in which it
// was asked for.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "gateway/base/time.h"

namespace latchstring::sim {

class Schedule {
 public:
  Duration now() const { return now_; }
  void at(Duration when, std::function<void()> what) {
    events_.emplace(std::pair{std::max(when, now_), ++order_}, std::move(what));
  }
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  // Runs the next event up to `end`, once `clock` shows its time; false: there is none.
  bool run_next(Duration end, Duration& clock) {
    if (events_.empty() || events_.begin()->first.first > end) return false;
    auto event = events_.extract(events_.begin());
    now_ = event.key().first;
    clock = now_;
    event.mapped()();
    return true;
  }

 private:
  Duration now_{0};
  std::uint64_t order_ = 0;
  std::map<std::pair<Duration, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace latchstring::sim
