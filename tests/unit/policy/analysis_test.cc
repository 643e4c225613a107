#include "policy/analysis/analysis.h"

#include <fmt/format.h>

#include <tuple>

#include "gateway/json/json.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::policy {
namespace {

using test::at;

constexpr std::string_view kNight =
    "allow:\n"
    "  - {name: night, who: police, camera: [front, drive], basis: consent, purpose: burglary,\n"
    "     footage_days: every_day, footage_time: \"22:00 to 06:00\", approval: ask_one,\n"
    "     redact: [audio], part_outside: trim}\n";

class House {
 public:
  explicit House(std::string_view rules) {
    REQUIRE(make_folder(folder_.path() / "keys").ok());
    for (const char* key : {"keys/police.jwk", "keys/fire.jwk"}) {
      REQUIRE(write_file_durably(folder_.path() / key, *test::some_key(key)).ok());
    }
    REQUIRE(write_file_durably(file(), std::string(test::kHouse) + std::string(rules)).ok());
  }
  Path file() const { return folder_.path() / "rules.yaml"; }

 private:
  test::TemporaryFolder folder_;
};

const ExplainArguments kQuestion{
    "police",  "",         "front",
    "consent", "burglary", "2026-05-04T21:50:00-05:00 to 2026-05-04T22:10:00-05:00",
    ""};

TEST_CASE("explain --json is the documented document") {
  const House house(kNight);
  const Output output = explain(house.file(), kQuestion, true);
  CHECK(output.exit_code == 0);
  CHECK(output.err.empty());
  CHECK(output.out ==
        R"({"decision":"ask_one","pieces":[)"
        R"({"from":"2026-05-05T02:50:00Z","to":"2026-05-05T02:59:55Z","decision":"refuse",)"
        R"("redact":[],"height_at_most":null,"rules":[],"reasons":["no allow rule permits this"]},)"
        R"({"from":"2026-05-05T02:59:55Z","to":"2026-05-05T03:00:05Z","decision":"refuse",)"
        R"("redact":[],"height_at_most":null,"rules":[],)"
        R"("reasons":["too near to the edge of the hours of \"night\""]},)"
        R"({"from":"2026-05-05T03:00:05Z","to":"2026-05-05T03:10:00Z","decision":"ask_one",)"
        R"("redact":["audio","windows"],"height_at_most":null,"rules":["night"],)"
        R"("reasons":["one resident must agree within 2 days"]}],)"
        R"("limits":{"clip_at_most_seconds":1800,"footage_no_older_than_seconds":1209600,)"
        R"("clips_per_month":6,"minutes_per_month":60,"agency_must_delete_after_seconds":7776000},)"
        R"("gateway_refuses":null})"
        "\n");
  const Output text = explain(house.file(), kQuestion, false);
  CHECK(text.out.find("decision: ask_one\n") == 0);
  CHECK(text.out.find("Mon 2026-05-04T22:00:05-05:00 to Mon 2026-05-04T22:10:00-05:00: ask_one") !=
        std::string::npos);
  CHECK(text.out.find("rule night (line 15)") != std::string::npos);
}

TEST_CASE("explain tells the two hours apart that a clock shows twice") {
  const House house(kNight);
  ExplainArguments question = kQuestion;  // 01:30 CDT, and 01:30 CST an hour later
  question.footage = "2026-11-01T06:30:00Z to 2026-11-01T07:30:00Z";
  const Output text = explain(house.file(), question, false);
  INFO(text.out);
  CHECK(text.out.find("\nSun 2026-11-01T01:30:00-05:00 to ") != std::string::npos);
  CHECK(text.out.find(" to Sun 2026-11-01T01:30:00-06:00: ") != std::string::npos);
}

constexpr std::string_view kOrders =
    "allow:\n"
    "  - {name: orders, who: police, camera: [front, yard], basis: warrant, purpose: any,\n"
    "     footage_days: every_day, footage_time: all_day, approval: ask_all, redact: none}\n";

TEST_CASE("what the gateway refuses whatever the rules say is said beside the decision") {
  const House house(kOrders);
  ExplainArguments question = kQuestion;
  for (const auto& [basis, words, decision] :
       {std::tuple("warrant", "cannot check a warrant yet", "ask_all"),
        std::tuple("preservation", "cannot hold footage on request yet", "refuse")}) {
    question.basis = basis;
    const Output text = explain(house.file(), question, false);
    INFO(text.out);
    CHECK(
        text.out.find(fmt::format("decision: {}\nREFUSED TODAY: the gateway of this version {}; it "
                                  "refuses every request on basis {}, whatever the rules permit",
                                  decision, words, basis)) == 0);
    const Output json = explain(house.file(), question, true);
    CHECK(json.out.find(fmt::format("{{\"decision\":\"{}\"", decision)) == 0);
    CHECK(json.out.find(fmt::format("\"gateway_refuses\":\"the gateway of this version {}",
                                    words)) != std::string::npos);
  }
  question.basis = "emergency";
  CHECK(explain(house.file(), question, false).out.find("REFUSED TODAY") == std::string::npos);
}

TEST_CASE("check notes what gives nothing today") {
  const Instant now = at("2026-10-01T00:00:00Z");
  const House house(kOrders);
  const Output output = check({house.file()}, now, false);
  INFO(output.out);
  CHECK(output.exit_code == 0);
  CHECK(output.out.find("rules.yaml:15: note: the rule \"orders\" gives nothing on basis warrant: "
                        "the gateway of this version cannot check a warrant yet") !=
        std::string::npos);
  CHECK(output.out.find("rules.yaml: note: nothing of yard is given (warrant_only)") !=
        std::string::npos);
  CHECK(check({house.file()}, now, true).out.find("\"notes\":[{\"line\":15,") != std::string::npos);
  // `any` means these too; what names neither says nothing.
  std::string any(kNight);
  any.replace(any.find("consent"), 7, "any");
  CHECK(notes(*test::load(any), now).size() == 3);
  CHECK(notes(*test::load(kNight), now).size() == 1);  // the yard
}

// The lines of `check` below the counts, for these rules.
std::string read_back(std::string_view rules) {
  const House house(rules);
  const Output output = check({house.file()}, at("2026-10-01T00:00:00Z"), false);
  UNSCOPED_INFO(output.out << output.err);
  const std::size_t begin = output.out.find("  What may be given");
  REQUIRE(begin != std::string::npos);
  return output.out.substr(begin, output.out.find(house.file().string(), begin) - begin);
}

TEST_CASE("check reads back every part of the rules in plain words") {
  CHECK(read_back("always:\n"
                  "  redact: [audio]\n"
                  "  picture_height_at_most: 720\n"
                  "  watermark: yes\n"
                  "  clip_at_most: 20 minutes\n"
                  "  per_agency_per_month: {clips: 3, minutes: 30}\n"
                  "  when_refused_say: reason\n"
                  "  if_unsure: refuse\n"
                  "  gifts: ask_one\n"
                  "never:\n"
                  "  - {name: no_protests, purpose: [protest, debt]}\n"
                  "  - {name: school, camera: front, who: fire, basis: consent,\n"
                  "     footage_days: [mon, tue], footage_time: \"07:00 to 08:30\",\n"
                  "     rule_ends_on: 2026-12-24}\n"
                  "  - {name: ended, camera: front, rule_ends_on: 2026-09-01}\n"
                  "allow:\n"
                  "  - {name: night, who: {agency: police, officer: [\"4711\"]}, camera: drive,\n"
                  "     basis: [consent, emergency], purpose: burglary, footage_days: every_day,\n"
                  "     footage_time: \"22:00 to 06:00\", approval: ask_one, redact: [street],\n"
                  "     picture_height_at_most: 480, slow_to_one_frame_per: 2 seconds,\n"
                  "     watermark: yes, clip_at_most: 5 minutes, part_outside: trim,\n"
                  "     request_days: [mon], request_time: \"08:00 to 18:00\",\n"
                  "     rule_starts_on: 2026-01-01, rule_ends_on: 2026-12-31}\n"
                  "  - {name: hasty, who: fire, camera: drive, basis: consent, purpose: any,\n"
                  "     footage_days: every_day, footage_time: all_day, approval: automatic,\n"
                  "     redact: [faces], release_unreviewed: yes}\n"
                  "  - {name: orders, who: any, camera: yard, basis: warrant, purpose: any,\n"
                  "     footage_days: every_day, footage_time: all_day, approval: ask_all,\n"
                  "     answer_within: 6 days, redact: none}\n") ==
        "  What may be given; all else is refused:\n"
        "    night: 4711 of police may get drive, every day 22:00 to 06:00, on consent and "
        "emergency for burglary, if one resident agrees within 2 days (30 minutes in an "
        "emergency), all outside street hidden; the picture at most 480 lines high; single "
        "pictures, one in 2 seconds, instead of film; the request's number and the agency drawn "
        "into the picture; at "
        "most 5 minutes long; of a longer request, the part that fits; only if they ask on Mon "
        "08:00 to 18:00; from Thu 2026-01-01 on; until Thu 2026-12-31 ends.\n"
        "    hasty: fire may get drive, at any time, on consent for any purpose, without asking "
        "anybody, faces hidden; nobody looks whether the detectors missed somebody.\n"
        "    orders: every agency may get yard, at any time, on warrant for any purpose, if all "
        "residents agree within 6 days. NOT TODAY: see the note.\n"
        "  What is never given, whatever is allowed:\n"
        "    Nothing of nursery.\n"
        "    Nothing of yard without a warrant.\n"
        "    no_protests: nothing, for debt and protest.\n"
        "    school: nothing of front to fire, on Mon, Tue 07:00 to 08:30, on consent; until Thu "
        "2026-12-24 ends, and then not even footage of before is kept back by it.\n"
        "  For every clip:\n"
        "    Hidden: audio.\n"
        "    Hidden in front besides: windows.\n"
        "    Everywhere: the picture at most 720 lines high; the request's number and the agency "
        "drawn into the picture.\n"
        "    A clip is at most 20 minutes long, of footage at most 14 days old when it is asked "
        "for.\n"
        "    Nearer than 5 seconds to the edge of a window nothing of front and yard is given: its "
        "clock may be that wrong.\n"
        "    An agency gets at most 3 clips and 30 minutes in a month; at most 20 of its requests "
        "wait at once.\n"
        "    An agency must delete what it got after 90 days.\n"
        "    A request must name a case number.\n"
        "    An agency is told why it is refused.\n"
        "    A request that got nothing is closed after 8 days.\n"
        "    Where a detector cannot be trusted, the clip is refused.\n"
        "    A request about a place, not about this house, is refused.\n"
        "    You give footage of your own accord if one resident agrees.\n"
        "    All of this ends after Wed 2027-03-31.\n");
}

TEST_CASE("check notes what must be hidden and nothing finds") {
  const auto said = [](std::string_view always) {
    const auto policy = test::load(std::string(always) + std::string(kNight));
    return notes(*policy, at("2026-10-01T00:00:00Z")).back().text;
  };
  CHECK(said("always: {redact: [audio, faces]}\n") ==
        "nothing finds faces yet: a clip that must hide them has its whole picture filled "
        "(if_unsure: fill)");
  CHECK(said("always: {redact: [plates], if_unsure: refuse}\n") ==
        "nothing finds plates yet: a clip that must hide them is refused (if_unsure: refuse)");
  CHECK(said("always: {redact: [audio, moving]}\n").find("nothing finds") == std::string::npos);
}

TEST_CASE("explain answers every well-formed question") {
  const House house(kNight);
  for (const char* now : {"", "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"}) {
    for (const char* agency : {"police", "strangers"}) {
      for (const char* basis : {"consent", "warrant", "emergency", "preservation"}) {
        ExplainArguments question = kQuestion;
        question.now = now;
        question.agency = agency;
        question.basis = basis;
        const Output output = explain(house.file(), question, true);
        CHECK(output.exit_code == 0);
        CHECK(json::parse(output.out.substr(0, output.out.size() - 1)).ok());
      }
    }
  }
  ExplainArguments question = kQuestion;
  question.footage = "1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z";
  CHECK(explain(house.file(), question, true).out.find("\"decision\":\"refuse\"") == 1);
}

TEST_CASE("footage without a length is said to be empty, and only that which runs backwards so") {
  const House house(kNight);
  ExplainArguments question = kQuestion;
  question.footage = "2026-05-04T21:50:00-05:00 to 2026-05-05T02:50:00Z";
  CHECK(explain(house.file(), question, true).err.find("` is empty") != std::string::npos);
  question.footage = "2026-05-04T21:50:00Z to 2026-05-04T21:49:00Z";
  CHECK(explain(house.file(), question, true).err.find("ends before it begins") !=
        std::string::npos);
}

TEST_CASE("a question that is not well-formed is a usage error") {
  const House house(kNight);
  const auto refused = [&](auto change) {
    ExplainArguments question = kQuestion;
    change(question);
    const Output output = explain(house.file(), question, true);
    CHECK(output.out.empty());
    CHECK(output.err.find("latchstring: error: ") == 0);
    return output.exit_code == 2;
  };
  CHECK(refused([](ExplainArguments& q) { q.agency = "Town Police"; }));
  CHECK(refused([](ExplainArguments& q) { q.basis = "curiosity"; }));
  CHECK(refused([](ExplainArguments& q) { q.footage = "2026-05-04 21:50 to 22:10"; }));
  CHECK(refused([](ExplainArguments& q) { q.footage = "2026-05-04T21:50:00Z"; }));
  CHECK(refused(
      [](ExplainArguments& q) { q.footage = "2026-05-04T21:50:00Z to 2026-05-04T21:50:00Z"; }));
  CHECK(refused([](ExplainArguments& q) { q.now = "soon"; }));
}

TEST_CASE("a broken file decides nothing but refuse, and says so") {
  const House house("allow:\n  - {name: x}\n");
  const Output output = explain(house.file(), kQuestion, true);
  CHECK(output.exit_code == 1);
  CHECK(output.out.find("{\"decision\":\"refuse\",\"pieces\":[{") == 0);
  CHECK(output.out.find("ask_") == std::string::npos);
  CHECK(output.err.find("NOTHING IS SHARED until this is fixed.\n") != std::string::npos);
  const Output checked = check({house.file()}, at("2026-05-05T00:00:00Z"), false);
  CHECK(checked.exit_code == 1);
  CHECK(checked.err.find("rules.yaml:15:5: \"who\" is missing in an allow rule.") !=
        std::string::npos);
  CHECK(check({"/no/such/rules.yaml"}, at("2026-05-05T00:00:00Z"), false).exit_code == 1);
}

TEST_CASE("one is counted as one, and no test is not a test that holds") {
  const House house("never:\n  - {name: n}\n");
  CHECK(check({house.file()}, at("2026-05-05T00:00:00Z"), false)
            .out.find("2 residents, 2 agencies, 4 cameras, 2 zones; 0 allow rules, 1 never rule, "
                      "0 tests\n") != std::string::npos);
  CHECK(policy::test(house.file(), false).out.find("there are no tests in this file\n") !=
        std::string::npos);
}

TEST_CASE("one failing test makes the file broken, at the test's line") {
  const std::string tests =
      "tests:\n"
      "  - {name: holds, who: police, camera: drive, basis: consent, purpose: burglary,\n"
      "     footage: \"2026-05-04 21:50 to 22:10\", expect: ask_one,\n"
      "     expect_footage: \"22:00 to 22:10\", expect_redact: [audio]}\n"
      "  - {name: fails, who: police, camera: drive, basis: consent, purpose: burglary,\n"
      "     footage: \"2026-05-04 21:50 to 22:10\", expect: ";
  const auto failure = [&](std::string_view end) {
    const House house(std::string(kNight) + tests + std::string(end) + "}\n");
    const auto policy = load_and_test(house.file());
    CHECK(policy::test(house.file(), false).exit_code == 1);
    CHECK(explain(house.file(), kQuestion, true).exit_code == 1);
    UNSCOPED_INFO(policy.status().ToString());
    return policy.ok() ? "" : std::string(policy.status().message());
  };
  CHECK(failure("refuse").find("rules.yaml:22:5: The test \"fails\" expects refuse, but gets "
                               "ask_one.") != std::string::npos);
  CHECK(failure("ask_one, expect_footage: \"22:00:05 to 22:10\"")
            .find("but gets Mon 2026-05-04 "
                  "22:00:00 to") != std::string::npos);
  CHECK(failure("ask_one, expect_redact: none").find("expects nothing hidden, but it is audio") !=
        std::string::npos);
  const House house(std::string(kNight) + tests + "ask_one}\n");
  CHECK(load_and_test(house.file()).ok());
  const Output output = policy::test(house.file(), true);
  CHECK(output.exit_code == 0);
  CHECK(output.out.find("\"untested_rules\":[]") != std::string::npos);
}

TEST_CASE("check says what is possible and warns of what does nothing") {
  const House house(
      "never:\n"
      "  - {name: old, purpose: x, rule_ends_on: 2020-01-01}\n"
      "  - {name: no_fire, who: fire}\n"
      "allow:\n"
      "  - {name: night, who: police, camera: front, basis: consent, purpose: burglary,\n"
      "     footage_days: [sat], footage_time: \"22:00 to 06:00\", approval: ask_one,\n"
      "     redact: none}\n"
      "  - {name: shadowed, who: fire, camera: front, basis: consent, purpose: arson,\n"
      "     footage_days: every_day, footage_time: all_day, approval: ask_one, redact: none}\n"
      "  - {name: closed, who: police, camera: [yard, nursery], basis: consent, purpose: any,\n"
      "     footage_days: every_day, footage_time: all_day, approval: ask_one, redact: none}\n"
      "  - {name: hasty, who: police, camera: front, basis: emergency, purpose: any,\n"
      "     footage_days: every_day, footage_time: all_day, approval: automatic, redact: none,\n"
      "     rule_ends_on: 2027-03-25}\n");
  const Output output = check({house.file()}, at("2027-03-20T12:00:00Z"), false);
  INFO(output.out);
  CHECK(output.exit_code == 0);
  CHECK(output.out.find("rules.yaml: OK\n") != std::string::npos);
  CHECK(output.out.find("night: police may get front, on Sat 22:00 to 06:00, on consent for "
                        "burglary, if one resident agrees within 2 days.") != std::string::npos);
  for (const char* warning :
       {"these rules end in 11 days", ":15: warning: the rule \"old\" has ended",
        ":21: warning: the rule \"shadowed\" is dead: never rules refuse all",
        ":23: warning: the rule \"closed\" is dead: none of its cameras",
        ":25: warning: the rule \"hasty\" is automatic, but an emergency",
        ":25: warning: the rule \"hasty\" ends in 5 days", "the zone \"street\" is not used",
        "no allow rule is about the camera \"drive\"", "no test reaches the rule \"night\""}) {
    INFO(warning);
    CHECK(output.out.find(warning) != std::string::npos);
  }
  CHECK(output.out.find("about the camera \"front\"") == std::string::npos);
  const Output ended = check({house.file()}, at("2027-04-02T12:00:00Z"), true);
  CHECK(ended.exit_code == 0);
  CHECK(ended.out.find("have ended") != std::string::npos);
  CHECK(ended.out.find("\"possible\":[]") != std::string::npos);
}

TEST_CASE("an automatic rule does not say that an emergency asks nobody") {
  const auto sentence = [](std::string_view basis) {
    std::string rules(kNight);
    rules.replace(rules.find("consent"), 7, basis);
    rules.replace(rules.find("ask_one"), 7, "automatic");
    const auto policy = test::load(rules);
    return allow_sentence(*policy, policy->rules.front());
  };
  CHECK(sentence("consent").find("burglary, without asking anybody, ") != std::string::npos);
  CHECK(sentence("[consent, emergency]")
            .find("without asking anybody (in an emergency, if one resident agrees within 30 "
                  "minutes)") != std::string::npos);
  CHECK(sentence("emergency").find("burglary, if one resident agrees within 30 minutes") !=
        std::string::npos);
}

TEST_CASE("a rule that only holds footage is not dead, and says that nothing is got") {
  std::string rules(kNight);
  rules.replace(rules.find("consent"), 7, "preservation");
  const auto policy = test::load(rules);
  const Instant now = at("2026-10-01T00:00:00Z");
  for (const Warning& said : warnings(*policy, now))
    CHECK(said.text.find("dead") == std::string::npos);
  const auto sentences = possible(*policy, now);
  REQUIRE(sentences.size() == 1);
  CHECK(sentences[0].find("may have you hold, and not get, ") != std::string::npos);
}

TEST_CASE("a never rule that ends lets go of the footage of before, and check says so") {
  const auto says = [](std::string_view ends) {
    const auto policy =
        test::load(fmt::format("never: [{{name: guests, camera: front{}}}]\n", ends));
    return never_given(*policy, at("2026-10-01T00:00:00Z")).back();
  };
  CHECK(says(", rule_ends_on: 2026-12-31") ==
        "guests: nothing of front; until Thu 2026-12-31 ends, and then not even footage of before "
        "is kept back by it.");
  CHECK(says("") == "guests: nothing of front.");
}

}  // namespace
}  // namespace latchstring::policy
