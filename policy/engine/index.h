// What decide() looks up: made once at load, so that a decision compares no strings per rule.
// Private to the engine.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "policy/engine/wall_clock.h"

namespace latchstring::policy {

using Numbers = std::map<std::string, std::size_t, std::less<>>;

struct RuleScope {
  std::size_t rule;            // policy.rules[rule]
  std::vector<bool> agencies;  // by number; empty: all
  std::vector<bool> cameras;   // by number; empty: all
  std::vector<bool> purposes;  // by number; empty: all
  std::uint8_t bases;          // a bit for each Basis
};

struct Index {
  WallClock clock;
  Numbers agencies;
  Numbers cameras;
  Numbers purposes;               // those that some rule names
  std::vector<RuleScope> scopes;  // by name of the rule: the file's order means nothing
};

// `policy.rules` and the declared names are final.
std::shared_ptr<const Index> make_index(const Policy& policy, WallClock clock);

}  // namespace latchstring::policy
