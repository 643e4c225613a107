// One scalar into one typed value, or a fault that shows how it should look.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "gateway/yaml/keys.h"
#include "gateway/yaml/scan.h"

namespace latchstring::yaml {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Plain digits without leading zeros, at most 15 of them.
std::optional<std::int64_t> natural(std::string_view text) {
  if (!is_digits(text) || text.size() > 15 || (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr Unit kTimeUnits[] = {{"second", 1},  {"seconds", 1},  {"minute", 60}, {"minutes", 60},
                               {"hour", 3600}, {"hours", 3600}, {"day", 86400}, {"days", 86400}};
constexpr Unit kByteUnits[] = {{"KiB", std::int64_t{1} << 10},
                               {"MiB", std::int64_t{1} << 20},
                               {"GiB", std::int64_t{1} << 30},
                               {"TiB", std::int64_t{1} << 40}};
constexpr Unit kDistanceUnits[] = {
    {"metre", 1}, {"metres", 1}, {"kilometre", 1000}, {"kilometres", 1000}};

// `30 minutes` with these units; nullopt when it has another form or is too large.
std::optional<std::int64_t> with_unit(std::string_view text, std::span<const Unit> units) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto count = natural(text.substr(0, space));
  const std::string_view unit = text.substr(space + 1);
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit; });
  if (!count || found == units.end()) return std::nullopt;
  if (*count > std::numeric_limits<std::int64_t>::max() / found->factor) return std::nullopt;
  return *count * found->factor;
}

std::string shown(const Node& node) {
  if (node.is_list()) return "a list";
  if (node.is_map()) return "a map";
  return fmt::format("\"{}\"", node.text);
}

std::nullopt_t wrong(const Node& node, std::string_view expected, std::string hint,
                     Faults& faults) {
  faults.add(node.place, fmt::format("{} is not {}.", shown(node), expected), std::move(hint));
  return std::nullopt;
}

std::string in_units(std::int64_t seconds) {
  Unit unit{"second", 1};
  for (const Unit& each : {Unit{"minute", 60}, Unit{"hour", 3600}, Unit{"day", 86400}}) {
    if (seconds != 0 && seconds % each.factor == 0) unit = each;
  }
  const std::int64_t count = seconds / unit.factor;
  return fmt::format("{} {}{}", count, unit.name, count == 1 ? "" : "s");
}

// As it is written in quotes.
std::string escape_of(char32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\t') return "\\t";
  return fmt::format("\\u{:04X}", static_cast<std::uint32_t>(code));
}

// `ada jon` for one name, or for two.
std::string name_hint(const Node& node) {
  if (node.is_list()) return "write one name, without brackets";
  const bool has_space = node.text.find(' ') != std::string::npos;
  std::string joined = node.text;
  std::replace(joined.begin(), joined.end(), ' ', '_');
  if (has_space && is_identifier(joined)) {
    std::string list;
    for (const char c : node.text) list += c == ' ' ? std::string(", ") : std::string(1, c);
    return fmt::format("write {}, or a list: [{}]", joined, list);
  }
  return fmt::format("small letters, digits and _ only, a letter first, at most {}",
                     kIdentifierMax);
}

std::string nearest_bound(bool is_too_small, const std::string& least, const std::string& most) {
  return is_too_small ? fmt::format("the least is {}", least) : fmt::format("the most is {}", most);
}

std::string calendar_hint(const std::chrono::year_month_day& date) {
  if (date.year() < std::chrono::year(1970)) return "years begin with 1970";
  if (!date.month().ok()) return "months are 01 to 12";
  const std::chrono::year_month_day_last last(date.year(),
                                              std::chrono::month_day_last(date.month()));
  return fmt::format("that month ends with day {}", static_cast<unsigned>(last.day()));
}

}  // namespace

bool is_identifier(std::string_view text) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= kIdentifierMax && is_lower(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::optional<std::string> read_text(const Node& node, Faults& faults) {
  if (!node.is_scalar()) return wrong(node, "a text", "write some words", faults);
  if (node.text.empty()) return wrong(node, "a text", "write some words", faults);
  if (node.text.size() > kTextMax) {
    faults.add(node.place, fmt::format("This text is longer than {} bytes.", kTextMax),
               "make it shorter");
    return std::nullopt;
  }
  if (const auto code = first_unseen(node.text)) {
    return wrong(node, "a plain line of text", "take out " + escape_of(*code), faults);
  }
  if (node.text.front() == ' ' || node.text.back() == ' ') {
    faults.add(node.place, "This text begins or ends with a space.", "take the space out");
    return std::nullopt;
  }
  return node.text;
}

std::optional<std::string> read_identifier(const Node& node, Faults& faults) {
  if (node.is_scalar() && is_identifier(node.text)) return node.text;
  return wrong(node, "a name", name_hint(node), faults);
}

std::optional<bool> read_yes_no(const Node& node, Faults& faults) {
  if (node.is_scalar() && !node.quoted) {
    if (node.text == "yes") return true;
    if (node.text == "no") return false;
  }
  std::string small = node.text;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string hint = "write yes or no, without quotes";
  if (node.text == "yes" || node.text == "no") {
    hint = "take the quotes away";
  } else if (small == "yes" || small == "no") {
    hint = fmt::format("write {} in small letters", small);
  }
  return wrong(node, "yes or no", std::move(hint), faults);
}

std::optional<std::int64_t> read_integer(const Node& node, const KeyRow& row, Faults& faults) {
  if (!node.is_scalar() || node.quoted) {
    return wrong(node, "a whole number", "write digits, without quotes", faults);
  }
  const auto value = natural(node.text);
  if (!value) {
    const bool zero_first = is_digits(node.text) && node.text.size() > 1 && node.text[0] == '0';
    return wrong(node, "a whole number",
                 zero_first ? "no leading zeros" : "write digits only, for example 30", faults);
  }
  if (row.least == row.most && *value != row.least) {
    faults.add(node.place,
               fmt::format("This program knows {} {}, not \"{}\".", row.name, row.least, node.text),
               fmt::format("write {}", row.least));
    return std::nullopt;
  }
  if (*value < row.least || *value > row.most) {
    return wrong(node, fmt::format("from {} to {}", row.least, row.most),
                 nearest_bound(*value < row.least, fmt::format("{}", row.least),
                               fmt::format("{}", row.most)),
                 faults);
  }
  return value;
}

std::optional<double> read_number(const Node& node, Faults& faults) {
  constexpr std::string_view kHint = "write it like 0.25";
  if (!node.is_scalar() || node.quoted) return wrong(node, "a number", std::string(kHint), faults);
  const std::string_view text = node.text;
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const std::size_t dot = digits.find('.');
  const std::string_view whole = digits.substr(0, dot);
  const bool sound =
      natural(whole) && (dot == std::string_view::npos || is_digits(digits.substr(dot + 1)));
  double value = 0;
  const auto end = text.data() + text.size();
  if (!sound || std::from_chars(text.data(), end, value).ptr != end) {
    return wrong(node, "a number", std::string(kHint), faults);
  }
  return value;
}

std::optional<Duration> read_duration(const Node& node, const KeyRow& row, Faults& faults) {
  const auto seconds = node.is_scalar() ? with_unit(node.text, kTimeUnits) : std::nullopt;
  if (!seconds) {
    return wrong(node, "a length of time",
                 "a number and seconds, minutes, hours or days: 30 minutes", faults);
  }
  if (*seconds < row.least || *seconds > row.most) {
    return wrong(node, fmt::format("from {} to {}", in_units(row.least), in_units(row.most)),
                 nearest_bound(*seconds < row.least, in_units(row.least), in_units(row.most)),
                 faults);
  }
  return std::chrono::seconds(*seconds);
}

std::optional<std::int64_t> read_bytes(const Node& node, const KeyRow& row, Faults& faults) {
  const auto value = node.is_scalar() ? with_unit(node.text, kByteUnits) : std::nullopt;
  if (!value) {
    return wrong(node, "an amount of storage", "a number and KiB, MiB, GiB or TiB: 64 GiB", faults);
  }
  if (*value < row.least || *value > row.most) {
    return wrong(node, fmt::format("from {} to {} bytes", row.least, row.most),
                 *value < row.least ? "write more" : "write less", faults);
  }
  return value;
}

std::optional<std::int64_t> read_distance(const Node& node, const KeyRow& row, Faults& faults) {
  const auto metres = node.is_scalar() ? with_unit(node.text, kDistanceUnits) : std::nullopt;
  if (!metres) {
    return wrong(node, "a distance", "a number and metres or kilometres: 400 metres", faults);
  }
  if (*metres < row.least || *metres > row.most) {
    return wrong(node, fmt::format("from {} to {} metres", row.least, row.most),
                 *metres < row.least ? "write more" : "write less", faults);
  }
  return metres;
}

std::optional<int> read_date(const Node& node, Faults& faults) {
  const std::string_view text = node.text;
  const bool shaped = node.is_scalar() && text.size() == 10 && text[4] == '-' && text[7] == '-' &&
                      is_digits(text.substr(0, 4)) && is_digits(text.substr(5, 2)) &&
                      is_digits(text.substr(8, 2));
  if (!shaped) return wrong(node, "a date", "year-month-day: 2027-03-31", faults);
  const auto part = [&](std::size_t at, std::size_t length) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + length, value);
    return value;
  };
  const int year = part(0, 4);
  const int month = part(5, 2);
  const int day = part(8, 2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1970) {
    return wrong(node, "a day of the calendar", calendar_hint(date), faults);
  }
  return (year * 100 + month) * 100 + day;
}

}  // namespace latchstring::yaml
