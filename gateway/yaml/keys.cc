#include "gateway/yaml/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "gateway/base/ensure.h"

namespace latchstring::yaml {
namespace {

// Damerau's distance (adjacent letters swapped count as one), for short words.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::vector<std::string> split_words(std::string_view words) {
  std::vector<std::string> out;
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    if (space > 0) out.emplace_back(words.substr(0, space));
    words.remove_prefix(std::min(space + 1, words.size()));
  }
  return out;
}

std::string or_list(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  }
  return out;
}

// `22:00` as minutes of the day; 24:00 only at the end of a window.
std::optional<int> minute_of_day(std::string_view text, bool is_end) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  const int total = hours * 60 + minutes;
  if (minutes > 59 || total > 24 * 60 || (total == 24 * 60 && !is_end)) return std::nullopt;
  return total;
}

constexpr std::string_view kDays = "mon tue wed thu fri sat sun";

std::vector<const Node*> one_or_many(const Node& node) {
  if (!node.is_list()) return {&node};
  std::vector<const Node*> out;
  for (const Node& item : node.items) out.push_back(&item);
  return out;
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> words) {
  if (word.size() > kIdentifierMax) return "";
  std::string best;
  std::size_t best_distance =
      std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 3)) + 1;
  for (const std::string& candidate : words) {
    const bool begins = candidate.size() >= 3 && word.starts_with(candidate);
    const std::size_t distance = begins ? 1 : edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> words) {
  if (word.find('#') != std::string_view::npos) return "put a space before the #";
  const std::string near = nearest(word, words);
  return near.empty() ? "" : fmt::format("did you mean \"{}\"?", near);
}

MapReader::MapReader(const Node& node, std::span<const KeyRow> table, std::string what,
                     Faults& faults, const Advice& advice)
    : node_(node), table_(table), what_(std::move(what)), place_(node.place), faults_(faults) {
  if (!node.is_map()) {
    faults_.add(place_, fmt::format("Here should stand {}, as `key: value`.", what_), advice.like);
    return;
  }
  name_missing_keys(refuse_unknown_keys(advice));
}

std::vector<std::string> MapReader::refuse_unknown_keys(const Advice& advice) {
  std::vector<std::string> known;
  for (const KeyRow& row : table_) known.emplace_back(row.name);
  std::vector<std::string> meant;
  for (const Key& key : node_.keys) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
    std::string hint = advice.belongs ? advice.belongs(key.text) : "";
    if (hint.empty()) {
      hint = did_you_mean(key.text, known);
      meant.push_back(nearest(key.text, known));
    }
    if (hint.empty()) hint = "known here: " + or_list(known);
    faults_.add(key.place, fmt::format("I don't know \"{}\" in {}.", key.text, what_), hint);
  }
  return meant;
}

// Not those that are there, but misspelt.
void MapReader::name_missing_keys(const std::vector<std::string>& misspelt) {
  for (const KeyRow& row : table_) {
    if (row.need != Need::mandatory || has(row.name)) continue;
    if (std::find(misspelt.begin(), misspelt.end(), row.name) != misspelt.end()) continue;
    faults_.add(place_, fmt::format("\"{}\" is missing in {}.", row.name, what_),
                fmt::format("add a line \"{}: ...\"", row.name));
  }
}

const Node* MapReader::node(std::string_view key) const {
  static_cast<void>(row(key));
  return node_.is_map() ? node_.find(key) : nullptr;
}

Place MapReader::place(std::string_view key) const {
  const Node* found = node(key);
  return found != nullptr ? found->place : place_;
}

const KeyRow& MapReader::row(std::string_view key) const {
  const auto found =
      std::find_if(table_.begin(), table_.end(), [&](const KeyRow& r) { return r.name == key; });
  ensure(found != table_.end());
  return *found;
}

std::optional<Node> MapReader::value(std::string_view key) const {
  if (const Node* found = node(key)) return *found;
  const KeyRow& found = row(key);
  if (found.fallback.empty()) return std::nullopt;
  Node made;
  made.place = place_;
  made.text = found.fallback;
  return made;
}

std::optional<std::string> MapReader::text(std::string_view key) const {
  const auto found = value(key);
  if (!found) return std::nullopt;
  const KeyRow& r = row(key);
  if (r.type == Type::identifier) return read_identifier(*found, faults_);
  if (r.type != Type::word) return read_text(*found, faults_);
  const std::vector<std::string> words = split_words(r.words);
  if (found->is_scalar() && std::find(words.begin(), words.end(), found->text) != words.end()) {
    return found->text;
  }
  faults_.add(found->place, fmt::format("\"{}\" must be {}.", key, or_list(words)),
              found->is_scalar() ? did_you_mean(found->text, words)
                                 : "write one of them, without brackets");
  return std::nullopt;
}

bool MapReader::yes_no(std::string_view key) const {
  const auto found = value(key);
  return found && read_yes_no(*found, faults_).value_or(false);
}

std::optional<std::int64_t> MapReader::integer(std::string_view key) const {
  const auto found = value(key);
  return found ? read_integer(*found, row(key), faults_) : std::nullopt;
}

std::optional<double> MapReader::number(std::string_view key) const {
  const auto found = value(key);
  return found ? read_number(*found, faults_) : std::nullopt;
}

std::optional<Duration> MapReader::duration(std::string_view key) const {
  const auto found = value(key);
  return found ? read_duration(*found, row(key), faults_) : std::nullopt;
}

std::optional<std::int64_t> MapReader::bytes(std::string_view key) const {
  const auto found = value(key);
  return found ? read_bytes(*found, row(key), faults_) : std::nullopt;
}

std::optional<std::int64_t> MapReader::distance(std::string_view key) const {
  const auto found = value(key);
  return found ? read_distance(*found, row(key), faults_) : std::nullopt;
}

std::optional<int> MapReader::date(std::string_view key) const {
  const auto found = value(key);
  return found ? read_date(*found, faults_) : std::nullopt;
}

std::optional<TimeWindow> MapReader::time_window(std::string_view key) const {
  const auto found = value(key);
  if (!found) return std::nullopt;
  if (found->is_scalar() && found->text == "all_day") return TimeWindow{};
  const std::string_view text = found->text;
  const std::size_t middle = text.find(" to ");
  if (found->is_scalar() && middle != std::string_view::npos) {
    const auto from = minute_of_day(text.substr(0, middle), false);
    const auto to = minute_of_day(text.substr(middle + 4), true);
    if (from && to && *from != *to) return TimeWindow{*from, *to == 0 ? 24 * 60 : *to};
    if (from && to) {
      faults_.add(found->place, "This window begins and ends at the same time.",
                  "write all_day for the whole day");
      return std::nullopt;
    }
  }
  faults_.add(found->place, fmt::format("\"{}\" must be all_day or a window of the day.", key),
              "write it like \"22:00 to 06:00\"");
  return std::nullopt;
}

std::optional<std::vector<bool>> MapReader::days(std::string_view key) const {
  const auto found = value(key);
  if (!found) return std::nullopt;
  if (found->is_scalar() && found->text == "every_day") return std::vector<bool>(7, true);
  static const std::vector<std::string> names = split_words(kDays);
  std::vector<bool> out(7, false);
  const auto items = one_or_many(*found);
  bool sound = !items.empty();
  if (!sound) faults_.add(found->place, "This list is empty.", "write every_day for all days");
  for (const Node* item : items) {
    const auto name =
        item->is_scalar() ? std::find(names.begin(), names.end(), item->text) : names.end();
    if (name == names.end()) {
      std::string hint = item->is_scalar() ? did_you_mean(item->text, names) : "";
      if (item->text.find(' ') != std::string::npos) {
        hint = fmt::format("put commas between: [{}]", fmt::join(split_words(item->text), ", "));
      }
      faults_.add(item->place,
                  fmt::format("\"{}\" must be every_day or some of {}.", key, or_list(names)),
                  hint);
      sound = false;
    } else if (out[static_cast<std::size_t>(name - names.begin())]) {
      faults_.add(item->place, fmt::format("\"{}\" is here twice.", item->text), "take one out");
      sound = false;
    } else {
      out[static_cast<std::size_t>(name - names.begin())] = true;
    }
  }
  return sound ? std::optional(out) : std::nullopt;
}

std::vector<Word> MapReader::words(std::string_view key) const {
  const auto found = value(key);
  if (!found) return {};
  const bool identifiers = row(key).type == Type::identifiers;
  const auto items = one_or_many(*found);
  if (items.empty()) faults_.add(found->place, "This list is empty.", "write at least one");
  std::vector<Word> out;
  for (const Node* item : items) {
    auto text = identifiers ? read_identifier(*item, faults_) : read_text(*item, faults_);
    if (!text) continue;
    const bool twice =
        std::any_of(out.begin(), out.end(), [&](const Word& w) { return w.value == *text; });
    if (twice) {
      faults_.add(item->place, fmt::format("\"{}\" is here twice.", *text), "take one out");
    } else {
      out.push_back({std::move(*text), item->place});
    }
  }
  return out;
}

}  // namespace latchstring::yaml
