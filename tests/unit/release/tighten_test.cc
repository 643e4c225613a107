// What a later look at the rules does to what was made, and to what is on offer.
#include <algorithm>

#include "gateway/release/demands.h"
#include "gateway/release/release.h"
#include "tests/support/catch.h"
#include "tests/unit/release/house.h"

namespace latchstring::release {
namespace {

using namespace std::chrono_literals;
using policy::Approval;
using test::count;
using test::House;

void hide(House& house, std::set<std::string> names, int height = 0) {
  policy::Piece& piece = house.facts.decisions["front_door"].pieces.front();
  piece.redact = std::move(names);
  piece.height_at_most = height;
}

TEST_CASE("rules tightened while a clip is made: it is dropped and made anew") {
  House house;
  house.state.subject.want_audio = true;
  house.decide(Approval::automatic);
  hide(house, {});
  house.happen(event::Received{});
  REQUIRE(count<effect::Cut>(house.happen(event::Reconsider{})) == 1);
  hide(house, {"audio"});
  const Outcome outcome = house.happen(event::Sealed{1});
  CHECK(count<effect::Offer>(outcome) == 0);
  CHECK(count<effect::DropSealed>(outcome) == 1);
  REQUIRE(count<effect::Cut>(outcome) == 1);
  const auto cut = std::find_if(
      outcome.effects.begin(), outcome.effects.end(),
      [](const Effect& effect) { return std::holds_alternative<effect::Cut>(effect); });
  CHECK_FALSE(std::get<effect::Cut>(*cut).grant.terms().redaction.keep_audio);
  CHECK(house.state.pieces.front().state == PieceState::working);
  CHECK(count<effect::Offer>(house.happen(event::Sealed{1})) == 1);
}

TEST_CASE("rules tightened while a clip is on offer take it back; loosened ones do not") {
  House house;
  house.decide(Approval::automatic);
  hide(house, {"audio"}, 480);
  house.happen(event::Received{});
  house.happen(event::Reconsider{});
  house.happen(event::Sealed{1});
  REQUIRE(house.state.pieces.front().state == PieceState::offered);
  SECTION("looser") {
    hide(house, {"audio"}, 720);
    CHECK(count<effect::Withdraw>(house.happen(event::Reconsider{})) == 0);
    hide(house, {"audio"});
    CHECK(count<effect::Withdraw>(house.happen(event::Reconsider{})) == 0);
    CHECK(house.state.pieces.front().state == PieceState::offered);
  }
  SECTION("one more class") {
    hide(house, {"audio", "faces"}, 480);
    const Outcome outcome = house.happen(event::Reconsider{});
    CHECK(count<effect::Withdraw>(outcome) == 1);
    CHECK(house.state.pieces.front().state == PieceState::revoked);
    REQUIRE(outcome.entries.size() == 1);
    CHECK(outcome.entries.front().what == Record::revoke);
  }
  SECTION("a smaller picture") {
    hide(house, {"audio"}, 360);
    CHECK(count<effect::Withdraw>(house.happen(event::Reconsider{})) == 1);
  }
}

// Untouched, without sound, smaller and marked: nothing that a detector could be unsure of.
TEST_CASE("`if_unsure: refuse` leaves what no picture was looked at for as it is") {
  House house;
  house.state.subject.want_native = true;
  house.decide(Approval::automatic);
  const int height = GENERATE(0, 480);
  hide(house, height == 0 ? std::set<std::string>{} : std::set<std::string>{"audio"}, height);
  house.facts.decisions["front_door"].pieces.front().watermark = height != 0;
  house.happen(event::Received{});
  house.happen(event::Reconsider{});
  const bool on_offer = GENERATE(true, false);
  if (on_offer) {
    house.happen(event::Sealed{1});
  } else {
    house.facts.in_work = {1};
  }
  const State before = house.state;
  house.policy.always.if_unsure = IfUnsure::refuse;
  const Outcome outcome = house.happen(event::Reconsider{});
  CHECK(outcome.effects.empty());
  CHECK(outcome.entries.empty());
  CHECK(house.state == before);
  if (on_offer) return;
  CHECK(count<effect::Offer>(house.happen(event::Sealed{1})) == 1);
  CHECK(count<effect::Withdraw>(house.happen(event::Reconsider{})) == 0);
}

TEST_CASE("`if_unsure: refuse` takes back what was looked at under `fill`, and says so") {
  House house;
  house.policy.zones["hedge"] = {"hedge", false, {{0, 0}, {1, 0}, {1, 1}}};
  house.policy.zone_camera["hedge"] = "front_door";
  house.decide(Approval::automatic);
  hide(house, {GENERATE("hedge", "faces", "moving")});
  house.happen(event::Received{});
  house.happen(event::Reconsider{});
  SECTION("on offer: it is taken back") {
    house.happen(event::Sealed{1});
    house.policy.always.if_unsure = IfUnsure::refuse;
    CHECK(count<effect::Withdraw>(house.happen(event::Reconsider{})) == 1);
    CHECK(house.state.pieces.front().reason ==
          "the rules now refuse where a detector is unsure (`if_unsure: refuse`)");
  }
  SECTION("being made: it is begun anew") {
    house.facts.in_work = {1};
    house.policy.always.if_unsure = IfUnsure::refuse;
    const Outcome outcome = house.happen(event::Reconsider{});
    CHECK(count<effect::StopWork>(outcome) == 1);
    CHECK(count<effect::Cut>(outcome) == 1);
  }
  SECTION("made: it is dropped and made anew") {
    house.policy.always.if_unsure = IfUnsure::refuse;
    const Outcome outcome = house.happen(event::Sealed{1});
    CHECK(count<effect::DropSealed>(outcome) == 1);
    CHECK(count<effect::Cut>(outcome) == 1);
  }
  SECTION("a class beside it: that is what is said") {
    house.happen(event::Sealed{1});
    house.policy.always.if_unsure = IfUnsure::refuse;
    hide(house, {"hedge", "faces", "moving"});
    house.happen(event::Reconsider{});
    CHECK(house.state.pieces.front().reason == "the rules now hide more than it does");
  }
}

// What it was made under says nothing of being unsure, for there was nothing to look at.
TEST_CASE("a class demanded of what was made untouched under `refuse` takes it back") {
  House house;
  house.policy.always.if_unsure = IfUnsure::refuse;
  house.decide(Approval::automatic);
  hide(house, {});
  house.happen(event::Received{});
  house.happen(event::Reconsider{});
  house.happen(event::Sealed{1});
  CHECK(count<effect::Withdraw>(house.happen(event::Reconsider{})) == 0);
  hide(house, {"faces"});
  CHECK(count<effect::Withdraw>(house.happen(event::Reconsider{})) == 1);
}

TEST_CASE("what others used of the quota since takes back nothing that was committed") {
  House house;
  house.judged(Approval::automatic);
  house.happen(event::Sealed{1});
  house.used_by_others = true;
  house.decide(Approval::refuse);
  CHECK(count<effect::Withdraw>(house.happen(event::Reconsider{})) == 0);
  CHECK(house.state.pieces.front().state == PieceState::offered);
}

TEST_CASE("a failure while sharing is suspended ends nothing") {
  House house;
  house.judged(Approval::automatic);
  house.facts.blocked = "the rules file is broken";
  house.facts.policies.clear();
  house.happen(event::WorkFailed{1, "the rules file is broken", false});
  CHECK(house.state.pieces.front().state == PieceState::working);
  house.facts.blocked.clear();
  house.facts.policies = {&house.policy};
  CHECK(count<effect::Cut>(house.happen(event::Reconsider{})) == 1);
}

TEST_CASE("every part's receipt is recorded; the last one delivers") {
  House house;
  house.judged(Approval::automatic);
  house.happen(event::Sealed{1});
  Outcome outcome = house.happen(event::ReceiptStored{1, false});
  CHECK(outcome.entries.size() == 1);
  CHECK(outcome.effects.empty());
  CHECK(house.state.pieces.front().state == PieceState::offered);
  outcome = house.happen(event::ReceiptStored{1, true});
  CHECK(outcome.entries.size() == 1);
  CHECK(house.state.pieces.front().state == PieceState::delivered);
}

TEST_CASE("a receipt for what was taken back is recorded, and changes nothing else") {
  House house;
  house.judged(Approval::automatic);
  house.happen(event::Sealed{1});
  house.happen(event::Revoked{"alex"});
  const State before = house.state;
  const Outcome outcome = house.happen(event::ReceiptStored{1, true});
  REQUIRE(outcome.entries.size() == 1);
  CHECK(outcome.entries.front().what == Record::done);
  CHECK(count<effect::TellResidents>(outcome) == 1);
  CHECK(house.state == before);
}

TEST_CASE("a yes beside one that was enough is noted, a late one is refused") {
  House house;
  house.judged(Approval::ask_one);
  SECTION("both at once") {
    REQUIRE(house.happen(event::Answered{"alex", true}).answer.ok());
    const Outcome second = house.happen(event::Answered{"sam", true});
    CHECK(second.answer.ok());
    CHECK(second.effects.empty());
    CHECK(house.state.answers.size() == 2);
  }
  SECTION("at the very end of the term, before its tick") {
    house.facts.now = house.state.answer_by;
    CHECK_FALSE(house.happen(event::Answered{"alex", true}).answer.ok());
    CHECK(house.state.answers.empty());
  }
  SECTION("a no counts at any time") {
    house.facts.now = house.state.answer_by;
    CHECK(house.happen(event::Answered{"alex", false}).answer.ok());
    CHECK(house.state.phase == Phase::ended);
  }
}

TEST_CASE("a request that falls into too many pieces is refused whole") {
  House house;
  const Instant from = house.state.subject.footage.from;
  for (int i = 0; i <= static_cast<int>(kPiecesMax); ++i) {
    house.decide(i % 2 == 0 ? Approval::ask_one : Approval::ask_all,
                 {from + i * 10s, from + (i + 1) * 10s});
  }
  house.happen(event::Received{});
  house.happen(event::Reconsider{});
  CHECK(house.state.phase == Phase::ended);
  CHECK(house.state.outcome == "refused");
  CHECK(house.state.pieces.empty());
}

TEST_CASE("what is hidden meets what is demanded") {
  RedactionPlan plan;
  plan.keep_audio = true;
  CHECK(demands(plan).empty());
  plan.classes = {"faces"};
  plan.zones = {{"hedge", false, {{0.1, 0.2}, {0.30000000000000004, 1}, {0, 1}}}};
  plan.keep_audio = false;
  plan.height_at_most = 480;
  plan.one_frame_per = 1s;
  plan.watermark = "aaaaaaaaaa police";
  plan.if_unsure = IfUnsure::refuse;
  const auto made = demands(plan);
  CHECK(made.size() == 7);
  Piece piece;
  CHECK(hidden_names(piece).empty());
  piece.hidden = made;
  CHECK(hidden_names(piece) == std::set<std::string>{"audio", "faces", "hedge"});
  CHECK(meets(made, made));
  CHECK(meets(made, {}));
  CHECK_FALSE(meets({}, made));
  const auto still = [&](auto change) {
    RedactionPlan now = plan;
    change(now);
    return meets(made, demands(now));
  };
  CHECK(still([](RedactionPlan& p) { p.classes.clear(); }));
  CHECK(still([](RedactionPlan& p) { p.keep_audio = true; }));
  CHECK(still([](RedactionPlan& p) { p.height_at_most = 481; }));
  CHECK(still([](RedactionPlan& p) { p.one_frame_per = 500ms; }));
  CHECK(still([](RedactionPlan& p) { p.if_unsure = IfUnsure::fill; }));
  CHECK_FALSE(still([](RedactionPlan& p) { p.classes = {"faces", "people"}; }));
  CHECK_FALSE(still([](RedactionPlan& p) { p.zones[0].polygon[0].first = 0.1000000000000001; }));
  CHECK_FALSE(still([](RedactionPlan& p) { p.zones[0].keep_only = true; }));
  CHECK_FALSE(still([](RedactionPlan& p) { p.height_at_most = 479; }));
  CHECK_FALSE(still([](RedactionPlan& p) { p.one_frame_per = 1001ms; }));
  CHECK_FALSE(still([](RedactionPlan& p) { p.watermark = "bbbbbbbbbb police"; }));
}

}  // namespace
}  // namespace latchstring::release
