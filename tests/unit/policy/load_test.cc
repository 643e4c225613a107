#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "policy/analysis/analysis.h"
#include "policy/engine/language.h"
#include "policy/engine/policy.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

using test::kHouse;
using test::kScope;

std::string faults_of(std::string_view text) {
  const auto policy = load(text, "f.yaml", test::some_key);
  return policy.ok() ? "" : std::string(policy.status().message());
}

std::string rule_faults(std::string_view rules) {
  return faults_of(std::string(kHouse) + std::string(rules));
}

std::string with(std::string_view from, std::string_view to) {
  std::string text(kHouse);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("a house without rules shares nothing and has the strict defaults") {
  const auto policy = test::load("");
  CHECK(policy->rules.empty());
  CHECK(policy->always.clip_at_most == std::chrono::minutes(30));
  CHECK(policy->always.footage_no_older_than == std::chrono::hours(14 * 24));
  CHECK(policy->always.clips_per_month == 6);
  CHECK(policy->always.minutes_per_month == 60);
  CHECK(policy->always.delete_after == std::chrono::hours(90 * 24));
  CHECK(policy->always.answers_after == std::chrono::hours(8 * 24));
  CHECK(policy->always.case_number_required);
  CHECK(!policy->always.say_reason);
  CHECK(policy->always.if_unsure == IfUnsure::fill);
  CHECK(policy->always.open_requests_per_agency == 20);
  CHECK(policy->always.gifts == Approval::ask_all);
  CHECK(policy->cameras.at("nursery").clock_error == std::chrono::seconds(60));
  CHECK(policy->residents == std::vector<std::string>{"alex", "sam"});
  CHECK(policy->ends == test::at("2027-04-01T05:00:00Z"));
  CHECK(policy->sha256.size() == 64);
  // A camera that does not say shares nothing.
  const auto silent =
      load(with("{sharing: never}", "{clock_error: 1 second}"), "f", test::some_key);
  REQUIRE(silent.ok());
  CHECK((*silent)->cameras.at("nursery").sharing == Sharing::never);
}

TEST_CASE("an allow rule is read whole") {
  const auto policy = test::load(fmt::format(
      "always: {{answers_after: 20 days, clip_at_most: 10 minutes}}\n"
      "allow:\n"
      "  - {{name: a, who: {{agency: [police, fire], officer: [4711, \"B 7\"]}}, camera: any,\n"
      "     basis: [warrant, emergency], purpose: any, footage_days: [mon, sun],\n"
      "     footage_time: \"22:00 to 06:00\", approval: ask_all, redact: [people, windows],\n"
      "     answer_within: 7 days, part_outside: trim, picture_height_at_most: 480,\n"
      "     slow_to_one_frame_per: 1 second, watermark: yes, request_days: [tue],\n"
      "     request_time: \"08:00 to 18:00\", rule_starts_on: 2026-01-01, rule_ends_on: "
      "2026-12-31}}\n"));
  const Rule& rule = policy->rules.at(0);
  CHECK(rule.name == "a");
  CHECK(rule.who == std::set<std::string>{"fire", "police"});
  CHECK(rule.officers == std::set<std::string>{"4711", "B 7"});
  CHECK(rule.cameras.empty());
  CHECK(rule.bases == std::set<Basis>{Basis::warrant, Basis::emergency});
  CHECK(rule.purposes.empty());
  CHECK(rule.redact == std::set<std::string>{"faces", "people", "windows"});
  CHECK(rule.approval == Approval::ask_all);
  CHECK(rule.clip_at_most == std::chrono::minutes(10));
  CHECK(rule.footage.days == std::array<bool, 7>{true, false, false, false, false, false, true});
  CHECK(rule.requests.from_minute == 8 * 60);
  CHECK(rule.starts == test::at("2026-01-01T06:00:00Z"));
  CHECK(rule.ends == test::at("2027-01-01T06:00:00Z"));
  CHECK(rule.height_at_most == 480);
  CHECK(rule.one_frame_per == std::chrono::seconds(1));
  CHECK(rule.watermark);
  CHECK(rule.part_outside_trim);
}

struct Case {
  std::string text;
  std::string phrase;
};

TEST_CASE("faults in the declarations are named at their place") {
  const std::vector<Case> cases{
      {with("policy_version: 1", "policy_version: 2"),
       "f.yaml:1:17: This program knows policy_version 1, not \"2\".\n    1 | policy_version: 2\n  "
       "    |                 ^   write "
       "1"},
      {with("policy_version: 1\n", ""), "\"policy_version\" is missing"},
      {"policy_version: 1\n", "\"household\" is missing"},
      {with(", rules_end_on: 2027-03-31", ""), "\"rules_end_on\" is missing in the household"},
      {with("residents: [alex, sam], ", ""), "\"residents\" is missing"},
      {with("[alex, sam]", "[]"), "f.yaml:2:51: This list is empty."},
      {with("[alex, sam]", "[alex, alex]"), "here twice"},
      {with("America/Chicago", "America/Chicgao"), "I don't know the time zone"},
      {with("timezone: America/Chicago, ", ""), "\"timezone\" is missing"},
      {with("2027-03-31", "2027-02-30"), "not a day of the calendar"},
      {with("keys/police.jwk", "keys/none.jwk"),
       "f.yaml:4:50: There is no key file \"keys/none.jwk\"."},
      {with("keys/police.jwk", "../police.jwk"), "lies in the folder of this file"},
      {with("keys/police.jwk", "/etc/police.jwk"), "lies in the folder of this file"},
      {with("keys/fire.jwk", "keys/police.jwk"), "\"fire\" has the same key as \"police\""},
      {with("  police:", "  Police:"), "\"Police\" cannot be a name here"},
      {with("  police:", "  any:"), "\"any\" cannot be a name here"},
      {with("  windows:", "  faces:"), "\"faces\" cannot be a name here"},
      {with("[windows]", "[window]"), "did you mean \"windows\"?"},
      {with("[windows]", "windows"), "must be none or a list"},
      {with("[windows]", "[]"), "must be none or a list"},
      {with("[windows]", "[street]"), "The zone \"street\" is of the camera \"drive\""},
      {with("camera: front, polygon", "camera: frnt, polygon"), "did you mean \"front\"?"},
      {with("sharing: by_rule", "sharing: by_rules"), "did you mean \"by_rule\"?"},
      {with("clock_error: 5 seconds", "clock_error: 5"), "not a length of time"},
      {with("[0.7, 0.1]", "[1.7, 0.1]"), "outside the picture"},
      {with("[0.7, 0.1]", "[0.7]"), "A corner is a pair"},
      {with("[[0.7, 0.1], [0.95, 0.1], [0.95, 0.45]]", "[[0.7, 0.1], [0.95, 0.1]]"),
       "A polygon has 3 to"},
      {with("[[0.7, 0.1], [0.95, 0.1], [0.95, 0.45]]", "[[0, 0], [0.5, 0.5], [1, 1]]"),
       "covers nothing"},
      {with("America/Chicago", "CET"), "\"CET\" is not the time zone of a place."},
      {with("America/Chicago", "Etc/GMT+6"), "not the time zone of a place"},
      {with("  police:", "  all:"), "\"all\" cannot be a name here"},
      {with("keep_only: yes", "keep_only: true"), "is not yes or no"},
      {with("agencies:", "agencys:"), "did you mean \"agencies\"?"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    const std::string faults = faults_of(one.text);
    INFO(faults);
    CHECK(faults.find(one.phrase) != std::string::npos);
  }
}

TEST_CASE("faults in always and in rules are named at their place") {
  const std::string rule = fmt::format("allow:\n  - {{name: a, {}, approval: ", kScope);
  const std::vector<Case> cases{
      {"always: {clip_at_most: 0 seconds}\n", "is not from 1 second to"},
      {"always: {per_agency_per_month: {clips: 6, hours: 1}}\n", "I don't know \"hours\""},
      {"always: {area_requests: {listen: yes, within: 400}}\n", "is not a distance"},
      {"always: {area_requests: {listen: yes, within: 11 kilometres}}\n", "to 10000 metres"},
      {"always: {area_requests: {within: 1 metre, listening: yes}}\n", "did you mean \"listen\"?"},
      {"always: {case_number: yes}\n", "must be required or optional"},
      {"always: {redact: faces}\n", "must be none or a list"},
      {"always: {redact: [face]}\n", "did you mean \"faces\"?"},
      {"always: [x]\n", "Here should stand \"always\""},
      {"allow: {a: b}\n", "must be a list of rules"},
      {"allow:\n  - just words\n", "Here should stand an allow rule"},
      {rule + "ask_one}\n", "f.yaml:15:5: \"redact\" is missing in an allow rule."},
      {rule + "maybe, redact: none}\n", "must be automatic, ask_one or ask_all"},
      {rule + "ask_one, redact: none, puprose: x}\n", "did you mean \"purpose\"?"},
      {rule + "ask_one, redact: [street], camera: front}\n", "twice"},
      {"allow:\n  - {name: a, who: police, camera: front, basis: consent, purpose: x, "
       "footage_days: every_day, footage_time: all_day, approval: ask_one, redact: [street]}\n",
       "\"street\" is of the camera \"drive\", which this rule does not name"},
      {"allow:\n  - {name: a, who: [any, police], camera: front, basis: consent, purpose: x, "
       "footage_days: every_day, footage_time: all_day, approval: ask_one, redact: none}\n",
       "\"any\" stands alone"},
      {"never:\n  - {name: n, who: polise}\n", "did you mean \"police\"?"},
      {"never:\n  - {name: n, camera: attic}\n", "no such camera is declared"},
      {"never:\n  - {name: n, purpose: [protest, immigration raid]}\n",
       "f.yaml:15:34: \"immigration raid\" is not a purpose."},
      {"never:\n  - {name: n, purpose: protest, immigration}\n", "immigration"},
      {"never:\n  - {name: n, basis: court}\n", "I don't know the basis \"court\""},
      {"never:\n  - {name: n, footage_time: \"22:00 to 22:00\"}\n", "same time"},
      {"never:\n  - {name: n, footage_days: [monday]}\n", "did you mean \"mon\"?"},
      {"never:\n  - {name: n, approval: ask_one}\n", "I don't know \"approval\" in a never rule"},
      {"never:\n  - {purpose: x}\n", "\"name\" is missing in a never rule"},
      {"never:\n  - {name: n}\n  - {name: n}\n",
       "f.yaml:16:12: A rule \"n\" is here already (line 15)"},
      {"never:\n  - {name: n, rule_starts_on: 2026-05-02, rule_ends_on: 2026-05-01}\n",
       "ends before it starts"},
      {"never:\n  - {name: n, who: {agency: police}}\n", "\"officer\" is missing in \"who\""},
      {rule + "ask_one, redact: none, answer_within: 8 days}\n", "write \"answers_after: 9 days\""},
      {"always: {answers_after: 2 days}\n" + rule + "ask_one, redact: none}\n",
       "f.yaml:14:25: \"answers_after\" is 2 days; the rule \"a\" (line 16) gives 2 days"},
      {rule + "automatic, redact: [faces]}\n", "the detector for \"faces\" can miss"},
      {"always: {redact: [plates]}\n" + rule + "automatic, redact: none}\n",
       "the detector for \"plates\" (in \"always\") can miss"},
      {"allow:\n  - {name: a, who: police, camera: any, basis: warrant, purpose: x, "
       "footage_days: every_day, footage_time: all_day, approval: automatic, redact: none}\n",
       "not possible for \"yard\": it is warrant_only"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    const std::string faults = rule_faults(one.text);
    INFO(faults);
    CHECK(faults.find(one.phrase) != std::string::npos);
  }
  CHECK(rule_faults(rule + "automatic, redact: [faces], release_unreviewed: yes}\n").empty());
  CHECK(rule_faults(rule + "automatic, redact: [audio, moving, windows, street]}\n").empty());
  // The camera's own redactions count too.
  const std::string camera = with("[windows]", "[windows, people]");
  CHECK(faults_of(camera + rule + "automatic, redact: none}\n").find("detector") !=
        std::string::npos);
}

TEST_CASE("overlapping allow rules that ask differently are an error, the same ones are not") {
  const auto two = [](std::string_view a, std::string_view b) {
    return rule_faults(fmt::format("allow:\n  - {{name: a, {}}}\n  - {{name: b, {}}}\n", a, b));
  };
  const std::string base =
      "who: police, camera: [front, drive], basis: consent, purpose: [burglary, x], "
      "footage_days: [mon, tue], footage_time: \"22:00 to 06:00\", approval: ask_one, redact: none";
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string out = base;
    const auto at = out.find(from);
    REQUIRE(at != std::string::npos);
    return out.replace(at, from.size(), to);
  };
  CHECK(two(base, base).empty());
  CHECK(two(base, changed("redact: none", "redact: [audio]")) ==
        "f.yaml:15,16: \"a\" and \"b\" both fit police / drive / burglary, Mon 22:00-24:00,\n"
        "   but ask differently (redact nothing; redact audio). Narrow one of them.");
  CHECK(two(base, changed("ask_one", "ask_all")).find("(ask_one, ask_all)") != std::string::npos);
  for (const char* condition : {"part_outside: trim", "clip_at_most: 1 minute", "watermark: yes",
                                "picture_height_at_most: 480", "slow_to_one_frame_per: 1 second",
                                "release_unreviewed: yes", "answer_within: 1 hour"}) {
    INFO(condition);
    CHECK(!two(base, base + ", " + condition).empty());
  }
  CHECK(two(base, base + ", answer_within: 48 hours").empty());  // that is the default
  // Apart in any one dimension, they may ask what they like.
  const std::string other = ", watermark: yes";
  CHECK(two(base, changed("who: police", "who: fire") + other).empty());
  CHECK(two(base, changed("[front, drive]", "yard") + other).empty());
  CHECK(two(base, changed("consent", "emergency") + other).empty());
  CHECK(two(base, changed("[burglary, x]", "y") + other).empty());
  CHECK(two(base, changed("[burglary, x]", "any") + other).find("burglary") != std::string::npos);
  CHECK(two(base, changed("22:00 to 06:00", "06:00 to 22:00") + other).empty());
  CHECK(two(base, changed("[mon, tue]", "[thu]") + other).empty());
  // Tuesday's window runs on into Wednesday.
  CHECK(two(base, changed("[mon, tue]", "[wed]") + other).empty());
  const std::string wednesday =
      changed("22:00 to 06:00", "05:59 to 07:00").replace(0, 0, "") + other;
  CHECK(two(base, wednesday).find("Tue 05:59-06:00") != std::string::npos);
  // Dates and days of asking keep rules apart as well.
  CHECK(two(base + ", rule_ends_on: 2026-05-01", base + ", rule_starts_on: 2026-05-02" + other)
            .empty());
  CHECK(!two(base + ", rule_ends_on: 2026-05-02", base + ", rule_starts_on: 2026-05-02" + other)
             .empty());
  CHECK(two(base + ", request_days: [mon]", base + ", request_days: [tue]" + other).empty());
  CHECK(two(changed("who: police", "who: {agency: police, officer: [a]}"),
            changed("who: police", "who: {agency: police, officer: [b]}") + other)
            .empty());
  CHECK(!two(changed("who: police", "who: {agency: police, officer: [a]}"), base + other).empty());
}

TEST_CASE("all faults are told at once, in the order of the file") {
  const std::string faults = rule_faults(
      "never:\n  - {name: n, who: polise}\nallow:\n  - {name: a}\n  - {name: b, puprose: x}\n");
  CHECK(faults.find("f.yaml:15:") < faults.find("f.yaml:17:"));
  CHECK(faults.find("f.yaml:17:") < faults.find("f.yaml:18:"));
}

TEST_CASE("tests in the file are read by the household's clock") {
  const std::string line =
      "tests:\n  - {name: t, who: police, camera: drive, basis: consent, purpose: x, expect: "
      "refuse, ";
  const auto read = [&](std::string_view rest) {
    const auto policy = test::try_load(line + std::string(rest) + "}\n");
    REQUIRE(policy.ok());
    return (*policy)->tests.at(0);
  };
  CHECK(read("footage: \"2026-05-04 21:50 to 22:10\"").footage ==
        Interval{test::at("2026-05-05T02:50:00Z"), test::at("2026-05-05T03:10:00Z")});
  CHECK(read("footage: \"2026-05-04 23:50:30 to 00:10\"").footage.to ==
        test::at("2026-05-05T05:10:00Z"));
  CHECK(read("footage: \"2026-11-01 00:30 to 02:30\"").footage.length() == std::chrono::hours(3));
  const Test test = read(
      "footage: \"2026-05-04 23:50 to 2026-05-05 00:10\", "
      "expect_footage: [\"23:55 to 00:01\", \"00:02 to 00:03\"], expect_redact: [people]");
  REQUIRE(test.expect_footage->size() == 2);
  CHECK(test.expect_footage->at(0) ==
        Interval{test::at("2026-05-05T04:55:00Z"), test::at("2026-05-05T05:01:00Z")});
  CHECK(test.expect_footage->at(1).from == test::at("2026-05-05T05:02:00Z"));
  CHECK(*test.expect_redact == std::set<std::string>{"faces", "people"});
  for (const char* bad : {"21:50 to 22:10", "2026-02-30 21:50 to 22:10",
                          "2026-05-04 25:00 to 26:00", "2026-05-04 21:50"}) {
    INFO(bad);
    const std::string faults = rule_faults(line + fmt::format("footage: \"{}\"}}\n", bad));
    CHECK(faults.find("f.yaml:15:") == 0);
    CHECK(faults.find("cannot read this footage") != std::string::npos);
  }
  CHECK(rule_faults(line + "footage: \"2026-03-08 02:30 to 02:40\"}\n").find("There is no 02:30") !=
        std::string::npos);
  CHECK(rule_faults(line + "footage: \"2026-05-04 21:50 to 2026-05-03 22:00\"}\n")
            .find("ends before it begins") != std::string::npos);
  CHECK(rule_faults(line + "footage: \"2026-05-04 21:50 to 2026-05-04 21:50\"}\n")
            .find("footage is empty") != std::string::npos);
  CHECK(rule_faults(line + "footage: \"2026-05-04 21:50 to 22:10\", who: x}\n").find("twice") !=
        std::string::npos);
}

TEST_CASE("the reference document is the loader's own tables") {
  std::ifstream file(LATCHSTRING_SOURCE "/docs/ref/house-rules.md");
  std::stringstream text;
  text << file.rdbuf();
  CHECK((text.str() == reference_text()));
  CHECK(*read_file(LATCHSTRING_SOURCE "/policy/schema/house-rules.json", 1 << 20) == schema());
}

TEST_CASE("write the reference document anew", "[.update]") {
  std::ofstream(LATCHSTRING_SOURCE "/docs/ref/house-rules.md") << reference_text();
  std::ofstream(LATCHSTRING_SOURCE "/policy/schema/house-rules.json") << schema();
}

}  // namespace
}  // namespace latchstring::policy
