// What no hour of the week shows and can widen all the same: who lives there, keys, zones, clocks,
// and the limits that are true for every clip. Pure; any thread.
#pragma once

#include "policy/analysis/weekly.h"

namespace latchstring::policy {

struct Setting {
  Order order = Order::same;
  std::string what;    // `always: clip_at_most`, `the key of springfield_pd`
  std::string before;  // in words; `-` where there is none
  std::string after;
};
// Those that differ, in the order of the file's parts.
std::vector<Setting> changed_settings(const Policy& before, const Policy& after);

}  // namespace latchstring::policy
