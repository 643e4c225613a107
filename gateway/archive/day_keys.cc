#include "gateway/archive/day_keys.h"

#include <algorithm>

#include "gateway/archive/segment.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

constexpr std::string_view kPrefix = "day-";

std::string name_of(const std::string& day) {
  return std::string(kPrefix) + day;
}

}  // namespace

bool DayKeys::exists(const std::string& name) const {
  const std::vector<std::string> names = keyring_.names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::StatusOr<crypto::age::Recipient> DayKeys::recipient(const std::string& day) {
  if (!is_day(day)) return invalid("`{}` is not a day (want 2026-05-04)", day);
  const std::lock_guard lock(mutex_);
  const auto known = recipients_.find(day);
  if (known != recipients_.end()) return known->second;
  const absl::StatusOr<crypto::age::Identity> identity = keyring_.identity(name_of(day));
  if (absl::IsDataLoss(identity.status())) {
    return data_loss(
        "nothing can be recorded today: {}. Without a copy, move it away: recording goes "
        "on with a new key, and what was recorded of {} before is lost",
        message_of(identity.status()), day);
  }
  LS_RETURN_IF_ERROR(identity.status());
  return recipients_.emplace(day, identity->recipient()).first->second;
}

absl::StatusOr<crypto::age::Identity> DayKeys::identity(const std::string& day) const {
  const std::lock_guard lock(mutex_);
  // The keyring makes what it does not have; a forgotten day must stay forgotten.
  if (!exists(name_of(day)))
    return not_found("there is no key of {}: that day was forgotten, or its key lost", day);
  return keyring_.identity(name_of(day));
}

absl::Status DayKeys::destroy(const std::string& day) {
  const std::lock_guard lock(mutex_);
  recipients_.erase(day);
  LS_RETURN_IF_ERROR(keyring_.destroy(name_of(day)));
  if (exists(name_of(day)))
    return internal("the key of {} is still there after its destruction", day);
  return absl::OkStatus();
}

std::vector<std::string> DayKeys::days() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> days;
  for (const std::string& name : keyring_.names()) {
    if (name.starts_with(kPrefix) && is_day(name.substr(kPrefix.size()))) {
      days.push_back(name.substr(kPrefix.size()));
    }
  }
  std::sort(days.begin(), days.end());
  return days;
}

}  // namespace latchstring::archive
