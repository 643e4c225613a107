#include "gateway/trust/residents.h"

#include <algorithm>
#include <optional>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/password.h"
#include "gateway/store/store.h"
#include "gateway/trust/columns.h"

namespace latchstring::trust {
namespace {

constexpr std::size_t kNameMax = 64;

bool is_name(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= kNameMax && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || c == '_' || (c >= '0' && c <= '9'); });
}

absl::Status no_such(std::string_view name) {
  return not_found("there is no resident `{}`", name);
}

absl::Status locked(std::string_view name, Duration remaining) {
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(remaining).count();
  return denied("`{}` is locked after {} wrong PINs; try again in {} minute{}", name, kWrongMax,
                minutes, minutes == 1 ? "" : "s");
}

// UTF-8 continuation bytes do not count.
std::size_t characters(ByteView text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](std::uint8_t byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

absl::Status check_pin_rules(const crypto::Secret& pin) {
  const ByteView text = pin.view();
  if (text.size() > kPinMax) return invalid("a PIN or passphrase has at most {} bytes", kPinMax);
  if (std::any_of(text.begin(), text.end(),
                  [](std::uint8_t byte) { return byte < 0x20 || byte == 0x7F; })) {
    return invalid("a PIN or passphrase holds no control characters");
  }
  const bool digits = std::all_of(text.begin(), text.end(),
                                  [](std::uint8_t byte) { return byte >= '0' && byte <= '9'; });
  if ((digits && text.size() >= kPinDigitsMin) || characters(text) >= kPassphraseMin) {
    return absl::OkStatus();
  }
  return invalid("a PIN has at least {} digits, a passphrase at least {} characters", kPinDigitsMin,
                 kPassphraseMin);
}

absl::StatusOr<std::string> hash_pin(const crypto::Secret& pin) {
  LS_RETURN_IF_ERROR(check_pin_rules(pin));
  return crypto::hash_password(pin);
}

bool check_pin(const Attempt& attempt, const crypto::Secret& pin) {
  return crypto::verify_password(attempt.hash, pin);
}

absl::StatusOr<std::unique_ptr<Residents>> Residents::open(store::Database& database,
                                                           const Clock& clock) {
  std::unique_ptr<Residents> residents(new Residents(database, clock));
  LS_RETURN_IF_ERROR(database.query(
      "SELECT name, locked_until FROM trust_resident WHERE locked_until <> 0", {},
      [&](const store::Row& row) {
        const Duration by_the_wall = from_column(row.get<std::int64_t>(1)) - clock.now();
        const Duration remaining =
            clock.is_right() ? std::clamp(by_the_wall, Duration::zero(), kLockFor) : kLockFor;
        residents->locked_until_[row.get<std::string>(0)] = clock.steady() + remaining;
        return absl::OkStatus();
      }));
  return residents;
}

absl::Status Residents::add(std::string_view name, std::string_view pin_hash) {
  if (!is_name(name)) {
    return invalid("`{}` cannot be a resident's name: a-z, 0-9 and _, beginning with a letter",
                   name);
  }
  LS_ASSIGN(const std::vector<Resident> all, list());
  if (all.size() >= kResidentsMax) return exhausted("there are {} residents already", all.size());
  for (const Resident& other : all) {
    if (other.name == name) return invalid("the resident `{}` is there already", name);
  }
  const std::int64_t now = to_column(clock_.now());
  return database_.run(
      "INSERT INTO trust_resident (name, pin_hash, added, pin_set, wrong, locked_until)"
      " VALUES (?, ?, ?, ?, 0, 0)",
      {name, pin_hash, now, pin_hash.empty() ? 0 : now});
}

absl::Status Residents::set_pin(std::string_view name, std::string_view pin_hash) {
  LS_ASSIGN(const std::int64_t changed,
            database_.change("UPDATE trust_resident SET pin_hash = ?, pin_set = ?, wrong = 0,"
                             " locked_until = 0, reset_hash = '', reset_at = 0 WHERE name = ?",
                             {pin_hash, pin_hash.empty() ? 0 : to_column(clock_.now()), name}));
  if (changed == 0) return no_such(name);
  forget(name);
  return absl::OkStatus();
}

absl::Status Residents::remove(std::string_view name) {
  LS_ASSIGN(const std::int64_t removed,
            database_.change("DELETE FROM trust_resident WHERE name = ?", {name}));
  if (removed == 0) return no_such(name);
  forget(name);
  return absl::OkStatus();
}

void Residents::forget(std::string_view name) {
  if (const auto lock = locked_until_.find(name); lock != locked_until_.end()) {
    locked_until_.erase(lock);
  }
}

absl::StatusOr<std::vector<Resident>> Residents::list() const {
  std::vector<Resident> all;
  LS_RETURN_IF_ERROR(
      database_.query("SELECT name, added, pin_set, pin_hash <> '', yes_from, reset_at"
                      " FROM trust_resident ORDER BY name",
                      {}, [&](const store::Row& row) {
                        const auto name = row.get<std::string>(0);
                        all.push_back({name, from_column(row.get<std::int64_t>(1)),
                                       from_column(row.get<std::int64_t>(2)), row.get<bool>(3),
                                       locked_for(name) > Duration::zero(),
                                       from_wait_column(row.get<std::int64_t>(4)),
                                       from_wait_column(row.get<std::int64_t>(5))});
                        return absl::OkStatus();
                      }));
  return all;
}

Duration Residents::locked_for(std::string_view name) const {
  const auto lock = locked_until_.find(name);
  if (lock == locked_until_.end()) return Duration::zero();
  return std::max(lock->second - clock_.steady(), Duration::zero());
}

absl::Status Residents::lock(std::string_view name) {
  locked_until_[std::string(name)] = clock_.steady() + kLockFor;
  return database_.run("UPDATE trust_resident SET locked_until = ? WHERE name = ?",
                       {to_column(clock_.now() + kLockFor), name});
}

std::int64_t Residents::open_attempts_of(std::string_view name) const {
  return std::count_if(open_attempts_.begin(), open_attempts_.end(),
                       [name](const auto& attempt) { return attempt.second == name; });
}

absl::StatusOr<Attempt> Residents::begin(std::string_view name) {
  LS_ASSIGN(
      const std::optional<std::string> hash,
      database_.find<std::string>("SELECT pin_hash FROM trust_resident WHERE name = ?", {name}));
  if (!hash) return no_such(name);
  if (hash->empty()) {
    return not_now("`{}` has no PIN yet; give one with `latchstring resident add {}`", name, name);
  }
  if (const Duration remaining = locked_for(name); remaining > Duration::zero()) {
    return locked(name, remaining);
  }
  LS_ASSIGN(int wrong,
            database_.one<int>("SELECT wrong FROM trust_resident WHERE name = ?", {name}));
  if (wrong >= kWrongMax && locked_until_.find(name) != locked_until_.end()) {
    // That lock has run out. opened() forgets it: in a transaction that is rolled back it stays.
    LS_RETURN_IF_ERROR(database_.run(
        "UPDATE trust_resident SET wrong = 0, locked_until = 0 WHERE name = ?", {name}));
    wrong = 0;
  }
  if (wrong >= kWrongMax) {
    if (open_attempts_of(name) > 0) {
      return unavailable("PINs of `{}` are being checked; try again in a moment", name);
    }
    LS_RETURN_IF_ERROR(lock(name));  // a crash came between the last try and its outcome
    return locked(name, kLockFor);
  }
  LS_RETURN_IF_ERROR(
      database_.run("UPDATE trust_resident SET wrong = wrong + 1 WHERE name = ?", {name}));
  return Attempt{std::string(name), *hash, next_attempt_++};
}

void Residents::opened(const Attempt& attempt) {
  open_attempts_[attempt.number] = attempt.resident;
  if (locked_for(attempt.resident) == Duration::zero()) forget(attempt.resident);
}

absl::Status Residents::finish(const Attempt& attempt, bool matches) {
  if (open_attempts_.erase(attempt.number) == 0) {
    return denied("this try for `{}` was already counted", attempt.resident);
  }
  LS_ASSIGN(const std::optional<std::string> hash,
            database_.find<std::string>("SELECT pin_hash FROM trust_resident WHERE name = ?",
                                        {attempt.resident}));
  if (!hash) return no_such(attempt.resident);
  if (*hash != attempt.hash) {
    return denied("the PIN of `{}` was changed meanwhile; try again", attempt.resident);
  }
  const std::int64_t open = open_attempts_of(attempt.resident);
  if (matches) {  // tries that are still being checked keep counting
    return database_.run("UPDATE trust_resident SET wrong = ? WHERE name = ?",
                         {open, attempt.resident});
  }
  LS_ASSIGN(const int wrong, database_.one<int>("SELECT wrong FROM trust_resident WHERE name = ?",
                                                {attempt.resident}));
  if (wrong >= kWrongMax && open == 0) {
    LS_RETURN_IF_ERROR(lock(attempt.resident));
    return locked(attempt.resident, kLockFor);
  }
  return denied("wrong PIN for `{}`; {} of {} tries left", attempt.resident,
                std::max(kWrongMax - wrong, 0), kWrongMax);
}

}  // namespace latchstring::trust
