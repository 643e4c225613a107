#include "gateway/yaml/keys.h"

#include "tests/support/catch.h"

namespace latchstring::yaml {
namespace {

using namespace std::chrono_literals;

constexpr KeyRow kTable[] = {
    {.name = "name", .type = Type::text, .need = Need::mandatory},
    {.name = "id", .type = Type::identifier},
    {.name = "on", .type = Type::yes_no, .fallback = "no"},
    {.name = "count", .type = Type::integer, .fallback = "6", .least = 1, .most = 100},
    {.name = "part", .type = Type::number},
    {.name = "keep",
     .type = Type::duration,
     .fallback = "14 days",
     .least = 60,
     .most = 86400 * 30},
    {.name = "room", .type = Type::bytes, .most = std::int64_t{1} << 50},
    {.name = "until", .type = Type::date},
    {.name = "how", .type = Type::word, .fallback = "trim", .words = "trim refuse"},
    {.name = "days", .type = Type::days, .fallback = "every_day"},
    {.name = "time", .type = Type::time_window, .fallback = "all_day"},
    {.name = "who", .type = Type::identifiers},
    {.name = "purpose", .type = Type::texts},
};

struct Read {
  explicit Read(const std::string& text) : faults("f.yaml", text), root(parse(text, faults)) {}
  Faults faults;
  std::optional<Node> root;
  MapReader reader{*root, kTable, "a test", faults};
};

TEST_CASE("values are read by their type, absent ones from the table") {
  Read r(
      "name: x\non: yes\nroom: 64 GiB\nuntil: 2028-02-29\ntime: \"22:00 to 06:30\"\n"
      "days: [mon, sun]\nwho: [a, b_2]\npurpose: one thing\npart: 0.25\n");
  CHECK(r.reader.text("name") == "x");
  CHECK(r.reader.yes_no("on"));
  CHECK(r.reader.integer("count") == 6);
  CHECK(r.reader.duration("keep") == Duration(14 * 24h));
  CHECK(r.reader.bytes("room") == std::int64_t{64} << 30);
  CHECK(r.reader.date("until") == 20280229);
  CHECK(r.reader.text("how") == "trim");
  CHECK(r.reader.time_window("time")->from_minute == 22 * 60);
  CHECK(r.reader.time_window("time")->to_minute == 6 * 60 + 30);
  CHECK(*r.reader.days("days") == std::vector<bool>{true, false, false, false, false, false, true});
  REQUIRE(r.reader.words("who").size() == 2);
  CHECK(r.reader.words("who")[1].value == "b_2");
  CHECK(r.reader.words("purpose").at(0).value == "one thing");
  CHECK(r.reader.number("part") == 0.25);
  CHECK(!r.reader.text("id").has_value());
  CHECK(r.faults.text() == "");
}

TEST_CASE("unknown keys get the nearest one suggested, missing ones are named") {
  Read r("puprose: x\nzzzzz: 1\n");
  const std::string text = r.faults.text();
  INFO(text);
  CHECK(text.find("f.yaml:1:1: I don't know \"puprose\" in a test.\n"
                  "    1 | puprose: x\n"
                  "      | ^^^^^^^   did you mean \"purpose\"?") != std::string::npos);
  CHECK(text.find("\"name\" is missing in a test.") != std::string::npos);
  CHECK(text.find("2:1: I don't know \"zzzzz\"") != std::string::npos);
  CHECK(text.find("known here: name, id,") != std::string::npos);
}

TEST_CASE("values of another form are refused") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"on: true", "yes or no"},
      {"on: \"no\"", "take the quotes away"},
      {"on: No", "yes or no"},
      {"count: 010", "no leading zeros"},
      {"count: 0x1F", "whole number"},
      {"count: -1", "whole number"},
      {"count: +1", "whole number"},
      {"count: 1.0", "whole number"},
      {"count: 1e3", "whole number"},
      {"count: \"6\"", "without quotes"},
      {"count: 101", "from 1 to 100"},
      {"count: 101", "the most is 100"},
      {"count: 1_000", "whole number"},
      {"count: 99999999999999999999", "whole number"},
      {"keep: 30", "length of time"},
      {"keep: 30 min", "length of time"},
      {"keep: 1.5 hours", "length of time"},
      {"keep: 5 seconds", "from 1 minute to 30 days"},
      {"keep: 5 seconds", "the least is 1 minute"},
      {"keep: 31 days", "from 1 minute to"},
      {"keep: 30  minutes", "length of time"},
      {"room: 64 GB", "amount of storage"},
      {"room: 64", "amount of storage"},
      {"until: 2027-02-29", "day of the calendar"},
      {"until: 2027-02-30", "that month ends with day 28"},
      {"until: 2027-13-01", "months are 01 to 12"},
      {"until: 1969-12-31", "years begin with 1970"},
      {"until: 31.03.2027", "a date"},
      {"how: trimm", "did you mean \"trim\"?"},
      {"how: [trim]", "trim or refuse"},
      {"days: [mon, mon]", "here twice"},
      {"days: []", "empty"},
      {"days: weekend", "every_day or"},
      {"time: \"22:00 to 22:00\"", "same time"},
      {"time: 22:00", "window of the day"},
      {"time: \"24:00 to 06:00\"", "window"},
      {"time: \"22:60 to 23:00\"", "window"},
      {"time: \"9:00 to 10:00\"", "window"},
      {"who: Police", "small letters"},
      {"who: [a, a]", "here twice"},
      {"who: []", "empty"},
      {"who: {a: b}", "a map is not a name"},
      {"id: 1a", "small letters"},
      {"id: [a]", "a list is not a name"},
      {"part: .5", "a number"},
      {"part: 1e1", "a number"},
      {"part: \"0.5\"", "a number"},
      {"purpose: \"\"", "a text"},
      {"purpose: \"a\\nb\"", "plain line"},
  };
  for (const auto& [line, phrase] : cases) {
    INFO(line);
    Read r("name: x\n" + line + "\n");
    for (const KeyRow& row : kTable) {
      switch (row.type) {
        case Type::yes_no:
          r.reader.yes_no(row.name);
          break;
        case Type::integer:
          r.reader.integer(row.name);
          break;
        case Type::number:
          r.reader.number(row.name);
          break;
        case Type::duration:
          r.reader.duration(row.name);
          break;
        case Type::bytes:
          r.reader.bytes(row.name);
          break;
        case Type::distance:
          r.reader.distance(row.name);
          break;
        case Type::date:
          r.reader.date(row.name);
          break;
        case Type::time_window:
          r.reader.time_window(row.name);
          break;
        case Type::days:
          r.reader.days(row.name);
          break;
        case Type::texts:
        case Type::identifiers:
          r.reader.words(row.name);
          break;
        default:
          r.reader.text(row.name);
      }
    }
    const std::string text = r.faults.text();
    INFO(text);
    CHECK(r.faults.count() == 1);
    CHECK(text.find("f.yaml:2:") == 0);
    CHECK(text.find(phrase) != std::string::npos);
  }
}

TEST_CASE("the nearest word is near") {
  const std::vector<std::string> words{"burglary", "purpose", "who"};
  CHECK(nearest("purpos", words) == "purpose");
  CHECK(nearest("puprose", words) == "purpose");
  CHECK(nearest("woh", words) == "who");
  CHECK(nearest("camera", words) == "");
  CHECK(nearest(std::string(1000, 'x'), words) == "");
}

}  // namespace
}  // namespace latchstring::yaml
