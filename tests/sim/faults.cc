#include "tests/sim/faults.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "gateway/base/ensure.h"
#include "tests/sim/effects.h"

namespace latchstring::sim {
namespace {

struct Boundary {
  std::string name;
  std::uint64_t often = 1;  // about how often a run passes it, so that a crash falls anywhere
  bool rare = false;        // seldom: aimed at more
};

struct Place {
  std::string_view name;
  std::uint64_t often;
  bool rare = false;
};

// Where data and promises change hands.
constexpr std::array kPlaces{
    Place{"in a transaction", 150, true},
    Place{"committed, no effect yet", 12},
    Place{"letter, before it leaves", 10},
    Place{"letter, after it left", 10},
    Place{"while sealing", 2},
    Place{"sealed, not committed", 2},
    Place{"chunks asked of the link", 8},
    Place{"chunk left, not marked", 15},
    Place{"bitmaps stored", 6},
    Place{"last index, before it leaves", 2},
    Place{"last index, after it left", 2},
    Place{"rules changed, not reconsidered", 2},
    Place{"household answered", 2},
    Place{"while resuming", 2},
    Place{"gift committed, not written", 1, true},
    Place{"gift's file, some of it written", 3, true},
    Place{"gift written, not handed over", 1, true},
};

std::vector<Boundary> all_boundaries() {
  std::vector<Boundary> all;
  for (const Place& place : kPlaces) {
    all.push_back({std::string(place.name), place.often, place.rare});
  }
  for (const EffectKind& effect : kEffects) {
    for (const std::string_view side : {"before", "after"}) {
      all.push_back({fmt::format("{} {}", side, effect.name), effect.often, effect.rare});
    }
  }
  return all;
}

const std::vector<Boundary>& boundaries_known() {
  static const std::vector<Boundary> known = all_boundaries();
  return known;
}

std::vector<Boundary> rare_boundaries() {
  std::vector<Boundary> rare = boundaries_known();
  std::erase_if(rare, [](const Boundary& boundary) { return !boundary.rare; });
  return rare;
}

constexpr std::array kFaults{
    std::string_view{"message lost"},
    std::string_view{"message repeated"},
    std::string_view{"message late"},
    std::string_view{"message reordered"},
    std::string_view{"chunk altered on the way"},
    std::string_view{"stranger's message"},
    std::string_view{"gateway restarted in order"},
    std::string_view{"gateway's link down"},
    std::string_view{"officer away"},
    std::string_view{"officer's computer crashed"},
    std::string_view{"officer lies about what it has"},
    std::string_view{"officer takes an early last index"},
    std::string_view{"forged receipt"},
    std::string_view{"receipt of another officer"},
    std::string_view{"request cancelled"},
    std::string_view{"request replayed"},
    std::string_view{"resident silent"},
    std::string_view{"resident says no"},
    std::string_view{"resident answers twice"},
    std::string_view{"resident revokes"},
    std::string_view{"gift given"},
    std::string_view{"gift refused"},
    std::string_view{"gift's reader gone"},
    std::string_view{"sharing paused"},
    std::string_view{"rules broken"},
    std::string_view{"rules tightened"},
    std::string_view{"agency removed"},
    std::string_view{"clock not right"},
    std::string_view{"work failed"},
    std::string_view{"database full"},
};

}  // namespace

Violation::Violation(std::string_view which, std::string_view what)
    : std::runtime_error(std::string(what)), invariant(which) {}

Tally::Tally() {
  for (const Boundary& boundary : boundaries_known()) boundaries.emplace(boundary.name, Count{});
  for (const std::string_view fault : kFaults) faults.emplace(fault, 0);
}

void Tally::print() const {
  fmt::print("{:<36} {:>10} {:>8}\n", "boundary", "passed", "crashed");
  for (const Boundary& boundary : boundaries_known()) {
    const Count& count = boundaries.find(boundary.name)->second;
    fmt::print("{:<36} {:>10} {:>8}\n", boundary.name, count.passed, count.hit);
  }
  fmt::print("\n{:<36} {:>10}\n", "fault", "times");
  for (const std::string_view fault : kFaults) {
    fmt::print("{:<36} {:>10}\n", fault, faults.find(fault)->second);
  }
}

bool Tally::complete() const {
  bool all = true;
  const auto missing = [&all](std::string_view name) {
    fmt::print("never hit: {}\n", name);
    all = false;
  };
  for (const auto& [name, count] : boundaries) {
    if (count.hit == 0) missing(name);
  }
  for (const auto& [name, times] : faults) {
    if (times == 0) missing(name);
  }
  return all;
}

Faults::Faults(Tally& tally, Random random) : tally_(tally), random_(random) {
  crashes_left_ = static_cast<int>(random_.below(5));
  aim();
}

void Faults::aim() {
  if (crashes_left_-- <= 0) {
    target_.clear();
    return;
  }
  // What a run seldom passes is aimed at more often.
  static const std::vector<Boundary> rare = rare_boundaries();
  const Boundary& boundary = random_.pick(random_.chance(0.3) ? rare : boundaries_known());
  target_ = boundary.name;
  countdown_ = 1 + random_.below(boundary.often);
}

void Faults::boundary(std::string_view name) {
  const auto found = tally_.boundaries.find(name);
  ensure(found != tally_.boundaries.end());
  ++found->second.passed;
  if (!armed_ || name != target_ || --countdown_ > 0) return;
  ++found->second.hit;
  aim();
  if (on_crash_) on_crash_();
  throw Crash{};
}

void Faults::count(std::string_view fault) {
  const auto found = tally_.faults.find(fault);
  ensure(found != tally_.faults.end());
  ++found->second;
}

}  // namespace latchstring::sim
