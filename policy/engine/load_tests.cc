// `tests:` of a rules file. Times are what the household's clock shows.
#include <fmt/format.h>

#include "policy/engine/language.h"
#include "policy/engine/load.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

using yaml::MapReader;
using yaml::Node;

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

struct Shown {
  std::optional<absl::CivilDay> day;
  int second_of_day = 0;
};

// `21:50`, `21:50:05`, or either after `2026-05-04 `.
std::optional<Shown> read_shown(std::string_view text) {
  Shown out;
  if (text.size() > 11 && text[4] == '-' && text[7] == '-' && text[10] == ' ') {
    const auto year = digits(text.substr(0, 4));
    const auto month = digits(text.substr(5, 2));
    const auto day = digits(text.substr(8, 2));
    if (!year || !month || !day || *year < 1970) return std::nullopt;
    out.day = absl::CivilDay(*year, *month, *day);
    if (out.day->month() != *month || out.day->day() != *day) return std::nullopt;
    text.remove_prefix(11);
  }
  if ((text.size() != 5 && text.size() != 8) || text[2] != ':') return std::nullopt;
  if (text.size() == 8 && text[5] != ':') return std::nullopt;
  const auto hour = digits(text.substr(0, 2));
  const auto minute = digits(text.substr(3, 2));
  const auto second = text.size() == 8 ? digits(text.substr(6, 2)) : std::optional(0);
  if (!hour || !minute || !second || *minute > 59 || *second > 59) return std::nullopt;
  out.second_of_day = *hour * 3600 + *minute * 60 + *second;
  return out.second_of_day <= 86'400 ? std::optional(out) : std::nullopt;
}

// Footage as read, or why it cannot be.
struct Footage {
  std::optional<Interval> interval;
  std::string fault = "I cannot read this footage.";
  std::string hint = {};  // empty: how it is written
};

Footage no_such_time(absl::CivilSecond shown) {
  return {
      std::nullopt,
      fmt::format("There is no {:02}:{:02} on {:04}-{:02}-{:02}: your clock is put forward then.",
                  shown.hour(), shown.minute(), shown.year(), shown.month(), shown.day()),
      "take another time"};
}

// `FROM to TO`; days left out are taken from `start`: the first such time from it on.
Footage read_footage_text(std::string_view text, std::optional<absl::CivilSecond> start,
                          const WallClock& clock) {
  const std::size_t middle = text.find(" to ");
  if (middle == std::string_view::npos) return {};
  const auto from = read_shown(text.substr(0, middle));
  const auto to = read_shown(text.substr(middle + 4));
  if (!from || !to || (!from->day && !start)) return {};
  const auto resolve = [](const Shown& shown, absl::CivilSecond not_before, bool may_equal) {
    const absl::CivilDay day = shown.day.value_or(absl::CivilDay(not_before));
    absl::CivilSecond at = absl::CivilSecond(day) + shown.second_of_day;
    if (!shown.day && (may_equal ? at < not_before : at <= not_before)) at += 86'400;
    return at;
  };
  const absl::CivilSecond first = resolve(*from, start.value_or(absl::CivilSecond()), true);
  const absl::CivilSecond last = resolve(*to, first, false);
  const auto from_instant = clock.at(first);
  const auto to_instant = clock.at(last);
  if (!from_instant) return no_such_time(first);
  if (!to_instant) return no_such_time(last);
  if (*to_instant == *from_instant) return {std::nullopt, "This footage is empty."};
  if (*to_instant < *from_instant) return {std::nullopt, "This footage ends before it begins."};
  return {Interval{*from_instant, *to_instant}};
}

class TestLoader {
 public:
  TestLoader(const Node& node, const Loading& loading)
      : loading_(loading), reader_(reader_of(node, Part::test, loading.faults)) {
    test_.line = node.place.line;
    test_.column = node.place.column;
  }

  Test read() {
    test_.name = text("name");
    test_.officer = text("officer");
    test_.agency = known("who", names_of(loading_.policy.agencies), "agency");
    test_.camera = known("camera", names_of(loading_.policy.cameras), "camera");
    test_.basis = basis_from(text("basis")).value_or(Basis::consent);
    test_.purpose = text("purpose");
    test_.expect = approval_from(text("expect")).value_or(Approval::refuse);
    read_footage();
    if (reader_.has("expect_redact")) {
      test_.expect_redact = read_redact(reader_, "expect_redact", loading_);
    }
    return std::move(test_);
  }

 private:
  std::string text(std::string_view key) {
    return reader_.has(key) ? reader_.text(key).value_or("") : "";
  }

  std::string known(std::string_view key, const std::vector<std::string>& names,
                    std::string_view kind) {
    std::string word = text(key);
    if (!word.empty()) declared({word, reader_.place(key)}, names, kind, loading_.faults);
    return word;
  }

  void read_footage() {
    const std::string footage = text("footage");
    if (footage.empty()) return;
    const auto interval = read(footage, std::nullopt, reader_.place("footage"),
                               "write it like \"2026-05-04 21:50 to 22:10\"");
    if (!interval) return;
    test_.footage = *interval;
    if (!reader_.has("expect_footage")) return;
    test_.expect_footage.emplace();
    for (const yaml::Word& word : reader_.words("expect_footage")) {
      const auto expected = read(word.value, loading_.clock.shown(interval->from), word.place,
                                 "write it like \"22:00:05 to 22:10:00\"");
      if (expected) test_.expect_footage->push_back(*expected);
    }
  }

  std::optional<Interval> read(std::string_view text, std::optional<absl::CivilSecond> start,
                               const yaml::Place& place, const std::string& hint) {
    Footage footage = read_footage_text(text, start, loading_.clock);
    if (!footage.interval) {
      loading_.faults.add(place, footage.fault, footage.hint.empty() ? hint : footage.hint);
    }
    return footage.interval;
  }

  const Loading& loading_;
  const MapReader reader_;
  Test test_;
};

}  // namespace

void load_tests(const MapReader& file, const Loading& loading) {
  const Node* list = file.node("tests");
  if (list == nullptr) return;
  if (!list->is_list()) {
    loading.faults.add(list->place, "\"tests\" must be a list of tests.",
                       "begin each test with \"- {name: ...\"");
    return;
  }
  for (const Node& node : list->items) {
    Test test = TestLoader(node, loading).read();
    const Node* name = node.is_map() ? node.find("name") : nullptr;
    for (const Test& other : loading.policy.tests) {
      if (name == nullptr || test.name.empty() || other.name != test.name) continue;
      loading.faults.add(
          name->place,
          fmt::format("A test \"{}\" is here already (line {}).", test.name, other.line),
          "give each test a name of its own");
      break;
    }
    loading.policy.tests.push_back(std::move(test));
  }
}

}  // namespace latchstring::policy
