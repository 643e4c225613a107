#include "policy/engine/decide.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::load;

// 2026-05-04 is a Monday; Chicago is five hours behind UTC.
Gift gift(std::string_view camera = "front", std::string_view agency = "police") {
  Gift out;
  out.agency = agency;
  out.camera = camera;
  out.footage = {at("2026-05-04T22:00:00-05:00"), at("2026-05-04T22:10:00-05:00")};
  return out;
}

Facts facts_at(Instant now) {
  Facts facts;
  facts.now = now;
  return facts;
}

Piece give(std::string_view rules, const Gift& what, Facts facts = {}) {
  if (facts.now == Instant{}) facts.now = what.footage.to + 1h;
  Gift given = what;
  given.given = facts.now;
  const Decision decision = decide_gift(*load(rules), given, facts);
  REQUIRE(decision.pieces.size() == 1);
  return decision.pieces.front();
}

std::string refusal(std::string_view rules, const Gift& what, const Facts& facts = {}) {
  const Piece piece = give(rules, what, facts);
  CHECK(piece.approval == Approval::refuse);
  CHECK(piece.redact.empty());
  REQUIRE(piece.reasons.size() == 1);
  return piece.reasons.front();
}

TEST_CASE("a gift needs no allow rule: all residents agree, the floor is hidden") {
  const Piece piece = give(
      "always: {redact: [audio, faces, street], picture_height_at_most: 480, watermark: yes,\n"
      "  slow_to_one_frame_per: 1 second}\n",
      gift());
  CHECK(piece.approval == Approval::ask_all);
  CHECK(piece.footage == gift().footage);
  // The floor of `always` and of the camera; the street is a zone of another one.
  CHECK(piece.redact == std::set<std::string>{"audio", "faces", "windows"});
  CHECK(piece.height_at_most == 480);
  CHECK(piece.one_frame_per == 1s);
  CHECK(piece.watermark);
  CHECK(give("always: {gifts: ask_one}\n", gift()).approval == Approval::ask_one);
  CHECK(give("", gift("front", "")).approval == Approval::ask_all);  // a file
}

TEST_CASE("cameras that are not shared by rule are not given, nor what is unknown") {
  CHECK(refusal("", gift("nursery")) == "the camera \"nursery\" is never shared");
  CHECK(refusal("", gift("yard", "")) == "the camera \"yard\" is shared with a warrant only");
  CHECK(refusal("", gift("attic")) == "\"attic\" is not among the cameras");
  CHECK(refusal("", gift("front", "mallory")) == "\"mallory\" is not among the agencies");
}

TEST_CASE("the limits of always are true for gifts") {
  Gift empty = gift();
  empty.footage.to = empty.footage.from;
  CHECK(refusal("", empty) == "the footage is empty");
  const Gift some = gift();
  CHECK(refusal("", some, facts_at(some.footage.to - 1us)) == "the footage has not ended yet");
  CHECK(refusal("always: {clip_at_most: 9 minutes}\n", some) ==
        "longer than 9 minutes (always: clip_at_most)");
  // The camera's clock may be 5 seconds wrong.
  const Instant last = some.footage.from + std::chrono::days{14} - 5s;
  CHECK(give("", some, facts_at(last)).approval == Approval::ask_all);
  CHECK(refusal("", some, facts_at(last + 1us)) ==
        "older than 14 days (always: footage_no_older_than)");
  CHECK(refusal("", some, facts_at(at("2027-04-01T00:00:00-05:00"))) ==
        "these rules have ended (rules_end_on)");
}

TEST_CASE("a gift counts against what an agency may get, a file against nothing") {
  Facts used;
  used.now = gift().footage.to + 1h;
  used.clips_given_this_month = 6;
  const std::string_view why = "more than is left of this month's limit (per_agency_per_month)";
  CHECK(refusal("", gift(), used) == why);
  CHECK(give("", gift("front", ""), used).approval == Approval::ask_all);
  used.clips_given_this_month = 5;
  used.time_given_this_month = 50min;
  CHECK(give("", gift(), used).approval == Approval::ask_all);
  used.time_given_this_month += 1us;
  CHECK(refusal("", gift(), used) == why);
}

TEST_CASE("a never rule that may fit refuses all of a gift") {
  const auto never = [](std::string_view scope) {
    return fmt::format("never:\n  - {{name: quiet, {}}}\n", scope);
  };
  const std::string_view fits = "the never rule \"quiet\" (line 15) fits";
  CHECK(refusal(never("camera: front"), gift()) == fits);
  CHECK(give(never("camera: drive"), gift()).approval == Approval::ask_all);
  // The window begins as the footage ends, and the clock may be 5 seconds wrong.
  CHECK(refusal(never("footage_time: \"22:10 to 23:00\""), gift()) == fits);
  CHECK(give(never("footage_time: \"22:11 to 23:00\""), gift()).approval == Approval::ask_all);
  CHECK(refusal(never("footage_time: \"21:00 to 22:00\""), gift()) == fits);
  CHECK(give(never("footage_days: [sat]"), gift()).approval == Approval::ask_all);
  // A gift has no basis, no officer and no hour of arrival: a rule about those may be meant.
  CHECK(refusal(never("basis: warrant"), gift()) == fits);
  CHECK(refusal(never("request_time: \"03:00 to 04:00\""), gift()) == fits);
  CHECK(give(never("rule_ends_on: 2026-05-03"), gift()).approval == Approval::ask_all);
  CHECK(give(never("rule_starts_on: 2026-05-06"), gift()).approval == Approval::ask_all);
}

TEST_CASE("who gets a file is not known; why it is given, only when the household says so") {
  const std::string_view of_police = "never:\n  - {name: quiet, who: police}\n";
  CHECK(give(of_police, gift("front", "fire")).approval == Approval::ask_all);
  CHECK(give(of_police, gift("front", "")).approval == Approval::refuse);

  const std::string_view protests = "never:\n  - {name: quiet, purpose: protest}\n";
  Gift some = gift();
  CHECK(refusal(protests, some) ==
        "the never rule \"quiet\" (line 15) may fit: the gift names no purpose");
  some.purpose = "protest";
  CHECK(refusal(protests, some) == "the never rule \"quiet\" (line 15) fits");
  some.purpose = "burglary";
  CHECK(give(protests, some).approval == Approval::ask_all);
}

}  // namespace
}  // namespace latchstring::policy
