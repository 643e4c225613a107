#include "policy/engine/words.h"

#include <fmt/format.h>

#include <array>

#include "policy/engine/index.h"

namespace latchstring::policy {
namespace {

constexpr std::array<std::string_view, 4> kApprovals{"refuse", "ask_all", "ask_one", "automatic"};
constexpr std::array<std::string_view, 4> kBases{"consent", "warrant", "emergency", "preservation"};
constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

}  // namespace

std::string_view to_string(Approval approval) {
  return kApprovals[static_cast<std::size_t>(approval)];
}

std::string_view to_string(Basis basis) {
  return kBases[static_cast<std::size_t>(basis)];
}

std::optional<Basis> basis_from(std::string_view word) {
  for (std::size_t i = 0; i < kBases.size(); ++i) {
    if (kBases[i] == word) return static_cast<Basis>(i);
  }
  return std::nullopt;
}

std::optional<Approval> approval_from(std::string_view word) {
  for (std::size_t i = 0; i < kApprovals.size(); ++i) {
    if (kApprovals[i] == word) return static_cast<Approval>(i);
  }
  return std::nullopt;
}

std::string in_words(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  struct Unit {
    std::string_view name;
    std::int64_t length;
  };
  for (const Unit& unit : {Unit{"day", 86'400}, Unit{"hour", 3'600}, Unit{"minute", 60}}) {
    if (seconds == 0 || seconds % unit.length != 0) continue;
    const auto count = seconds / unit.length;
    return fmt::format("{} {}{}", count, unit.name, count == 1 ? "" : "s");
  }
  return fmt::format("{} second{}", seconds, seconds == 1 ? "" : "s");
}

std::string in_words(const std::set<std::string>& names) {
  if (names.empty()) return "nothing";
  std::string out;
  for (auto name = names.begin(); name != names.end(); ++name) {
    out += name == names.begin() ? "" : std::next(name) == names.end() ? " and " : ", ";
    out += *name;
  }
  return out;
}

std::string wall_clock_text(const Policy& policy, Instant instant) {
  const absl::CivilSecond shown = policy.index->clock.shown(instant);
  const auto weekday = static_cast<std::size_t>(absl::GetWeekday(shown));
  return fmt::format("{} {:04}-{:02}-{:02} {:02}:{:02}:{:02}", kDays[weekday], shown.year(),
                     shown.month(), shown.day(), shown.hour(), shown.minute(), shown.second());
}

std::string to_local_rfc3339(const Policy& policy, Instant instant) {
  const Duration offset = policy.index->clock.offset(instant);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
  // RFC 3339 offsets have whole minutes; clocks before 1972 had others.
  if (minutes == 0 || offset != std::chrono::minutes(minutes)) return to_rfc3339(instant);
  std::string text = to_rfc3339(instant + offset);
  text.pop_back();
  const auto size = minutes < 0 ? -minutes : minutes;
  return fmt::format("{}{}{:02}:{:02}", text, minutes < 0 ? '-' : '+', size / 60, size % 60);
}

}  // namespace latchstring::policy
