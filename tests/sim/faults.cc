#include "tests/sim/faults.h"

#include <fmt/format.h>

#include <array>

#include "gateway/base/ensure.h"

namespace latchstring::sim {
namespace {

struct Boundary {
  std::string_view name;
  std::uint64_t often;  // about how often a run passes it, so that a crash falls anywhere
};

// Effects are passed before and after; the rest is where data and promises change hands.
constexpr std::array kBoundaries{
    Boundary{"in a transaction", 150},
    Boundary{"committed, no effect yet", 12},
    Boundary{"before SendReceived", 2},
    Boundary{"after SendReceived", 2},
    Boundary{"before SendClosed", 2},
    Boundary{"after SendClosed", 2},
    Boundary{"before AskResidents", 1},
    Boundary{"after AskResidents", 1},
    Boundary{"before TellResidents", 2},
    Boundary{"after TellResidents", 2},
    Boundary{"before Cut", 2},
    Boundary{"after Cut", 2},
    Boundary{"before StopWork", 1},
    Boundary{"after StopWork", 1},
    Boundary{"before Offer", 1},
    Boundary{"after Offer", 1},
    Boundary{"before DropSealed", 1},
    Boundary{"after DropSealed", 1},
    Boundary{"before Withdraw", 1},
    Boundary{"after Withdraw", 1},
    Boundary{"before DeleteOutbox", 1},
    Boundary{"after DeleteOutbox", 1},
    Boundary{"letter, before it leaves", 10},
    Boundary{"letter, after it left", 10},
    Boundary{"while sealing", 2},
    Boundary{"sealed, not committed", 2},
    Boundary{"chunks asked of the link", 8},
    Boundary{"chunk left, not marked", 15},
    Boundary{"bitmaps stored", 6},
    Boundary{"last index, before it leaves", 2},
    Boundary{"last index, after it left", 2},
    Boundary{"rules changed, not reconsidered", 2},
    Boundary{"household answered", 2},
    Boundary{"while resuming", 2},
};

// In a transaction, and around StopWork, DropSealed and Withdraw.
constexpr std::array<std::size_t, 7> kRare{0, 12, 13, 16, 17, 18, 19};

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
  for (const Boundary& boundary : kBoundaries) boundaries.emplace(boundary.name, Count{});
  for (const std::string_view fault : kFaults) faults.emplace(fault, 0);
}

void Tally::print() const {
  fmt::print("{:<36} {:>10} {:>8}\n", "boundary", "passed", "crashed");
  for (const Boundary& boundary : kBoundaries) {
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
  const bool at_rare = random_.chance(0.3);
  const Boundary& boundary = at_rare ? kBoundaries[kRare[random_.below(kRare.size())]]
                                     : kBoundaries[random_.below(kBoundaries.size())];
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
