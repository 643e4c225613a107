#include "gateway/archive/day_keys.h"

#include <algorithm>
#include <charconv>

#include "gateway/archive/segment.h"
#include "gateway/archive/segment_file.h"
#include "gateway/base/status.h"

namespace latchstring::archive {
namespace {

constexpr std::string_view kPrefix = "day-";
constexpr std::size_t kDaySize = 10;

// 1 is the day's own; further ones have their number.
std::string name_of(const std::string& day, int number) {
  std::string name = std::string(kPrefix) + day;
  if (number > 1) name += fmt::format("-{}", number);
  return name;
}

struct KeyName {
  std::string day;
  int number = 1;
};

std::optional<KeyName> parse(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  KeyName key{name.substr(kPrefix.size(), kDaySize)};
  const std::size_t digits = kPrefix.size() + kDaySize + 1;
  if (name.size() > digits) {
    std::from_chars(name.data() + digits, name.data() + name.size(), key.number);
  }
  const bool fits = is_day(key.day) && key.number >= 1 && key.number <= kDayKeysMax;
  if (!fits || name_of(key.day, key.number) != name) return std::nullopt;
  return key;
}

std::string words_of(const absl::Status& status) {
  if (absl::IsNotFound(status)) return "is missing";
  const bool damaged = absl::IsDataLoss(status) || absl::IsInvalidArgument(status);
  return damaged ? "is damaged" : "cannot be read";
}

}  // namespace

// The keyring makes what it does not have; a forgotten day must stay forgotten.
absl::StatusOr<crypto::age::Identity> DayKeys::load(const std::string& day, int number) const {
  LS_ASSIGN(crypto::Secret secret, keyring_.load(name_of(day, number)));
  return crypto::age::Identity::from_secret(std::move(secret));
}

int DayKeys::highest(const std::string& day) const {
  const auto known = known_.find(day);
  int highest = known == known_.end() ? 0 : known->second;
  for (const std::string& name : keyring_.names()) {
    const std::optional<KeyName> key = parse(name);
    if (key && key->day == day) highest = std::max(highest, key->number);
  }
  return highest;
}

void DayKeys::expect(const std::string& day) {
  const std::lock_guard lock(mutex_);
  known_.emplace(day, 1);
}

absl::StatusOr<crypto::age::Recipient> DayKeys::recipient(const std::string& day) {
  if (!is_day(day)) return invalid("`{}` is not a day (want 2026-05-04)", day);
  const std::lock_guard lock(mutex_);
  const int last = highest(day);
  int& known = known_[day];
  known = std::max(known, last);
  for (int number = last; number > 0; --number) {
    const absl::StatusOr<crypto::age::Identity> held = load(day, number);
    if (held.ok()) return held->recipient();
  }
  if (last == kDayKeysMax) {
    return exhausted("none of {} keys of {} can be used: put them back from a copy", last, day);
  }
  LS_ASSIGN(const crypto::age::Identity made, keyring_.identity(name_of(day, last + 1)));
  known = last + 1;
  return made.recipient();
}

absl::StatusOr<crypto::age::Identity> DayKeys::identity(const std::string& day,
                                                        const Path& file) const {
  std::vector<crypto::age::Identity> held;
  bool all_there = true;
  {
    const std::lock_guard lock(mutex_);
    const int last = std::max(1, highest(day));
    for (int number = 1; number <= last; ++number) {
      absl::StatusOr<crypto::age::Identity> key = load(day, number);
      all_there = all_there && key.ok();
      if (key.ok()) held.push_back(*std::move(key));
    }
  }
  // The only one: whoever reads the file sees whether it fits.
  if (all_there && held.size() == 1) return std::move(held.front());
  for (crypto::age::Identity& each : held) {
    LS_ASSIGN(const bool fits, is_sealed_to(file, each));
    if (fits) return std::move(each);
  }
  if (all_there) return std::move(held.front());
  return not_found(
      "no key that is there opens it: {} was forgotten, or a key of that day is lost or damaged",
      day);
}

std::optional<KeyFault> DayKeys::fault(const std::string& day) const {
  const std::lock_guard lock(mutex_);
  std::optional<KeyFault> fault;
  bool has_any = false;
  const int last = std::max(1, highest(day));
  for (int number = 1; number <= last; ++number) {
    const absl::Status loaded = load(day, number).status();
    has_any = has_any || loaded.ok();
    if (!loaded.ok() && !fault) fault = {name_of(day, number) + ".key", words_of(loaded), false};
  }
  if (fault) fault->has_other = has_any;
  return fault;
}

absl::Status DayKeys::destroy(const std::string& day) {
  const std::lock_guard lock(mutex_);
  known_.erase(day);
  for (int number = highest(day); number > 0; --number) {
    LS_RETURN_IF_ERROR(keyring_.destroy(name_of(day, number)));
  }
  if (highest(day) != 0) return internal("a key of {} is still there after its destruction", day);
  return absl::OkStatus();
}

std::vector<std::string> DayKeys::days() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> days;
  for (const std::string& name : keyring_.names()) {
    if (const std::optional<KeyName> key = parse(name)) days.push_back(key->day);
  }
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  return days;
}

}  // namespace latchstring::archive
