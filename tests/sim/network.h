// The pipe between both ends: it loses, repeats, delays and reorders messages.
#pragma once

#include <functional>
#include <memory>

#include "gateway/base/bytes.h"
#include "tests/sim/faults.h"
#include "tests/sim/schedule.h"
#include "tests/sim/world.h"

namespace latchstring::sim {

class Network {
 public:
  Network(Schedule& schedule, Faults& faults, Random random)
      : schedule_(schedule), faults_(faults), random_(random) {
    const std::vector<double> kinds{0, 0.02, 0.1, 0.3};
    lost_ = random_.pick(kinds);
    repeated_ = random_.pick(kinds);
    late_ = random_.pick(kinds);
  }
  void calm_down() { lost_ = repeated_ = late_ = 0; }

  void carry(Bytes bytes, std::function<void(const Bytes&)> deliver) {
    if (random_.chance(lost_)) return faults_.count("message lost");
    const auto shared = std::make_shared<const Bytes>(std::move(bytes));
    int copies = 1;
    if (random_.chance(repeated_)) {
      faults_.count("message repeated");
      ++copies;
    }
    for (; copies > 0; --copies) {
      Duration delay = random_.between(milliseconds{1}, milliseconds{30});
      if (random_.chance(late_)) {
        faults_.count("message late");
        delay = random_.between(seconds{1}, random_.chance(0.05) ? hours{20} : minutes{1});
      }
      const std::uint64_t number = ++sent_;
      schedule_.after(delay, [this, shared, deliver, number] {
        if (number < newest_) faults_.count("message reordered");
        newest_ = std::max(newest_, number);
        deliver(*shared);
      });
    }
  }

 private:
  Schedule& schedule_;
  Faults& faults_;
  Random random_;
  double lost_ = 0;
  double repeated_ = 0;
  double late_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t newest_ = 0;
};

}  // namespace latchstring::sim
