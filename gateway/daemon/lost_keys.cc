#include "gateway/daemon/lost_keys.h"

#include "gateway/base/status.h"

namespace latchstring::daemon {

std::string amount_of(const archive::KeylessDay& day) {
  constexpr double kMebibyte = 1 << 20;
  return fmt::format("{}{} segment{}, {:.1f} MiB", day.fault.has_other ? "some of " : "",
                     day.segments, day.segments == 1 ? "" : "s",
                     static_cast<double>(day.size_bytes) / kMebibyte);
}

std::string lost_keys(archive::Archive& archive, const Path& keyring) {
  const auto totals = archive.day_totals();
  if (!totals.ok()) return {};  // every tick says so
  const std::vector<archive::KeylessDay> lost = archive::keyless_days(*totals);
  if (lost.empty()) return {};
  std::string days;
  for (std::size_t i = 0; i < lost.size() && i < kDaysNamedMax; ++i) {
    days += fmt::format("{}the key of {} ({}) {}", i == 0 ? "" : ", ", lost[i].day,
                        amount_of(lost[i]), lost[i].fault.what);
  }
  if (lost.size() > kDaysNamedMax) {
    days += fmt::format(", and those of {} more days", lost.size() - kDaysNamedMax);
  }
  return fmt::format(
      "{}: that footage cannot be opened. If there is a copy of the folder `{}`, put {} back from "
      "it; without one the footage is lost, and goes when its time ends",
      days, keyring.string(),
      lost.size() == 1 ? fmt::format("`{}`", lost.front().fault.file) : "each `day-DAY.key`");
}

}  // namespace latchstring::daemon
