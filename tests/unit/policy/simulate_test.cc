// `policy simulate`: what an agency gets by its words, as text, document and page.
#include "gateway/json/json.h"
#include "policy/analysis/analysis.h"
#include "policy/analysis/replay.h"
#include "policy/analysis/simulation.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::policy {
namespace {

using test::at;

const Instant kNow = at("2026-05-18T12:00:00-05:00");

constexpr std::string_view kRules =
    "never: [{name: n, camera: drive, footage_days: [sat]}]\n"
    "allow:\n"
    "  - {name: night, who: police, camera: [front, drive], basis: consent, purpose: burglary,\n"
    "     footage_days: every_day, footage_time: \"22:00 to 06:00\", approval: ask_one,\n"
    "     redact: [audio]}\n"
    "  - {name: cars, who: police, camera: drive, basis: consent, purpose: [theft, hit_and_run],\n"
    "     footage_days: every_day, footage_time: all_day, approval: automatic, redact: [street]}\n";

TEST_CASE("the words that give most stand first, and all else is one line") {
  const auto policy = test::load(kRules);
  const Simulation simulation(*policy, "police", "", kNow);
  CHECK(most_sentence(simulation) ==
        "By writing \"hit_and_run\" Springfield Police gets most: 144 hours a week of drive, "
        "without asking anybody (basis consent).");
  CHECK(simulation.cameras() == std::vector<std::string>{"drive", "front", "nursery", "yard"});
  const auto& drive = simulation.choices("drive");
  REQUIRE(drive.size() >= 3);
  CHECK(drive[0].purposes == std::set<std::string>{"hit_and_run", "theft"});
  CHECK(drive[0].time_of[3] == std::chrono::hours(144));
  CHECK(drive[1].purposes == std::set<std::string>{"burglary"});
  CHECK(drive[1].time_of[2] == std::chrono::hours(48));
  CHECK(drive[2].gives_nothing());
  CHECK(simulation.choices("nursery").front().gives_nothing());
  Duration all{0};
  for (const Duration each : drive[1].time_of) all += each;
  CHECK(all == kWeek);
}

TEST_CASE("a half-hour shows the most that it holds") {
  const auto policy = test::load(kRules);
  const Simulation simulation(*policy, "police", "front", kNow);
  const WeekChart chart = chart_of(simulation.choices("front"), Basis::consent);
  // 22:00:05 to 05:59:55.
  CHECK(chart[0][43] == Approval::refuse);
  CHECK(chart[0][44] == Approval::ask_one);
  CHECK(chart[0][11] == Approval::ask_one);
  CHECK(chart[0][12] == Approval::refuse);
  CHECK(chart_of(simulation.choices("front"), Basis::warrant) == WeekChart{});
}

TEST_CASE("who must ask, and when, is said where it matters") {
  const auto policy = test::load(
      "allow:\n"
      "  - {name: a, who: {agency: police, officer: [\"4711\"]}, camera: drive, basis: consent,\n"
      "     purpose: any, footage_days: every_day, footage_time: all_day, approval: ask_all,\n"
      "     redact: none, request_days: [mon]}\n");
  const Simulation simulation(*policy, "police", "drive", kNow);
  CHECK(choice_words(simulation, simulation.choices("drive").front()) ==
        "any word (consent), officer 4711, asked Mon all day");
  CHECK(most_sentence(simulation).find("By writing any word at all Springfield") == 0);
}

TEST_CASE("rules that have ended, and rules that give nothing, say so") {
  const auto policy = test::load(kRules);
  const Simulation ended(*policy, "police", "", at("2027-04-02T12:00:00Z"));
  CHECK(most_sentence(ended) == "These rules have ended: nothing is shared.");
  CHECK(ended.most() == nullptr);
  const Simulation nothing(*policy, "fire", "", kNow);
  CHECK(most_sentence(nothing) == "Whatever County Fire writes, it gets nothing.");
}

TEST_CASE("the page stands alone, and names cannot change it") {
  const auto policy = test::load(kRules);
  const std::string page = week_page(Simulation(*policy, "police", "", kNow));
  CHECK(page.find("<svg") != std::string::npos);
  for (const char* foreign : {"http:", "https:", "<script", "src=", "url("}) {
    INFO(foreign);
    CHECK(page.find(foreign) == std::string::npos);
  }
  std::string text(test::kHouse);
  text.replace(text.find("Springfield Police"), 18, "<b onload=x>&");
  const auto named = load(text, "f.yaml", test::some_key);
  REQUIRE(named.ok());
  const std::string other = week_page(Simulation(**named, "police", "", kNow));
  CHECK(other.find("<b onload") == std::string::npos);
  CHECK(other.find("&lt;b onload=x&gt;&amp;") != std::string::npos);
}

constexpr std::string_view kPast =
    R"({"requests":[)"
    R"({"id":"r1","agency":"police","officer":"4711","case_number":"A-1","basis":"consent",)"
    R"("purpose":"theft","cameras":["drive","front"],"from":"2026-05-04T17:00:00Z",)"
    R"("to":"2026-05-04T17:10:00Z","received":"2026-05-05T10:00:00Z","phase":"ended",)"
    R"("outcome":"released","gift":false,"new_member":1},)"
    R"({"id":"r2","agency":"fire","purpose":"x","gift":false},)"
    R"({"id":"r3","agency":"police","gift":true}]})";

TEST_CASE("past requests are judged as on the day on which they came") {
  const auto policy = test::load(kRules);
  const auto replayed = replay(*policy, "police", kPast);
  INFO(replayed.status());
  REQUIRE(replayed.ok());
  CHECK(replayed->others == 1);
  CHECK(replayed->gifts == 1);
  REQUIRE(replayed->requests.size() == 2);
  CHECK(replayed->requests[0].decision.overall() == Approval::automatic);
  CHECK(replayed->requests[0].had == "released");
  CHECK(replayed->requests[1].question.camera == "front");
  CHECK(replayed->requests[1].decision.overall() == Approval::refuse);
}

TEST_CASE("a replay that is not such a list is refused, and so is too much of it") {
  const auto policy = test::load(kRules);
  for (const char* text :
       {"", "[]", "{}", R"({"requests":1})", R"({"requests":[{"id":"r1","agency":"police"}]})"}) {
    INFO(text);
    CHECK(replay(*policy, "police", text).status().code() == absl::StatusCode::kInvalidArgument);
  }
  std::string many = R"({"requests":[)";
  for (std::size_t i = 0; i <= kReplayRequestsMax; ++i) {
    many += std::string(i == 0 ? "" : ",") + R"({"id":"r","agency":"fire"})";
  }
  CHECK_FALSE(replay(*policy, "police", many + "]}").ok());
  CHECK_FALSE(replay(*policy, "police", std::string(kReplayBytesMax + 1, ' ')).ok());
}

TEST_CASE("simulate's exit codes and document") {
  test::TemporaryFolder folder;
  REQUIRE(make_folder(folder.path() / "keys").ok());
  for (const char* key : {"keys/police.jwk", "keys/fire.jwk"}) {
    REQUIRE(write_file_durably(folder.path() / key, *test::some_key(key)).ok());
  }
  const Path file = folder.path() / "rules.yaml";
  REQUIRE(write_file_durably(file, std::string(test::kHouse) + std::string(kRules)).ok());
  const Path past = folder.path() / "past.json";
  REQUIRE(write_file_durably(past, kPast).ok());
  const auto run = [&](const SimulateArguments& arguments, bool json = false) {
    return simulate(file, arguments, kNow, json).output;
  };
  const Output text = run({"police", "", past.string()});
  INFO(text.out);
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("By writing \"hit_and_run\"") == 0);
  CHECK(text.out.find("nursery: nothing, whatever the agency writes\n") != std::string::npos);
  CHECK(text.out.find("    Sat  ................................................\n") !=
        std::string::npos);
  CHECK(text.out.find("  r1  drive / consent / theft, Mon 2026-05-04 12:00:00 to Mon 2026-05-04 "
                      "12:10:00: automatic\n") != std::string::npos);
  const Output document = run({"police", "drive", past.string()}, true);
  CHECK(json::parse(document.out.substr(0, document.out.size() - 1)).ok());
  CHECK(run({"stranger", "", ""}).exit_code == 2);
  CHECK(run({"police", "attic", ""}).exit_code == 2);
  CHECK(run({"police", "", "/no/such/file"}).exit_code == 1);
  CHECK(run({"police", "", file.string()}).err.find("is not what `latchstring request list") !=
        std::string::npos);
  CHECK(simulate("/no/such/rules.yaml", {"police", "", ""}, kNow, false).output.exit_code == 1);
}

}  // namespace
}  // namespace latchstring::policy
