#include "gateway/release/release.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/release/house.h"

namespace latchstring::release {
namespace {

using namespace std::chrono_literals;
using policy::Approval;

using test::count;
using test::House;
using test::kNow;

TEST_CASE("received is said before anything is judged, and judging it is a step of its own") {
  House house;
  house.decide(Approval::automatic);
  const Outcome outcome = house.happen(event::Received{});
  CHECK(count<effect::SendReceived>(outcome) == 1);
  CHECK(count<effect::Cut>(outcome) == 0);
  CHECK(outcome.state.phase == Phase::received);
  CHECK(outcome.state.close_at == kNow + std::chrono::days{8});
}

TEST_CASE("an automatic release is cut, decided again, offered and delivered") {
  House house;
  Outcome outcome = house.judged(Approval::automatic);
  REQUIRE(count<effect::Cut>(outcome) == 1);
  const Grant& grant = std::get<effect::Cut>(outcome.effects.front()).grant;
  CHECK(grant.terms().interval == house.state.subject.footage);
  CHECK(grant.terms().camera == "front_door");
  outcome = house.happen(event::Sealed{1});
  CHECK(count<effect::Offer>(outcome) == 1);
  CHECK(outcome.entries.front().what == Record::release_commit);
  outcome = house.happen(event::ReceiptStored{1});
  CHECK(count<effect::DeleteOutbox>(outcome) == 1);
  CHECK(house.state.phase == Phase::ended);
  CHECK(house.state.outcome == "delivered");
}

TEST_CASE(
    "what the rules refuse ends without a word, and is closed at its due time like all else") {
  House house;
  const Outcome outcome = house.judged(Approval::refuse);
  CHECK(outcome.effects.empty());
  CHECK(house.state.outcome == "refused");
  house.facts.now = kNow + std::chrono::days{8} - 1us;
  CHECK(house.happen(event::Tick{}).effects.empty());
  house.facts.now += 1us;
  CHECK(count<effect::SendClosed>(house.happen(event::Tick{})) == 1);
  CHECK(house.happen(event::Tick{}).effects.empty());
}

TEST_CASE("ask_one needs one yes, ask_all every resident's, and a yes counts once") {
  House one;
  CHECK(count<effect::AskResidents>(one.judged(Approval::ask_one)) == 1);
  CHECK(one.state.phase == Phase::asking);
  CHECK(count<effect::Cut>(one.happen(event::Answered{"alex", true})) == 1);

  House all;
  all.judged(Approval::ask_all);
  CHECK(count<effect::Cut>(all.happen(event::Answered{"alex", true})) == 0);
  CHECK(count<effect::Cut>(all.happen(event::Answered{"alex", true})) == 0);
  CHECK(count<effect::Cut>(all.happen(event::Answered{"sam", true})) == 1);
}

TEST_CASE("a stranger's answer changes nothing") {
  House house;
  house.judged(Approval::ask_one);
  const Outcome outcome = house.happen(event::Answered{"mallory", true});
  CHECK(absl::IsPermissionDenied(outcome.answer));
  CHECK(outcome.effects.empty());
  CHECK(house.state.answers.empty());
}

TEST_CASE("one no refuses, also after a yes and in the middle of the work") {
  House house;
  house.judged(Approval::ask_one);
  house.happen(event::Answered{"alex", true});
  const Outcome outcome = house.happen(event::Answered{"sam", false});
  CHECK(count<effect::StopWork>(outcome) == 1);
  CHECK(house.state.phase == Phase::ended);
  CHECK(house.state.outcome == "refused");
  CHECK(count<effect::DropSealed>(house.happen(event::Sealed{1})) == 1);
}

TEST_CASE("silence refuses at the end of its term") {
  House house;
  house.judged(Approval::ask_one);
  house.facts.now = kNow + 48h - 1us;
  CHECK(house.happen(event::Tick{}).entries.empty());
  house.facts.now += 1us;
  house.happen(event::Tick{});
  CHECK(house.state.phase == Phase::ended);
  CHECK(house.state.pieces[0].state == PieceState::refused);
  CHECK_FALSE(house.happen(event::Answered{"alex", true}).answer.ok());
}

TEST_CASE("a yes given while something blocks is kept, and is no silence") {
  House house;
  house.judged(Approval::ask_one);
  house.facts.blocked = "sharing is paused";
  CHECK(count<effect::Cut>(house.happen(event::Answered{"alex", true})) == 0);
  house.facts.now = kNow + 49h;
  house.happen(event::Tick{});
  CHECK(house.state.pieces[0].state == PieceState::waiting);
  house.facts.blocked.clear();
  CHECK(count<effect::Cut>(house.happen(event::Reconsider{})) == 1);
}

std::string told(const Outcome& outcome) {
  for (const Effect& each : outcome.effects) {
    if (const auto* words = std::get_if<effect::TellResidents>(&each)) return words->text;
  }
  return "";
}

TEST_CASE(
    "residents are told why nothing comes of a request, or of a yes, while something blocks") {
  House house;
  house.facts.blocked = "sharing is paused";
  house.decide(Approval::ask_one);
  CHECK(told(house.happen(event::Received{})) == "waits, and nobody is asked: sharing is paused");
  house.facts.blocked.clear();
  house.happen(event::Reconsider{});
  house.facts.blocked = "sharing is paused";
  CHECK(told(house.happen(event::Answered{"alex", true})) ==
        "alex said yes, and nothing is released for now: sharing is paused");
  CHECK(told(house.happen(event::Answered{"sam", false})) == "sam said no");

  House open;
  CHECK(told(open.judged(Approval::ask_one)).empty());
  CHECK(told(open.happen(event::Answered{"alex", true})).empty());
}

TEST_CASE("the decision of the moment of release is the one that counts") {
  House house;
  house.judged(Approval::automatic);
  house.decide(Approval::refuse);
  Outcome outcome = house.happen(event::Sealed{1});
  CHECK(count<effect::Offer>(outcome) == 0);
  CHECK(count<effect::DropSealed>(outcome) == 1);
  CHECK(house.state.pieces[0].state == PieceState::refused);

  House stricter;
  stricter.judged(Approval::automatic);
  stricter.decide(Approval::ask_one);
  outcome = stricter.happen(event::Sealed{1});
  CHECK(count<effect::Offer>(outcome) == 0);
  CHECK(count<effect::AskResidents>(outcome) == 1);
  CHECK(stricter.state.phase == Phase::asking);
}

TEST_CASE("while something blocks nothing is judged, cut or offered, and nothing is lost") {
  House house;
  house.facts.blocked = "the rules file is broken";
  house.judged(Approval::automatic);
  CHECK(house.state.phase == Phase::received);
  house.facts.blocked.clear();
  CHECK(count<effect::Cut>(house.happen(event::Reconsider{})) == 1);
  house.facts.blocked = "sharing is paused";
  CHECK(count<effect::DropSealed>(house.happen(event::Sealed{1})) == 1);
  CHECK(house.state.pieces[0].state == PieceState::working);
  house.facts.blocked.clear();
  CHECK(count<effect::Cut>(house.happen(event::Reconsider{})) == 1);  // anew
}

TEST_CASE("new rules take an offer back") {
  House house;
  house.judged(Approval::automatic);
  house.happen(event::Sealed{1});
  house.decide(Approval::refuse);
  const Outcome outcome = house.happen(event::Reconsider{});
  CHECK(count<effect::Withdraw>(outcome) == 1);
  CHECK(outcome.entries.front().what == Record::revoke);
  CHECK(house.state.pieces[0].state == PieceState::revoked);
}

TEST_CASE("a requester who is no longer valid gets nothing more") {
  House house;
  house.judged(Approval::automatic);
  house.facts.requester_is_valid = false;
  CHECK(count<effect::Offer>(house.happen(event::Sealed{1})) == 0);
  CHECK(house.state.pieces[0].state == PieceState::refused);
}

TEST_CASE("with a stale revocation list nothing is automatic") {
  House house;
  house.facts.lists_are_fresh = false;
  CHECK(count<effect::Cut>(house.judged(Approval::automatic)) == 0);
  CHECK(house.state.pieces[0].approval == Approval::ask_one);
}

TEST_CASE("a resident takes a release back at every stage") {
  for (const int stage : {0, 1, 2}) {
    House house;
    house.judged(stage == 0 ? Approval::ask_one : Approval::automatic);
    if (stage == 2) house.happen(event::Sealed{1});
    const Outcome outcome = house.happen(event::Revoked{"alex"});
    CHECK(count<effect::StopWork>(outcome) == (stage == 1 ? 1 : 0));
    CHECK(count<effect::Withdraw>(outcome) == (stage == 2 ? 1 : 0));
    CHECK(house.state.phase == Phase::ended);
    CHECK(house.state.outcome == "revoked");
  }
}

TEST_CASE("an offer that is never fetched expires; what is not offered by the due time lapses") {
  House offered;
  offered.judged(Approval::automatic);
  offered.happen(event::Sealed{1});
  offered.facts.now = kNow + kOfferLifetime;
  offered.happen(event::Tick{});
  CHECK(offered.state.pieces[0].state == PieceState::expired);

  House late;
  late.judged(Approval::automatic);
  late.facts.now = kNow + std::chrono::days{8};
  const Outcome outcome = late.happen(event::Tick{});
  CHECK(count<effect::StopWork>(outcome) == 1);
  CHECK(count<effect::SendClosed>(outcome) == 1);
  CHECK(late.state.pieces[0].state == PieceState::lapsed);
}

TEST_CASE("terms begin when the clock is right") {
  House house;
  house.facts.clock_is_right = false;
  house.facts.blocked = "the clock is not known to be right";
  house.judged(Approval::refuse);
  CHECK(house.state.close_at == Instant{});
  house.facts.clock_is_right = true;
  house.facts.blocked.clear();
  house.facts.now = kNow + 1h;
  house.happen(event::Reconsider{});
  CHECK(house.state.close_at == kNow + 1h + std::chrono::days{8});
}

TEST_CASE("too many open requests are received and closed, never judged") {
  House house;
  house.facts.too_many_open = true;
  house.decide(Approval::automatic);
  CHECK(count<effect::SendReceived>(house.happen(event::Received{})) == 1);
  CHECK(house.state.phase == Phase::ended);
  CHECK(count<effect::Cut>(house.happen(event::Reconsider{})) == 0);
}

TEST_CASE("a piece over several outcomes takes the strictest of them, and a gap refuses") {
  const Interval whole{kNow, kNow + 30min};
  policy::Decision decision;
  policy::Piece first;
  first.footage = {kNow, kNow + 10min};
  first.approval = Approval::automatic;
  first.redact = {"audio"};
  policy::Piece second = first;
  second.footage = {kNow + 10min, kNow + 30min};
  second.approval = Approval::ask_one;
  second.redact = {"faces"};
  second.height_at_most = 480;
  decision.pieces = {first, second};
  const policy::Piece strict = strictest_over(decision, whole);
  CHECK(strict.approval == Approval::ask_one);
  CHECK(strict.redact == std::set<std::string>{"audio", "faces"});
  CHECK(strict.height_at_most == 480);
  decision.pieces[1].footage.from += 1us;
  CHECK(strictest_over(decision, whole).approval == Approval::refuse);
}

}  // namespace
}  // namespace latchstring::release
