#include "gateway/archive/report.h"

#include <map>

namespace latchstring::archive {

std::vector<KeylessDay> keyless_days(const std::vector<DayTotal>& totals) {
  std::map<std::string, KeylessDay> days;
  for (const DayTotal& total : totals) {
    if (!total.key_fault) continue;
    KeylessDay& day = days[total.day];
    day.day = total.day;
    day.fault = *total.key_fault;
    day.segments += total.segments;
    day.size_bytes += total.size_bytes;
  }
  std::vector<KeylessDay> found;
  for (auto& [name, day] : days) found.push_back(std::move(day));
  return found;
}

}  // namespace latchstring::archive
