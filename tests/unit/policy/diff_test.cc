// `policy diff`: every kind of change is told, with its direction and a question that shows it.
#include "gateway/json/json.h"
#include "policy/analysis/analysis.h"
#include "policy/analysis/differences.h"
#include "policy/analysis/settings.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::policy {
namespace {

using test::at;

const Instant kNow = at("2026-05-18T12:00:00-05:00");

constexpr std::string_view kNight =
    "allow:\n"
    "  - {name: night, who: police, camera: [front, drive], basis: consent,\n"
    "     purpose: [burglary, theft], footage_days: every_day, footage_time: \"22:00 to 06:00\",\n"
    "     approval: ask_one, redact: [audio]}\n";

std::string replaced(std::string text, std::string_view old, std::string_view with) {
  const std::size_t place = text.find(old);
  INFO(old);
  REQUIRE(place != std::string::npos);
  return text.replace(place, old.size(), with);
}

// Two files in one folder.
class Pair {
 public:
  Pair(const std::string& before, const std::string& after) {
    REQUIRE(make_folder(folder_.path() / "keys").ok());
    for (const char* key : {"keys/police.jwk", "keys/fire.jwk", "keys/court.jwk"}) {
      REQUIRE(write_file_durably(folder_.path() / key, *test::some_key(key)).ok());
    }
    REQUIRE(write_file_durably(folder_.path() / "old.yaml", before).ok());
    REQUIRE(write_file_durably(folder_.path() / "new.yaml", after).ok());
  }
  Output diff(bool json = false) const {
    return policy::diff(folder_.path() / "old.yaml", folder_.path() / "new.yaml", kNow, json);
  }
  // Without the questions, and the folder's name.
  std::string text() const {
    std::string out;
    std::istringstream lines(diff().out);
    for (std::string line; std::getline(lines, line);) {
      if (line.find("      ask: ") != 0) out += line + "\n";
    }
    return out;
  }

 private:
  test::TemporaryFolder folder_;
};

std::string house(std::string_view rules) {
  return std::string(test::kHouse) + std::string(rules);
}

// kNight with this in place of that.
std::string night_with(std::string_view old, std::string_view with) {
  return Pair(house(kNight), house(replaced(std::string(kNight), old, with))).text();
}

TEST_CASE("of a file and itself nothing changes") {
  const Pair same(house(kNight), house(kNight));
  CHECK(same.diff().out == "nothing changes\n");
  CHECK(same.diff().exit_code == 0);
  const Pair without_words(house(kNight), house("# new\n" + std::string(kNight)));
  CHECK(without_words.diff().out == "nothing changes\n");
}

TEST_CASE("a new rule is looser, and the same rule taken away is tighter") {
  const Pair added(house(""), house(kNight));
  CHECK(added.text() ==
        "2 looser, 0 tighter, 0 changed\n"
        "LOOSER\n"
        "  police / drive / consent / burglary, theft: every day 22:00 to 06:00: refused -> one "
        "resident must agree within 2 days; audio hidden\n"
        "  police / front / consent / burglary, theft: every day 22:00:05 to 05:59:55: refused -> "
        "one resident must agree within 2 days; audio and windows hidden\n");
  CHECK(added.diff().exit_code == 3);
  const Pair removed(house(kNight), house(""));
  CHECK(removed.text().find("0 looser, 2 tighter, 0 changed\nTIGHTER\n  police / drive") == 0);
  CHECK(removed.diff().exit_code == 0);
}

TEST_CASE("every condition of a rule is compared") {
  CHECK(night_with("ask_one", "automatic")
            .find("LOOSER\n  police / drive / consent / burglary, theft: ") != std::string::npos);
  CHECK(night_with("ask_one", "automatic")
            .find("one resident must agree within 2 days -> released without asking\n") !=
        std::string::npos);
  CHECK(night_with("ask_one", "ask_all").find("0 looser, 1 tighter") == std::string::npos);
  CHECK(night_with("[audio]", "none").find("hidden: audio -> nothing\n") != std::string::npos);
  CHECK(night_with("[audio]", "[plates]").find("CHANGED: neither looser nor tighter\n") !=
        std::string::npos);
  const auto with = [](std::string_view line) {
    return night_with("[audio]}", fmt::format("[audio], {}}}", line));
  };
  CHECK(with("picture_height_at_most: 480").find("lines of the picture at most: any -> 480\n") !=
        std::string::npos);
  CHECK(with("slow_to_one_frame_per: 2 seconds").find(": film -> one picture per 2 seconds\n") !=
        std::string::npos);
  CHECK(with("watermark: yes").find("TIGHTER") != std::string::npos);
  CHECK(with("answer_within: 3 days").find("LOOSER") != std::string::npos);
  CHECK(with("clip_at_most: 5 minutes").find("clip at most: 30 minutes (always) -> 5 minutes\n") !=
        std::string::npos);
  CHECK(with("part_outside: trim").find("LOOSER") != std::string::npos);
  CHECK(with("part_outside: trim").find("part_outside: refuse -> trim\n") != std::string::npos);
}

TEST_CASE("hours, days, purposes, officers, dates and hours of asking are told") {
  CHECK(night_with("22:00 to", "21:00 to")
            .find("drive / consent / burglary, theft: every day 21:00 to 22:00: refused -> ") !=
        std::string::npos);
  CHECK(night_with("every_day", "[mon, sat]")
            .find("drive / consent / burglary, theft: Tue, Wed, Thu, Fri, Sun 22:00 to 06:00: one "
                  "resident") != std::string::npos);
  CHECK(night_with("[burglary, theft]", "any").find("/ any other purpose: ") != std::string::npos);
  CHECK(night_with("police", "{agency: police, officer: [\"4711\"]}")
            .find("  police (any other officer) / drive / consent / ") != std::string::npos);
  CHECK(night_with("night,", "night, rule_starts_on: 2026-07-01,")
            .find("06:00, asked before Wed 2026-07-01 00:00: one resident") != std::string::npos);
  CHECK(night_with("night,", "night, rule_ends_on: 2026-06-30,")
            .find("06:00, asked from Wed 2026-07-01 00:00 on: one resident") != std::string::npos);
  CHECK(night_with("night,", "night, request_days: [mon], request_time: \"08:00 to 18:00\",")
            .find("06:00, asked Mon 18:00 to Mon 08:00: one") != std::string::npos);
}

TEST_CASE("two rules in place of one give less, at the edge between them") {
  const std::string night(kNight);
  const std::string evening = replaced(night, "to 06:00", "to 24:00");
  const std::string morning =
      replaced(replaced(night.substr(night.find("  - ")), "22:00", "00:00"), "night", "morning");
  const Pair split(house(night), house(evening + morning));
  const std::string text = split.text();
  INFO(text);
  CHECK(text.find("police / drive / consent / burglary, theft: requests that reach over every day "
                  "23:59:59 to 00:00:01: one resident must agree within 2 days; audio hidden -> "
                  "refused\n") != std::string::npos);
  CHECK(split.diff().exit_code == 0);
  const Pair joined(house(evening + morning), house(night));
  CHECK(joined.diff().exit_code == 3);
  CHECK(joined.diff(true).out.find("\"witness\":null") == std::string::npos);
  // With `trim` nothing is lost.
  const auto trims = [](std::string rules) {
    rules = replaced(rules, "[audio]}", "[audio] , part_outside: trim}");
    return rules.find("[audio]}") == std::string::npos
               ? rules
               : replaced(rules, "[audio]}", "[audio], part_outside: trim}");
  };
  CHECK(Pair(house(trims(night)), house(trims(evening + morning))).text().find("drive") ==
        std::string::npos);
}

TEST_CASE("never rules, cameras and clock errors are told") {
  const std::string never = "never: [{name: saturdays, camera: drive, footage_days: [sat]}]\n";
  CHECK(Pair(house(kNight), house(never + std::string(kNight)))
            .text()
            .find("police / drive / consent / burglary, theft: Sat 00:00 to 06:00; Sat 22:00 to "
                  "24:00: one resident") != std::string::npos);
  const std::string closed =
      replaced(house(kNight), "drive: {sharing: by_rule", "drive: {sharing: never");
  CHECK(Pair(house(kNight), closed).diff().exit_code == 0);
  CHECK(Pair(closed, house(kNight)).diff().exit_code == 3);
  const std::string sure =
      replaced(house(kNight), "[windows], clock_error: 5", "[windows], clock_error: 1");
  const std::string text = Pair(house(kNight), sure).text();
  INFO(text);
  CHECK(text.find("front / consent / burglary, theft: every day 05:59:55 to 05:59:59; every day "
                  "22:00:01 to 22:00:05: refused -> ") != std::string::npos);
  CHECK(text.find("  front: clock_error: 5 seconds -> 1 second\n") != std::string::npos);
}

// What the one file says beside the rules, as `order what: before -> after`.
std::vector<std::string> settings(std::string_view old, std::string_view with,
                                  std::string_view always = "always: {redact: [audio]}\n") {
  const std::string before = house(always);
  const auto load_text = [](const std::string& text) {
    const auto policy = load(text, "f.yaml", test::some_key);
    INFO(policy.status());
    REQUIRE(policy.ok());
    return *policy;
  };
  std::vector<std::string> out;
  for (const Setting& each :
       changed_settings(*load_text(before), *load_text(replaced(before, old, with)))) {
    out.push_back(
        fmt::format("{} {}: {} -> {}", to_string(each.order), each.what, each.before, each.after));
  }
  return out;
}

TEST_CASE("what no hour shows is told: who lives there, keys, zones, the end") {
  using Lines = std::vector<std::string>;
  CHECK(settings("[alex, sam]", "[alex, kim]") ==
        Lines{"looser resident kim: - -> kim", "looser resident sam: sam -> -"});
  CHECK(settings("America/Chicago", "Europe/Berlin").front() ==
        "changed household: timezone: America/Chicago -> Europe/Berlin");
  CHECK(settings("2027-03-31", "2027-04-30") ==
        Lines{"looser household: rules_end_on: Wed 2027-03-31 -> Fri 2027-04-30"});
  CHECK(settings("keys/police.jwk", "keys/court.jwk")
            .front()
            .find("changed the key of agency police: ") == 0);
  CHECK(settings("Springfield Police", "Police") ==
        Lines{"changed the name of agency police: Springfield Police -> Police"});
  CHECK(settings("cameras:", "  court: {name: C, key_file: keys/court.jwk}\ncameras:") ==
        Lines{"looser agency court: - -> C"});
  CHECK(settings("cameras:", "courts: {c: {name: C, key_file: keys/court.jwk}}\ncameras:") ==
        Lines{"looser court c: - -> C"});
  CHECK(settings("[0.95, 0.45]]", "[0.95, 0.40]]").front().find("changed zone windows: ") == 0);
  CHECK(settings("keep_only: yes, ", "").front().find("changed zone street: drive (keep_only):") ==
        0);
  CHECK(settings("clock_error: 0 seconds", "clock_error: 3 seconds") ==
        Lines{"tighter drive: clock_error: 0 seconds -> 3 seconds"});
  CHECK(settings("always_redact: [windows]", "always_redact: none") ==
        Lines{"looser front: always_redact: windows -> nothing"});
}

TEST_CASE("what holds gifts back is told") {
  using Lines = std::vector<std::string>;
  CHECK(settings("always:", "never: [{name: n, camera: drive}]\nalways:") ==
        Lines{"tighter gifts: held back by the never rule n: no -> yes"});
  const std::string with_never = "never: [{name: n, camera: drive}]\n";
  CHECK(settings("camera: drive}", "camera: drive, footage_days: [sat]}", with_never) ==
        Lines{"looser gifts: held back by the never rule n: yes -> no",
              "tighter gifts: held back by the never rule n: no -> yes"});
  CHECK(settings("name: n,", "name: m,", with_never).empty());
  CHECK(settings("drive: {sharing: by_rule", "drive: {sharing: warrant_only") ==
        Lines{"tighter gifts: of the camera drive: yes -> no"});
}

TEST_CASE("every limit of `always` is told, with its direction") {
  struct Limit {
    std::string_view line;  // instead of the default
    std::string_view order;
  };
  for (const Limit& limit : {
           Limit{"clip_at_most: 20 minutes", "tighter"},
           Limit{"clip_at_most: 40 minutes", "looser"},
           Limit{"footage_no_older_than: 20 days", "looser"},
           Limit{"per_agency_per_month: {clips: 7, minutes: 60}", "looser"},
           Limit{"per_agency_per_month: {clips: 6, minutes: 50}", "tighter"},
           Limit{"agency_must_delete_after: 91 days", "looser"},
           Limit{"case_number: optional", "looser"},
           Limit{"when_refused_say: reason", "looser"},
           Limit{"answers_after: 9 days", "changed"},
           Limit{"if_unsure: refuse", "tighter"},
           Limit{"gifts: ask_one", "looser"},
           Limit{"open_requests_per_agency: 19", "tighter"},
           Limit{"picture_height_at_most: 720", "tighter"},
           Limit{"slow_to_one_frame_per: 1 second", "tighter"},
           Limit{"watermark: yes", "tighter"},
       }) {
    INFO(limit.line);
    const auto lines = settings("[audio]}", fmt::format("[audio], {}}}", limit.line));
    REQUIRE(lines.size() == 1);
    const std::string_view key = limit.line.substr(0, limit.line.find(':'));
    CHECK(lines.front().find(fmt::format("{} always: {}", limit.order, key)) == 0);
  }
  CHECK(settings("[audio]", "[faces]").front() == "changed always: redact: audio -> faces");
}

TEST_CASE("a clock change that no other week shows is told with its week") {
  // Allowed up to the gap, refused from behind it: 5 seconds before 02:00 the front door's clock
  // may already stand at 03:00, but only in March.
  const std::string early = replaced(std::string(kNight), "22:00 to 06:00", "00:00 to 02:00");
  const std::string never = "never: [{name: n, camera: front, footage_time: \"03:00 to 03:30\"}]\n";
  const auto before = load(house(early), "f.yaml", test::some_key);
  const auto after = load(house(never + early), "f.yaml", test::some_key);
  REQUIRE((before.ok() && after.ok()));
  const Instant march = at("2027-03-01T12:00:00Z");
  const Timeline timeline(**before, **after, march);
  const auto changes =
      differences(**before, **after, fields_of({before->get(), after->get()}), timeline);
  CHECK(changes.empty());  // the rule itself ends 5 seconds before
  const std::string wide = replaced(early, "to 02:00", "to 03:00");
  const std::string late = "never: [{name: n, camera: front, footage_time: \"03:00 to 03:01\"}]\n";
  const auto first = load(house(wide), "f.yaml", test::some_key);
  const auto second = load(house(late + wide), "f.yaml", test::some_key);
  REQUIRE((first.ok() && second.ok()));
  CHECK(differences(**first, **second, fields_of({first->get()}), timeline).empty());
}

TEST_CASE("another time zone is compared week by week where the clocks differ") {
  const Pair moved(house(kNight), replaced(house(kNight), "America/Chicago", "Europe/Berlin"));
  const std::string text = moved.text();
  INFO(text);
  CHECK(moved.diff().exit_code == 3);
  CHECK(text.find("CHANGED: neither looser nor tighter\n  household: timezone") !=
        std::string::npos);
  // 22:00 in Chicago is 05:00 in Berlin.
  CHECK(text.find("every day 06:00 to 13:00: one resident") != std::string::npos);
  CHECK(text.find("every day 22:00 to 05:00: refused -> one resident") != std::string::npos);
}

TEST_CASE("each change has a question that shows it, and the document holds all") {
  const std::string other =
      "never: [{name: n, camera: drive, footage_days: [sat]}]\n" +
      replaced(replaced(std::string(kNight), "ask_one", "ask_all"), "22:00", "21:00");
  const Pair pair(house(kNight), house(other));
  const auto before = load(house(kNight), "f.yaml", test::some_key);
  const auto after = load(house(other), "f.yaml", test::some_key);
  REQUIRE((before.ok() && after.ok()));
  const Timeline timeline(**before, **after, kNow);
  const auto changes =
      differences(**before, **after, fields_of({before->get(), after->get()}), timeline);
  CHECK(changes.size() >= 5);
  for (const Change& change : changes) {
    const auto witness = find_witness(**before, **after, timeline, change);
    REQUIRE(witness);
    CHECK(shows(**before, **after, *witness, change));
    CHECK_FALSE(shows(**after, **before, *witness, change));
  }
  const Output output = pair.diff(true);
  const auto document = json::parse(output.out.substr(0, output.out.size() - 1));
  REQUIRE(document.ok());
  CHECK(output.out.find("{\"ok\":true,\"old\":") == 0);
  CHECK(output.out.find("\"witness\":null") == std::string::npos);
}

TEST_CASE("a broken file is no comparison") {
  const Pair broken(house("allow:\n  - {name: x}\n"), house(kNight));
  CHECK(broken.diff().exit_code == 1);
  CHECK(broken.diff().out.empty());
  CHECK(broken.diff().err.find("old.yaml:15:5: \"who\" is missing") != std::string::npos);
  CHECK(broken.diff(true).out.find("{\"ok\":false,\"errors\":[") == 0);
}

}  // namespace
}  // namespace latchstring::policy
