// What the household gives of its own accord.
#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/release/release.h"
#include "tests/support/catch.h"
#include "tests/unit/release/house.h"

namespace latchstring::release {
namespace {

using namespace std::chrono_literals;
using policy::Approval;

using test::count;
using test::kNow;

struct House : test::House {
  explicit House(std::string agency = "") {
    state.subject.is_gift = true;
    state.subject.agency = std::move(agency);
    state.subject.cameras = {"front_door"};
    decide(Approval::ask_all);
  }

  void decide(Approval approval) {
    policy::Piece piece;
    piece.footage = state.subject.footage;
    piece.approval = approval;
    piece.answer_within = 48h;
    if (approval == Approval::refuse) piece.reasons = {"the camera is never shared"};
    facts.decisions["front_door"] = {{piece}};
  }

  Outcome give() { return happen(event::Given{{"alex", "sam"}}); }
  Outcome tried(const Event& event) const { return Release::step(state, event, facts); }
};

int count(const Outcome& outcome, Record what) {
  return static_cast<int>(std::count_if(outcome.entries.begin(), outcome.entries.end(),
                                        [&](const Entry& entry) { return entry.what == what; }));
}

TEST_CASE("all residents give a file: it is cut, decided again, committed, handed over") {
  House house;
  Outcome outcome = house.give();
  CHECK(outcome.answer.ok());
  CHECK(count(outcome, Record::approval) == 2);
  CHECK(count<effect::Cut>(outcome) == 1);
  CHECK(house.state.phase == Phase::releasing);
  house.facts.in_work = {1};
  outcome = house.happen(event::Sealed{1});
  CHECK(count(outcome, Record::release_commit) == 1);
  CHECK(count<effect::Offer>(outcome) == 0);  // nobody fetches it
  outcome = house.happen(event::HandedOver{1});
  CHECK(count<effect::TellResidents>(outcome) == 1);
  CHECK(house.state.phase == Phase::ended);
  CHECK(house.state.outcome == "delivered");
  CHECK_FALSE(house.tried(event::HandedOver{1}).answer.ok());
}

TEST_CASE("nothing is given without every resident, against the rules or while something blocks") {
  House house;
  CHECK(absl::IsPermissionDenied(house.tried(event::Given{{"alex"}}).answer));
  CHECK(absl::IsPermissionDenied(house.tried(event::Given{{"alex", "sam", "mallory"}}).answer));
  CHECK(absl::IsPermissionDenied(house.tried(event::Given{{}}).answer));
  house.decide(Approval::ask_one);
  CHECK(house.tried(event::Given{{"alex"}}).answer.ok());
  house.decide(Approval::refuse);
  const Outcome refused = house.tried(event::Given{{"alex", "sam"}});
  CHECK(refused.answer.message() ==
        "the rules do not permit this gift: the camera is never shared");
  CHECK(count<effect::Cut>(refused) == 0);
  // Also where no rule says why.
  house.facts.decisions.clear();
  CHECK(house.tried(event::Given{{"alex", "sam"}}).answer.message() ==
        "the rules do not permit this gift: the rules know no camera `front_door`");
  house.decide(Approval::ask_all);
  std::swap(house.state.subject.footage.from, house.state.subject.footage.to);
  const Outcome backwards = house.tried(event::Given{{"alex", "sam"}});
  CHECK(absl::IsInvalidArgument(backwards.answer));
  CHECK(backwards.answer.message() == "the end is before the beginning, or no later");
  std::swap(house.state.subject.footage.from, house.state.subject.footage.to);
  house.facts.blocked = "sharing is paused";
  CHECK_FALSE(house.tried(event::Given{{"alex", "sam"}}).answer.ok());
  house.facts.blocked.clear();
  house.facts.policies.clear();
  CHECK_FALSE(house.tried(event::Given{{"alex", "sam"}}).answer.ok());
}

TEST_CASE("who has a new PIN gives nothing away yet") {
  House house;
  house.facts.household.waiting = {"sam"};
  const Outcome refused = house.tried(event::Given{{"alex", "sam"}});
  CHECK(absl::IsPermissionDenied(refused.answer));
  CHECK(message_of(refused.answer).find("the PIN of `sam` is new") != std::string_view::npos);
  house.decide(Approval::ask_one);
  CHECK_FALSE(house.tried(event::Given{{"sam"}}).answer.ok());
  CHECK(house.tried(event::Given{{"alex"}}).answer.ok());
}

TEST_CASE("a request cannot be made a gift") {
  House house("springfield_pd");
  house.state.subject.is_gift = false;
  CHECK(absl::IsPermissionDenied(house.give().answer));
}

TEST_CASE("a file is decided again when it is to be written") {
  for (const Approval now : {Approval::refuse, Approval::ask_all}) {
    House house;
    house.decide(Approval::ask_one);
    house.happen(event::Given{{"alex"}});
    house.facts.in_work = {1};
    house.decide(now);
    const Outcome outcome = house.happen(event::Sealed{1});
    CHECK(count(outcome, Record::release_commit) == 0);
    CHECK(house.state.phase == Phase::ended);
    CHECK(house.state.outcome == "refused");
  }
  House paused;
  paused.give();
  paused.facts.in_work = {1};
  paused.facts.blocked = "sharing is paused";
  CHECK(count(paused.happen(event::Sealed{1}), Record::release_commit) == 0);
  CHECK(paused.state.pieces.front().reason == "sharing is paused");
  CHECK(paused.state.phase == Phase::ended);
}

TEST_CASE("after a restart nobody waits for a file: it is not made again") {
  House house;
  house.give();
  const Outcome outcome = house.happen(event::Reconsider{});
  CHECK(count<effect::Cut>(outcome) == 0);
  CHECK(count(outcome, Record::abort) == 1);
  CHECK(house.state.phase == Phase::ended);
  CHECK(house.state.outcome == "failed");

  House half;
  half.give();
  half.facts.in_work = {1};
  half.happen(event::Sealed{1});
  half.facts.in_work.clear();
  half.happen(event::Reconsider{});
  CHECK(half.state.outcome == "failed");
}

TEST_CASE("a gift to an agency waits for an officer, and goes out as any release does") {
  House house("springfield_pd");
  CHECK(count<effect::Cut>(house.give()) == 0);
  CHECK(house.state.phase == Phase::releasing);
  CHECK(count<effect::Cut>(house.happen(event::Reconsider{})) == 0);  // a restart
  house.state.subject.officer = "4711";
  CHECK(count<effect::Cut>(house.happen(event::Reconsider{})) == 1);
  CHECK(count<effect::Offer>(house.happen(event::Sealed{1})) == 1);
  house.happen(event::ReceiptStored{1});
  CHECK(house.state.outcome == "delivered");
  // Nobody asked, so nobody is told that it is closed.
  house.facts.now = kNow + kGiftWaits;
  const Outcome later = house.happen(event::Tick{});
  CHECK(later.effects.empty());
  CHECK(house.state.closed_sent);
}

TEST_CASE("an officer whose credential no longer holds gets no gift") {
  House house("springfield_pd");
  house.give();
  house.state.subject.officer = "4711";
  house.happen(event::Reconsider{});
  house.facts.requester_is_valid = false;
  const Outcome outcome = house.happen(event::Sealed{1});
  CHECK(count<effect::Offer>(outcome) == 0);
  CHECK(house.state.outcome == "refused");
}

TEST_CASE("a gift that nobody fetches lapses; a resident may take one back before") {
  House house("springfield_pd");
  house.give();
  house.facts.now = kNow + kGiftWaits - 1us;
  house.happen(event::Tick{});
  CHECK(house.state.phase == Phase::releasing);
  house.facts.now += 1us;
  const Outcome outcome = house.happen(event::Tick{});
  CHECK(count<effect::SendClosed>(outcome) == 0);
  CHECK(house.state.outcome == "lapsed");

  House regretted("springfield_pd");
  regretted.give();
  regretted.happen(event::Answered{"sam", false});
  CHECK(regretted.state.outcome == "refused");
}

}  // namespace
}  // namespace latchstring::release
