#include "policy/engine/decide.h"

#include <fmt/format.h>

#include "policy/engine/words.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::load;

constexpr const char* kNight =
    "allow:\n"
    "  - {name: night, who: police, camera: [front, drive], basis: consent, purpose: burglary,\n"
    "     footage_days: every_day, footage_time: \"22:00 to 06:00\", approval: ask_one,\n"
    "     redact: [people], part_outside: trim}\n";

// 2026-05-04 is a Monday; Chicago is five hours behind UTC.
Question ask(std::string_view camera, std::string_view from, std::string_view to) {
  Question question;
  question.agency = "police";
  question.officer = "4711";
  question.camera = camera;
  question.purpose = "burglary";
  question.footage = {at(fmt::format("2026-05-{}-05:00", from)),
                      at(fmt::format("2026-05-{}-05:00", to))};
  question.received = question.footage.to + 1h;
  return question;
}

Facts facts_for(const Question& question) {
  Facts facts;
  facts.now = question.footage.to + 1h;
  return facts;
}

Decision decide_now(const Policy& policy, const Question& question) {
  return decide(policy, question, facts_for(question));
}

// `refuse 21:50:00; ask_one 22:00:05 ...` by the household's clock, with where it ends.
std::string outline(const Policy& policy, const Decision& decision) {
  std::string out;
  for (const Piece& piece : decision.pieces) {
    out += fmt::format("{} {}; ", wall_clock_text(policy, piece.footage.from).substr(15),
                       to_string(piece.approval));
  }
  return out + wall_clock_text(policy, decision.pieces.back().footage.to).substr(15);
}

TEST_CASE("footage is trimmed to where the window surely stands") {
  const auto policy = load(kNight);
  const auto decision = decide_now(*policy, ask("front", "04T21:50:00", "04T22:10:00"));
  CHECK(outline(*policy, decision) ==
        "21:50:00 refuse; 21:59:55 refuse; 22:00:05 ask_one; 22:10:00");
  CHECK(decision.overall() == Approval::ask_one);
  const Piece& piece = decision.pieces.at(2);
  CHECK(piece.redact == std::set<std::string>{"faces", "people", "windows"});
  CHECK(piece.rules == std::vector<std::string>{"night"});
  CHECK(piece.answer_within == 48h);
  CHECK(decision.pieces.at(0).redact.empty());
  CHECK(decision.pieces.at(0).reasons.at(0) == "no allow rule permits this");
  CHECK(decision.pieces.at(1).reasons.at(0) == "too near to the edge of the hours of \"night\"");
  const auto morning = decide_now(*policy, ask("front", "05T05:50:00", "05T06:10:00"));
  CHECK(outline(*policy, morning) ==
        "05:50:00 ask_one; 05:59:55 refuse; 06:00:05 refuse; 06:10:00");
  // Without a clock error the window's own edges count; over midnight nothing is cut.
  const auto drive = decide_now(*policy, ask("drive", "04T21:59:00", "04T22:01:00"));
  CHECK(outline(*policy, drive) == "21:59:00 refuse; 22:00:00 ask_one; 22:01:00");
  CHECK(decide_now(*policy, ask("drive", "04T23:50:00", "05T00:10:00")).pieces.size() == 1);
}

TEST_CASE("a request that is exactly inside ± e is given whole, one microsecond more is not") {
  std::string rules(kNight);
  rules.replace(rules.find("trim"), 4, "refuse");
  const auto policy = load(rules);
  Question question = ask("front", "04T22:00:05", "04T22:10:00");
  CHECK(decide_now(*policy, question).overall() == Approval::ask_one);
  question.footage.from -= 1us;
  const auto decision = decide_now(*policy, question);
  CHECK(decision.overall() == Approval::refuse);
  CHECK(decision.pieces.back().reasons.at(0).find("part_outside") != std::string::npos);
  question = ask("front", "05T05:50:00", "05T05:59:55");
  CHECK(decide_now(*policy, question).overall() == Approval::ask_one);
  question.footage.to += 1us;
  CHECK(decide_now(*policy, question).overall() == Approval::refuse);
}

constexpr Place kHome{39'924'000, -83'809'000};
constexpr int kNorth = 8'993;  // millionths of a degree in a kilometre along a meridian

// Whether a request about a circle is judged whose middle lies so many metres north of `home`.
bool is_judged(int within, const std::optional<Place>& home, int metres_north, int radius) {
  const std::string listens = within == 0 ? "no" : fmt::format("yes, within: {} metres", within);
  const auto policy =
      load(fmt::format("always: {{area_requests: {{listen: {}}}}}\n{}", listens, kNight));
  Question question = ask("front", "04T23:00:00", "04T23:10:00");
  question.area =
      Area{{kHome.latitude_e6 + metres_north * kNorth / 1000, kHome.longitude_e6}, radius};
  Facts facts = facts_for(question);
  facts.home = home;
  return decide(*policy, question, facts).overall() == Approval::ask_one;
}

TEST_CASE("a request about a place is judged where the house stands in it and listens so far") {
  CHECK(is_judged(400, kHome, 0, 1));
  CHECK(is_judged(400, kHome, 299, 300));
  CHECK(!is_judged(400, kHome, 301, 300));
  CHECK(is_judged(400, kHome, 399, 5000));
  CHECK(!is_judged(400, kHome, 401, 5000));
  CHECK(!is_judged(400, std::nullopt, 0, 5000));
  CHECK(!is_judged(0, kHome, 0, 5000));
  // The language's own default is not to listen.
  Question question = ask("front", "04T23:00:00", "04T23:10:00");
  question.area = Area{kHome, 400};
  Facts facts = facts_for(question);
  facts.home = kHome;
  CHECK(decide(*load(kNight), question, facts).overall() == Approval::refuse);
}

TEST_CASE("what is asked to be held is judged by its own rules, where footage can be held") {
  std::string rules(kNight);
  rules.replace(rules.find("consent"), 7, "preservation");
  const auto policy = load(rules);
  Question question = ask("front", "04T21:50:00", "04T22:10:00");
  Facts facts = facts_for(question);
  facts.can_hold = true;
  CHECK(decide(*policy, question, facts).overall() == Approval::refuse);  // on consent
  question.basis = Basis::preservation;
  CHECK(outline(*policy, decide(*policy, question, facts)) ==
        "21:50:00 refuse; 21:59:55 refuse; 22:00:05 ask_one; 22:10:00");
  CHECK(decide(*load(kNight), question, facts).overall() == Approval::refuse);
  facts.can_hold = false;
  CHECK(decide(*policy, question, facts).overall() == Approval::refuse);
}

TEST_CASE("the gate refuses the whole request") {
  const auto policy = load(kNight);
  const auto reason = [&](const Question& question, const Facts& facts) {
    const Decision decision = decide(*policy, question, facts);
    REQUIRE(decision.pieces.size() == 1);
    CHECK(decision.overall() == Approval::refuse);
    CHECK(decision.pieces[0].footage == question.footage);
    return decision.pieces[0].reasons.at(0);
  };
  const Question good = ask("front", "04T23:00:00", "04T23:10:00");
  const Facts facts = facts_for(good);
  CHECK(decide(*policy, good, facts).overall() == Approval::ask_one);
  const auto changed = [&](auto change) {
    Question question = good;
    change(question);
    return reason(question, facts);
  };
  CHECK(changed([](Question& q) { q.agency = "strangers"; }).find("agencies") != std::string::npos);
  CHECK(changed([](Question& q) { q.camera = "attic"; }).find("cameras") != std::string::npos);
  CHECK(changed([](Question& q) { q.has_case_number = false; }) == "no case number");
  CHECK(changed([](Question& q) { q.camera = "nursery"; }).find("never shared") !=
        std::string::npos);
  CHECK(changed([](Question& q) { q.camera = "yard"; }).find("warrant only") != std::string::npos);
  CHECK(changed([](Question& q) { q.basis = Basis::preservation; }).find("held") !=
        std::string::npos);
  CHECK(changed([](Question& q) { q.basis = Basis::warrant; }) == "no verified warrant");
  CHECK(changed([](Question& q) { q.footage.to = q.footage.from; }).find("empty") !=
        std::string::npos);
  CHECK(changed([](Question& q) { q.footage.from -= 20min + 1us; }).find("clip_at_most") !=
        std::string::npos);
  const auto with = [&](auto change) {
    Facts other = facts;
    change(other);
    return reason(good, other);
  };
  CHECK(with([&](Facts& f) { f.now = good.footage.to - 1us; }).find("not ended") !=
        std::string::npos);
  CHECK(with([&](Facts& f) { f.now = policy->ends; }).find("rules_end_on") != std::string::npos);
  CHECK(with([](Facts& f) { f.clips_given_this_month = 6; }).find("month") != std::string::npos);
  CHECK(with([](Facts& f) { f.time_given_this_month = 50min + 1us; }).find("month") !=
        std::string::npos);
  Facts just = facts;
  just.clips_given_this_month = 5;
  just.time_given_this_month = 50min;
  CHECK(decide(*policy, good, just).overall() == Approval::ask_one);
}

TEST_CASE("more pieces than clips are left refuse the whole request") {
  const auto policy =
      load(std::string("always: {per_agency_per_month: {clips: 1}}\n"
                       "never:\n  - {name: n, footage_time: \"23:00 to 23:01\"}\n") +
           kNight);
  CHECK(decide_now(*policy, ask("drive", "04T22:50:00", "04T23:00:30")).overall() ==
        Approval::ask_one);
  const auto decision = decide_now(*policy, ask("drive", "04T22:50:00", "04T23:10:00"));
  CHECK(decision.overall() == Approval::refuse);
  CHECK(decision.pieces.at(0).reasons.at(0).find("2 clips") != std::string::npos);
}

TEST_CASE("the age limit is part of the permission, instant by instant") {
  const auto policy = load(kNight);
  Question question = ask("front", "04T22:30:00", "04T22:50:00");
  question.received = at("2026-05-18T22:40:00-05:00");  // fourteen days after the middle
  Facts facts = facts_for(question);
  facts.now = question.received + 48h;  // it is decided again when a resident has answered
  CHECK(outline(*policy, decide(*policy, question, facts)) ==
        "22:30:00 refuse; 22:40:05 ask_one; 22:50:00");
  std::string strict(kNight);
  strict.replace(strict.find("trim"), 4, "refuse");
  CHECK(decide(*load(strict), question, facts).overall() == Approval::refuse);
}

TEST_CASE("a never rule refuses wherever it may fit, and holds back rules that do not trim") {
  const std::string never =
      "never:\n  - {name: n, footage_time: \"23:00 to 23:30\", purpose: burglary}\n";
  const auto policy = load(never + kNight);
  const auto decision = decide_now(*policy, ask("front", "04T22:55:00", "04T23:05:00"));
  CHECK(outline(*policy, decision) == "22:55:00 ask_one; 22:59:55 refuse; 23:05:00");
  CHECK(decision.pieces[1].rules == std::vector<std::string>{"n"});
  const auto after = decide_now(*policy, ask("front", "04T23:25:00", "04T23:35:00"));
  CHECK(outline(*policy, after) == "23:25:00 refuse; 23:30:05 ask_one; 23:35:00");
  std::string strict(kNight);
  strict.replace(strict.find("trim"), 4, "refuse");
  const auto held = decide_now(*load(never + strict), ask("front", "04T22:55:00", "04T23:05:00"));
  CHECK(held.overall() == Approval::refuse);
  CHECK(held.pieces[0].rules == std::vector<std::string>{"night"});
}

TEST_CASE("overnight windows belong to their start day") {
  const auto policy = load(
      "allow:\n"
      "  - {name: friday, who: police, camera: drive, basis: consent, purpose: any,\n"
      "     footage_days: [fri], footage_time: \"22:00 to 06:00\", approval: ask_all,\n"
      "     redact: none}\n");
  // 2026-05-08 is a Friday.
  CHECK(decide_now(*policy, ask("drive", "08T23:00:00", "08T23:10:00")).overall() ==
        Approval::ask_all);
  CHECK(decide_now(*policy, ask("drive", "09T05:00:00", "09T05:10:00")).overall() ==
        Approval::ask_all);
  CHECK(decide_now(*policy, ask("drive", "08T05:00:00", "08T05:10:00")).overall() ==
        Approval::refuse);
  CHECK(decide_now(*policy, ask("drive", "09T23:00:00", "09T23:10:00")).overall() ==
        Approval::refuse);
}

TEST_CASE("the strictest of all rules that may fit counts, the redactions add up") {
  // Apart by officers; an officer not known may be either.
  const auto policy = load(
      "always: {redact: [audio], picture_height_at_most: 720}\n"
      "allow:\n"
      "  - {name: some, who: {agency: police, officer: [a]}, camera: drive, basis: consent,\n"
      "     purpose: any, footage_days: every_day, footage_time: all_day, approval: ask_all,\n"
      "     redact: [plates], picture_height_at_most: 480, watermark: yes, answer_within: 1 hour,\n"
      "     slow_to_one_frame_per: 2 seconds}\n"
      "  - {name: others, who: {agency: police, officer: [b, c]}, camera: drive, basis: consent,\n"
      "     purpose: any, footage_days: every_day, footage_time: all_day, approval: ask_one,\n"
      "     redact: [faces]}\n");
  Question question = ask("drive", "04T12:00:00", "04T12:10:00");
  question.officer = "b";
  auto decision = decide_now(*policy, question);
  REQUIRE(decision.pieces.size() == 1);
  CHECK(decision.pieces[0].approval == Approval::ask_one);
  CHECK(decision.pieces[0].redact == std::set<std::string>{"audio", "faces"});
  CHECK(decision.pieces[0].height_at_most == 720);
  question.officer = "a";
  decision = decide_now(*policy, question);
  CHECK(decision.pieces[0].approval == Approval::ask_all);
  CHECK(decision.pieces[0].height_at_most == 480);
  CHECK(decision.pieces[0].one_frame_per == 2s);
  CHECK(decision.pieces[0].watermark);
  CHECK(decision.pieces[0].answer_within == 1h);
  question.officer = "d";
  CHECK(decide_now(*policy, question).overall() == Approval::refuse);
  question.officer = "";
  CHECK(decide_now(*policy, question).overall() == Approval::refuse);
}

TEST_CASE("a rule that permits nothing in this request still counts in the conditions") {
  // `long` is held back by its length; between it and `short` only the name of the day differs.
  const auto policy = load(
      "allow:\n"
      "  - {name: short, who: police, camera: drive, basis: consent, purpose: burglary,\n"
      "     footage_days: every_day, footage_time: all_day, approval: ask_one, redact: none,\n"
      "     clip_at_most: 5 minutes}\n");
  CHECK(decide_now(*policy, ask("drive", "04T12:00:00", "04T12:05:00")).overall() ==
        Approval::ask_one);
  const auto decision = decide_now(*policy, ask("drive", "04T12:00:00", "04T12:05:01"));
  CHECK(decision.overall() == Approval::refuse);
  CHECK(decision.pieces[0].reasons.at(0).find("at most 5 minutes") != std::string::npos);
}

TEST_CASE("equal outcomes of different rules are one piece") {
  const auto rule = [](std::string_view name, std::string_view time) {
    return fmt::format(
        "  - {{name: {}, who: police, camera: drive, basis: consent, purpose: any,\n"
        "     footage_days: every_day, footage_time: \"{}\", approval: ask_one, redact: [audio],\n"
        "     part_outside: trim}}\n",
        name, time);
  };
  const auto policy = load("allow:\n" + rule("b", "10:00 to 12:30") + rule("a", "12:00 to 14:00"));
  const auto decision = decide_now(*policy, ask("drive", "04T12:20:00", "04T12:40:00"));
  REQUIRE(decision.pieces.size() == 1);
  CHECK(decision.pieces[0].rules == std::vector<std::string>{"a", "b"});
}

TEST_CASE("emergency is never laxer than ask_one and asks quickly") {
  const auto policy = load(
      "allow:\n"
      "  - {name: e, who: any, camera: drive, basis: [emergency, consent], purpose: any,\n"
      "     footage_days: every_day, footage_time: all_day, approval: automatic, redact: none}\n");
  Question question = ask("drive", "04T12:00:00", "04T12:05:00");
  CHECK(decide_now(*policy, question).overall() == Approval::automatic);
  question.basis = Basis::emergency;
  const auto decision = decide_now(*policy, question);
  CHECK(decision.overall() == Approval::ask_one);
  CHECK(decision.pieces[0].answer_within == 30min);
}

TEST_CASE("a warrant is needed, must name camera and hours, and never rules stand beside it") {
  const std::string orders =
      "allow:\n"
      "  - {name: orders, who: police, camera: [yard, drive], basis: warrant, purpose: any,\n"
      "     footage_days: every_day, footage_time: all_day, approval: ask_one, redact: none}\n";
  const auto policy = load(orders);
  Question question = ask("yard", "04T12:00:00", "04T12:20:00");
  question.basis = Basis::warrant;
  Facts facts = facts_for(question);
  CHECK(decide(*policy, question, facts).overall() == Approval::refuse);
  facts.warrant = Facts::Warrant{{"yard"}, question.footage, false};
  CHECK(decide(*policy, question, facts).overall() == Approval::ask_one);
  facts.warrant->footage.to -= 5min;
  CHECK(outline(*policy, decide(*policy, question, facts)) ==
        "12:00:00 ask_one; 12:15:00 refuse; 12:20:00");
  facts.warrant->cameras = {"drive"};
  CHECK(decide(*policy, question, facts).overall() == Approval::refuse);
  facts.warrant = Facts::Warrant{{}, question.footage, true};  // paper: all residents
  CHECK(decide(*policy, question, facts).overall() == Approval::ask_all);
  // A warrant does not lend itself to another basis.
  question.basis = Basis::consent;
  CHECK(decide(*policy, question, facts).overall() == Approval::refuse);
  question.basis = Basis::warrant;
  const auto bound = load("never:\n  - {name: n, purpose: burglary}\n" + orders);
  CHECK(decide(*bound, question, facts).overall() == Approval::refuse);
  facts.override_never = true;
  CHECK(decide(*bound, question, facts).overall() == Approval::ask_all);
  // The override skips nothing else, and nothing without a warrant.
  question.camera = "nursery";
  CHECK(decide(*bound, question, facts).overall() == Approval::refuse);
  question.camera = "drive";
  question.basis = Basis::consent;
  CHECK(decide(*bound, question, facts).overall() == Approval::refuse);
}

TEST_CASE("rules start and end, and requests may arrive in their hours only") {
  const auto policy = load(
      "allow:\n"
      "  - {name: a, who: police, camera: drive, basis: consent, purpose: any,\n"
      "     footage_days: every_day, footage_time: all_day, approval: ask_one, redact: none,\n"
      "     rule_starts_on: 2026-05-04, rule_ends_on: 2026-05-05, request_days: [mon, tue],\n"
      "     request_time: \"08:00 to 18:00\"}\n");
  Question question = ask("drive", "03T12:00:00", "03T12:10:00");
  const auto overall = [&](std::string_view now) {
    Facts facts;
    facts.now = at(now);
    question.received = at("2026-05-05T09:00:00-05:00");
    return decide(*policy, question, facts).overall();
  };
  CHECK(overall("2026-05-03T23:59:59.999999-05:00") == Approval::refuse);
  CHECK(overall("2026-05-04T00:00:00-05:00") == Approval::ask_one);
  CHECK(overall("2026-05-05T23:59:59.999999-05:00") == Approval::ask_one);
  CHECK(overall("2026-05-06T00:00:00-05:00") == Approval::refuse);
  Facts facts;
  facts.now = at("2026-05-05T23:00:00-05:00");
  const auto received = [&](std::string_view when) {
    question.received = at(when);
    return decide(*policy, question, facts).overall();
  };
  CHECK(received("2026-05-05T07:59:59.999999-05:00") == Approval::refuse);
  CHECK(received("2026-05-05T08:00:00-05:00") == Approval::ask_one);
  CHECK(received("2026-05-05T17:59:59.999999-05:00") == Approval::ask_one);
  CHECK(received("2026-05-05T18:00:00-05:00") == Approval::refuse);
  CHECK(received("2026-05-06T09:00:00-05:00") == Approval::refuse);
}

TEST_CASE("zones of other cameras are left out, and the plan carries what the piece says") {
  const auto policy = load(
      "always: {redact: [windows, street], if_unsure: refuse}\n"
      "allow:\n"
      "  - {name: a, who: police, camera: [front, drive], basis: consent, purpose: any,\n"
      "     footage_days: every_day, footage_time: all_day, approval: ask_one,\n"
      "     redact: [people, moving], watermark: yes, part_outside: trim}\n");
  const auto decision = decide_now(*policy, ask("drive", "04T12:00:00", "04T12:10:00"));
  const Piece& piece = decision.pieces.at(0);
  CHECK(piece.redact == std::set<std::string>{"faces", "moving", "people", "street"});
  const RedactionPlan plan = redaction_plan(*policy, "drive", piece, true, "req 1 police");
  CHECK(plan.classes == std::vector<std::string>{"faces", "moving", "people"});
  REQUIRE(plan.zones.size() == 1);
  CHECK(plan.zones[0].keep_only);
  CHECK(plan.keep_audio);
  CHECK(plan.watermark == "req 1 police");
  CHECK(plan.if_unsure == IfUnsure::refuse);
  CHECK(!redaction_plan(*policy, "drive", piece, false, "w").keep_audio);
  Piece silent = piece;
  silent.redact.insert("audio");
  CHECK(!redaction_plan(*policy, "drive", silent, true, "w").keep_audio);
}

TEST_CASE("months and times are the household's") {
  const auto policy = load("");
  const Interval month = calendar_month(*policy, at("2026-12-01T05:59:59Z"));
  CHECK(month == Interval{at("2026-11-01T05:00:00Z"), at("2026-12-01T06:00:00Z")});
  CHECK(wall_clock_text(*policy, at("2026-05-05T02:50:05Z")) == "Mon 2026-05-04 21:50:05");
  CHECK(to_local_rfc3339(*policy, at("2026-05-05T02:50:05Z")) == "2026-05-04T21:50:05-05:00");
  CHECK(in_words(90min) == "90 minutes");
  CHECK(in_words(24h) == "1 day");
}

}  // namespace
}  // namespace latchstring::policy
