// Residents: PINs that somebody else may have chosen, and what waits for time to pass.
#include "gateway/base/status.h"
#include "gateway/store/store.h"
#include "gateway/trust/columns.h"
#include "gateway/trust/residents.h"

namespace latchstring::trust {

Instant Residents::from_now(Duration wait) const {
  return clock_.is_right() ? clock_.now() + wait : Instant{};
}

absl::Status Residents::let_wait(std::string_view name) {
  return database_.run("UPDATE trust_resident SET yes_from = ? WHERE name = ?",
                       {to_wait_column(from_now(kNewPinWaits)), name});
}

absl::Status Residents::begin_reset(std::string_view name, std::string_view pin_hash) {
  LS_ASSIGN(const std::int64_t begun,
            database_.change("UPDATE trust_resident SET reset_hash = ?, reset_at = ?"
                             " WHERE name = ? AND reset_at = 0 AND pin_hash <> ''",
                             {pin_hash, to_wait_column(from_now(kResetWaits)), name}));
  if (begun == 0) return not_now("`{}` has no PIN, or a reset of it is waited for already", name);
  return absl::OkStatus();
}

absl::Status Residents::stop_reset(std::string_view name) {
  LS_ASSIGN(const std::int64_t stopped,
            database_.change("UPDATE trust_resident SET reset_hash = '', reset_at = 0"
                             " WHERE name = ? AND reset_at <> 0",
                             {name}));
  if (stopped == 0) return not_now("no reset of the PIN of `{}` is waited for", name);
  return absl::OkStatus();
}

absl::StatusOr<bool> Residents::is_due() const {
  if (!clock_.is_right()) return false;
  const std::int64_t now = to_column(clock_.now());
  LS_ASSIGN(const auto due,
            database_.one<std::int64_t>(
                "SELECT count(*) FROM trust_resident WHERE yes_from <> 0 AND yes_from <= ?"
                " OR reset_at <> 0 AND reset_at <= ?",
                {now, now}));
  return due != 0;
}

absl::StatusOr<std::vector<std::string>> Residents::pass() {
  std::vector<std::string> reset;
  if (!clock_.is_right()) return reset;
  const std::int64_t now = to_column(clock_.now());
  // In this order: what was not dated is not over, and a reset begins a wait of the yes.
  LS_RETURN_IF_ERROR(database_.run(
      "UPDATE trust_resident SET yes_from = 0 WHERE yes_from > 0 AND yes_from <= ?", {now}));
  LS_RETURN_IF_ERROR(database_.run("UPDATE trust_resident SET yes_from = ? WHERE yes_from = ?",
                                   {to_column(from_now(kNewPinWaits)), kNotDated}));
  std::vector<std::pair<std::string, std::string>> due;
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT name, reset_hash FROM trust_resident WHERE reset_at > 0 AND reset_at <= ?", {now},
      [&](const store::Row& row) {
        due.emplace_back(row.get<std::string>(0), row.get<std::string>(1));
        return absl::OkStatus();
      }));
  LS_RETURN_IF_ERROR(database_.run("UPDATE trust_resident SET reset_at = ? WHERE reset_at = ?",
                                   {to_column(from_now(kResetWaits)), kNotDated}));
  for (const auto& [name, hash] : due) {
    LS_RETURN_IF_ERROR(set_pin(name, hash));
    LS_RETURN_IF_ERROR(let_wait(name));
    reset.push_back(name);
  }
  return reset;
}

}  // namespace latchstring::trust
