#include "gateway/state/rules_history.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/state/rows.h"

namespace latchstring::state {
namespace {

// In the column `replaced`.
constexpr std::int64_t kNewest = -1;
constexpr std::int64_t kNotDated = 0;

constexpr std::string_view kKey = "key";
constexpr std::string_view kCamera = "camera";
constexpr std::string_view kHome = "home";

absl::Status insert_parts(store::Database& database, std::int64_t number, std::string_view kind,
                          const std::map<std::string, std::string>& parts) {
  for (const auto& [name, content] : parts) {
    LS_RETURN_IF_ERROR(database.run("INSERT INTO accepted_part VALUES (?, ?, ?, ?)",
                                    {number, kind, name, as_bytes(content)}));
  }
  return absl::OkStatus();
}

std::string text_of(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

absl::StatusOr<AcceptedRules> RulesHistory::load(std::int64_t number) const {
  AcceptedRules rules;
  LS_RETURN_IF_ERROR(database_.query("SELECT text, clock FROM accepted_rules WHERE number = ?",
                                     {number}, [&](const store::Row& row) {
                                       rules.text = text_of(row.get<Bytes>(0));
                                       rules.clock = row.get<std::string>(1);
                                       return absl::OkStatus();
                                     }));
  LS_RETURN_IF_ERROR(
      database_.query("SELECT kind, name, content FROM accepted_part WHERE number = ?", {number},
                      [&](const store::Row& row) {
                        const std::string kind = row.get<std::string>(0);
                        std::string content = text_of(row.get<Bytes>(2));
                        if (kind == kHome) {
                          rules.home = std::move(content);
                        } else {
                          auto& parts = kind == kKey ? rules.key_files : rules.sources;
                          parts[row.get<std::string>(1)] = std::move(content);
                        }
                        return absl::OkStatus();
                      }));
  return rules;
}

absl::StatusOr<std::optional<AcceptedRules>> RulesHistory::newest() const {
  LS_ASSIGN(const auto number,
            database_.find<std::int64_t>("SELECT number FROM accepted_rules WHERE replaced = ?",
                                         {kNewest}));
  if (!number) return std::nullopt;
  LS_ASSIGN(AcceptedRules rules, load(*number));
  return rules;
}

absl::StatusOr<std::vector<ReplacedRules>> RulesHistory::replaced() const {
  std::vector<std::pair<std::int64_t, std::int64_t>> rows;
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT number, replaced FROM accepted_rules WHERE replaced != ? ORDER BY number", {kNewest},
      [&](const store::Row& row) {
        rows.emplace_back(row.get<std::int64_t>(0), row.get<std::int64_t>(1));
        return absl::OkStatus();
      }));
  std::vector<ReplacedRules> all;
  for (const auto& [number, at] : rows) {
    LS_ASSIGN(AcceptedRules rules, load(number));
    all.push_back({std::move(rules), at == kNotDated ? Instant{} : from_micros(at)});
  }
  return all;
}

absl::Status RulesHistory::accept(const AcceptedRules& rules, Instant now) {
  LS_ASSIGN(const auto before, newest());
  if (before && *before == rules) return absl::OkStatus();
  LS_ASSIGN(const auto counting,
            database_.one<std::int64_t>("SELECT count(*) FROM accepted_rules", {}));
  if (static_cast<std::size_t>(counting) > kReplacedMax) {
    return exhausted(
        "the rules were changed {} times within 24 hours, and each version still counts: wait, or "
        "let all residents agree with `latchstring policy apply --now`",
        counting - 1);
  }
  const std::int64_t at = now == Instant{} ? kNotDated : to_micros(now);
  LS_RETURN_IF_ERROR(
      database_.run("UPDATE accepted_rules SET replaced = ? WHERE replaced = ?", {at, kNewest}));
  LS_RETURN_IF_ERROR(
      database_.run("INSERT INTO accepted_rules (text, clock, replaced) VALUES (?, ?, ?)",
                    {as_bytes(rules.text), rules.clock, kNewest}));
  LS_ASSIGN(const auto number,
            database_.one<std::int64_t>("SELECT max(number) FROM accepted_rules", {}));
  LS_RETURN_IF_ERROR(insert_parts(database_, number, kKey, rules.key_files));
  if (!rules.home.empty()) {
    LS_RETURN_IF_ERROR(insert_parts(database_, number, kHome, {{"", rules.home}}));
  }
  return insert_parts(database_, number, kCamera, rules.sources);
}

absl::Status RulesHistory::leave(std::string_view resident, Instant now) {
  return database_.run(
      "INSERT INTO leaving_resident VALUES (?, ?, 0) ON CONFLICT (name) DO NOTHING",
      {resident, now == Instant{} ? kNotDated : to_micros(now)});
}

absl::Status RulesHistory::agree_to_leave(std::string_view resident, Instant now) {
  return database_.run(
      "INSERT INTO leaving_resident VALUES (?, ?, 1) ON CONFLICT (name) DO UPDATE SET agreed = 1",
      {resident, now == Instant{} ? kNotDated : to_micros(now)});
}

absl::Status RulesHistory::stay(std::string_view resident) {
  return database_.run("DELETE FROM leaving_resident WHERE name = ?", {resident});
}

absl::StatusOr<std::map<std::string, RulesHistory::Leaving>> RulesHistory::leaving() const {
  std::map<std::string, Leaving> all;
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT name, since, agreed FROM leaving_resident", {}, [&](const store::Row& row) {
        const auto since = row.get<std::int64_t>(1);
        all[row.get<std::string>(0)] = {since == kNotDated ? Instant{} : from_micros(since),
                                        row.get<bool>(2)};
        return absl::OkStatus();
      }));
  return all;
}

absl::Status RulesHistory::pass(Instant now) {
  const std::int64_t at = to_micros(now);
  LS_RETURN_IF_ERROR(
      database_.run("UPDATE accepted_rules SET replaced = ? WHERE replaced = ?", {at, kNotDated}));
  LS_RETURN_IF_ERROR(
      database_.run("UPDATE leaving_resident SET since = ? WHERE since = ?", {at, kNotDated}));
  LS_RETURN_IF_ERROR(
      database_.run("DELETE FROM accepted_rules WHERE replaced != ? AND replaced + ? <= ?",
                    {kNewest, std::int64_t{kReplacedCountFor / Duration{1}}, at}));
  return database_.run("DELETE FROM leaving_resident WHERE since + ? <= ?",
                       {std::int64_t{kLeavesFor / Duration{1}}, at});
}

absl::Status RulesHistory::forget_replaced() {
  LS_RETURN_IF_ERROR(database_.run("DELETE FROM accepted_rules WHERE replaced != ?", {kNewest}));
  return database_.run("DELETE FROM leaving_resident");
}

}  // namespace latchstring::state
