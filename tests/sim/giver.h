// A household that gives: residents who now and then hand out a clip of their own accord, as a file
// or to an agency. Judges by the rules in force whether they should have been let.
#pragma once

#include <functional>
#include <string>

#include "tests/sim/gateway.h"

namespace latchstring::sim {

class Giver {
 public:
  struct Outside {
    const SimClock& clock;
    Faults& faults;
    Truth& truth;
    Gateway& gateway;
    Random random;
    std::function<void(std::string_view line)> trace;
  };
  explicit Giver(Outside outside) : out_(std::move(outside)) {}

  // The agency that it was given to; empty: none.
  std::string give();

 private:
  release::Subject some_gift();
  void judge(const Truth::Gift& gift, bool might, const absl::Status& said) const;

  Outside out_;
};

}  // namespace latchstring::sim
