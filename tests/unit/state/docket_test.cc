#include "gateway/state/docket.h"

#include "tests/unit/state/desk.h"

namespace latchstring::state {
namespace {

using namespace std::chrono_literals;
using release::Phase;
using release::PieceState;
using sim::days;
using sim::hours;

TEST_CASE("what was received stands in rows and ledger, is answered, and counts once") {
  Desk desk;
  const wire::Request asked = desk.request("burglary");
  const auto step = desk.receive(asked);
  REQUIRE(step.ok());
  CHECK(count<release::effect::SendReceived>(*step) == 1);
  CHECK(step->mail == std::set<wire::Peer>{desk.officer().peer});
  CHECK(desk.told(asked.id) == std::vector<std::string>{"received"});
  const std::uint64_t size = *desk.ledger->size();

  desk.open();
  CHECK(desk.state(asked.id).phase == Phase::received);
  CHECK(desk.told(asked.id) == std::vector<std::string>{"received"});
  const auto other = desk.request("burglary");
  wire::Request same_id = other;
  same_id.id = asked.id;
  CHECK(absl::IsPermissionDenied(desk.receive(same_id).status()));
  CHECK(*desk.ledger->size() == size);
}

TEST_CASE("the same bytes again change nothing") {
  Desk desk;
  const wire::Request asked = desk.request("burglary");
  const std::string compact = desk.world.sign(desk.officer(), asked);
  const trust::Verifier verifier(*desk.database);
  const trust::Arrival arrival{sim::kGateway, "police", desk.clock.now(), true};
  const auto first = verifier.verify_request(compact, desk.docket->agencies(), arrival);
  REQUIRE(first.ok());
  REQUIRE(desk.docket->receive(*first, desk.officer().peer).ok());
  desk.clock.at += days{20};  // its own term is over by now
  const auto again = verifier.verify_request(compact, desk.docket->agencies(),
                                             {sim::kGateway, "police", desk.clock.now(), true});
  REQUIRE(again.ok());
  CHECK(again->repeat);
  const std::uint64_t size = *desk.ledger->size();
  const auto step = desk.docket->receive(*again, desk.officer().peer);
  REQUIRE(step.ok());
  CHECK(step->effects.empty());
  CHECK(*desk.ledger->size() == size);
}

TEST_CASE("a term is due at its instant, not a microsecond before") {
  Desk desk;
  const std::string asked = desk.judged("vehicle_theft");
  const std::string refused = desk.judged("littering");
  INFO(desk.state(asked).outcome);
  REQUIRE(desk.state(asked).phase == Phase::asking);
  REQUIRE(desk.state(refused).outcome == "refused");
  const auto due = [&](Duration at) { return *due_request_ids(*desk.database, sim::kStart + at); };
  CHECK(due(48h - 1us).empty());
  CHECK(due(48h) == std::vector<std::string>{asked});
  CHECK(due(sim::kAnswersAfter - 1us) == std::vector<std::string>{asked});
  CHECK(due(sim::kAnswersAfter).size() == 2);

  desk.clock.at = sim::kAnswersAfter;
  REQUIRE(desk.docket->tick().ok());
  CHECK(due(sim::kAnswersAfter + days{300}).empty());
  CHECK(desk.told(refused) == std::vector<std::string>{"received", "closed"});
  CHECK(desk.told(asked) == std::vector<std::string>{"received", "closed"});
}

TEST_CASE("an offer is due when it expires") {
  Desk desk;
  const std::string id = desk.offered("burglary");
  REQUIRE(desk.state(id).pieces.front().state == PieceState::offered);
  desk.clock.at = release::kOfferLifetime - 1us;
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.state(id).pieces.front().state == PieceState::offered);
  desk.clock.at += 1us;
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.state(id).pieces.front().state == PieceState::expired);
  CHECK(desk.docket->transfers().of_piece(id, 1)->empty());
}

TEST_CASE("more open requests than the house allows are received and never judged") {
  Desk desk;
  desk.offered("burglary");  // released: the agency sees that it does not wait
  // Refused or waiting for an answer, they look the same from outside, and count the same.
  for (int i = 0; i < 4; ++i) desk.judged("vehicle_theft");
  for (int i = 0; i < 4; ++i) {
    CHECK(desk.state(desk.judged("nobody_heard_of")).outcome == "refused");
  }
  for (int i = 0; i < 2; ++i) {
    const std::string ninth = desk.judged("burglary");
    CHECK(desk.state(ninth).outcome == "not judged");
    CHECK(desk.told(ninth) == std::vector<std::string>{"received"});
  }
}

TEST_CASE("dates are judged when the clock is right, and terms count from there") {
  Desk desk;
  desk.clock.right = false;
  desk.clock.wrong_by = -days{3650};
  wire::Request good = desk.request("burglary"), late = desk.request("burglary");
  good.common.iat = sim::kStart;
  good.common.exp = sim::kStart + days{7};
  late.common.iat = sim::kStart - days{9};
  late.common.exp = sim::kStart - days{2};
  for (wire::Request* request : {&good, &late}) {
    request->footage = {sim::kStart - 120min, sim::kStart - 110min};
    REQUIRE(desk.receive(*request).ok());
  }
  REQUIRE(desk.docket->reconsider().ok());
  desk.clock.at += days{1};
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.state(good.id).phase == Phase::received);
  CHECK(desk.state(good.id).close_at == Instant{});

  desk.clock.right = true;
  REQUIRE(desk.docket->reconsider().ok());
  CHECK(desk.state(good.id).phase == Phase::releasing);
  CHECK(desk.state(good.id).subject.received == desk.clock.now());
  CHECK(desk.state(good.id).close_at == sim::kStart + days{1} + sim::kAnswersAfter);
  CHECK(desk.state(late.id).outcome == "refused");
}

TEST_CASE("a month's clips are counted as they are committed") {
  Desk desk;
  std::vector<std::string> ids;
  for (int i = 0; i <= sim::kClipsPerMonth; ++i) {
    ids.push_back(desk.offered("burglary"));
    desk.clock.at += 1min;
  }
  const std::string last = ids.back();
  ids.pop_back();
  for (const std::string& id : ids) CHECK(desk.state(id).pieces.size() == 1);
  CHECK(desk.state(last).outcome == "refused");
  // What was taken back was given all the same; the next month begins anew.
  REQUIRE(desk.docket->apply(ids[0], release::event::Revoked{"alex"}).ok());
  CHECK(desk.state(desk.offered("burglary")).outcome == "refused");
  desk.clock.at += days{7};
  CHECK(desk.state(desk.offered("burglary")).outcome.empty());
}

TEST_CASE("work that was under way together cannot overdraw the month") {
  Desk desk;
  std::vector<Grant> grants;
  for (int i = 0; i < 3; ++i) desk.offered("burglary");
  for (int i = 0; i < 2; ++i) {
    desk.ask("burglary");
    auto step = desk.docket->reconsider();
    REQUIRE(step.ok());
    for (Effect& effect : step->effects) {
      if (auto* cut = std::get_if<release::effect::Cut>(&effect.effect)) {
        desk.in_work.insert(effect.request);
        grants.push_back(std::move(cut->grant));
      }
    }
  }
  REQUIRE(grants.size() == 2);
  REQUIRE(desk.docket->sealed({desk.sealed(grants[0])}).ok());
  const auto second = desk.docket->sealed({desk.sealed(grants[1])});
  REQUIRE(second.ok());
  CHECK(count<release::effect::Offer>(*second) == 0);
  CHECK(count<release::effect::DropSealed>(*second) == 1);
  CHECK(desk.state(grants[1].terms().release_id).outcome == "refused");
}

TEST_CASE("who paused may resume, or all together; nothing is judged meanwhile") {
  Desk desk;
  REQUIRE(desk.docket->pause("alex").ok());
  CHECK(absl::IsFailedPrecondition(desk.docket->pause("alex")));
  const std::string id = desk.judged("burglary");
  CHECK(desk.state(id).phase == Phase::received);
  desk.open();
  CHECK(*desk.docket->paused_by() == std::vector<std::string>{"alex"});
  CHECK(absl::IsPermissionDenied(desk.docket->resume({"sam"})));
  CHECK(absl::IsPermissionDenied(desk.docket->resume({})));
  CHECK(desk.docket->resume({"sam", "alex"}).ok());
  CHECK(absl::IsFailedPrecondition(desk.docket->resume({"alex"})));
  CHECK(desk.docket->blocked()->empty());
  REQUIRE(desk.docket->reconsider().ok());
  CHECK(desk.state(id).phase == Phase::releasing);
}

TEST_CASE("sharing stays paused until each who paused has resumed, or all together do") {
  Desk desk;
  const std::uint64_t size = *desk.ledger->size();
  REQUIRE(desk.docket->pause("alex").ok());
  REQUIRE(desk.docket->pause("sam").ok());
  CHECK(absl::IsFailedPrecondition(desk.docket->pause("sam")));
  CHECK(*desk.ledger->size() == size + 2);
  desk.open();
  CHECK(*desk.docket->paused_by() == std::vector<std::string>{"alex", "sam"});
  REQUIRE(desk.docket->resume({"alex"}).ok());
  CHECK(*desk.docket->paused_by() == std::vector<std::string>{"sam"});
  CHECK(!desk.docket->blocked()->empty());
  CHECK(absl::IsPermissionDenied(desk.docket->resume({"alex"})));
  REQUIRE(desk.docket->resume({"sam"}).ok());
  CHECK(desk.docket->paused_by()->empty());
  CHECK(desk.docket->blocked()->empty());
  CHECK(*desk.ledger->size() == size + 4);

  REQUIRE(desk.docket->pause("sam").ok());
  REQUIRE(desk.docket->pause("alex").ok());
  CHECK(desk.docket->resume({"alex", "sam"}).ok());
  CHECK(desk.docket->blocked()->empty());
}

TEST_CASE("who paused and is gone is replaced by all who are left") {
  Desk desk;
  REQUIRE(desk.docket->pause("chris").ok());  // a resident then
  CHECK(absl::IsPermissionDenied(desk.docket->resume({"alex"})));
  // Who paused as well cannot lift the pause of somebody else.
  REQUIRE(desk.docket->pause("alex").ok());
  REQUIRE(desk.docket->resume({"alex"}).ok());
  CHECK(absl::IsPermissionDenied(desk.docket->resume({"alex"})));
  CHECK(desk.docket->resume({"alex", "sam"}).ok());
}

TEST_CASE("a result that cannot be written is made again, not forgotten") {
  Desk desk;
  const std::string id = desk.ask("burglary");
  auto step = desk.docket->reconsider();
  REQUIRE(step.ok());
  REQUIRE(count<release::effect::Cut>(*step) == 1);
  desk.in_work.insert(id);
  auto& cut = std::get<release::effect::Cut>(step->effects.front().effect);
  const std::uint64_t size = *desk.ledger->size();
  CHECK(!desk.docket->sealed({desk.sealed(cut.grant, false)}).ok());
  CHECK(*desk.ledger->size() == size);
  CHECK(desk.state(id).pieces.front().state == PieceState::working);

  auto tick = desk.docket->tick();  // the worker seems to hold it
  REQUIRE(tick.ok());
  CHECK(count<release::effect::Cut>(*tick) == 0);
  desk.in_work.clear();
  desk.clock.at += kRedoEvery - 1us;
  CHECK(count<release::effect::Cut>(*desk.docket->tick()) == 0);
  desk.clock.at += 1us;
  CHECK(count<release::effect::Cut>(*desk.docket->tick()) == 1);
  CHECK(count<release::effect::Cut>(*desk.docket->tick()) == 0);  // not in a hot loop
}

TEST_CASE("a clip whose result was lost is begun once, also beside another one that is on offer") {
  Desk desk;
  wire::Request asked = desk.request("burglary");
  asked.cameras = {"drive", "front"};
  REQUIRE(desk.receive(asked).ok());
  auto step = desk.docket->reconsider();
  REQUIRE(step.ok());
  REQUIRE(count<release::effect::Cut>(*step) == 2);
  auto& cut = std::get<release::effect::Cut>(step->effects.front().effect);
  REQUIRE(desk.docket->sealed({desk.sealed(cut.grant)}).ok());
  CHECK(count<release::effect::Cut>(*desk.docket->tick()) == 1);
}

TEST_CASE("a request that an error left unjudged is judged later, when nothing blocks") {
  Desk desk;
  REQUIRE(desk.docket->tick().ok());
  const std::string id = desk.ask("burglary");
  REQUIRE(desk.docket->pause("alex").ok());
  desk.clock.at += kRedoEvery;
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.state(id).phase == Phase::received);
  REQUIRE(desk.docket->resume({"alex"}).ok());
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.state(id).phase == Phase::received);  // not in a hot loop
  desk.clock.at += kRedoEvery;
  CHECK(count<release::effect::Cut>(*desk.docket->tick()) == 1);
  CHECK(desk.state(id).phase == Phase::releasing);
}

TEST_CASE("what was agreed to and an error left waiting is begun later") {
  Desk desk;
  const std::string one = desk.judged("vehicle_theft");
  const std::string all = desk.judged("arson");
  REQUIRE(desk.docket->pause("alex").ok());
  for (const std::string& id : {one, all}) {
    REQUIRE(desk.docket->apply(id, release::event::Answered{"sam", true}).ok());
    REQUIRE(desk.state(id).pieces.front().state == PieceState::waiting);
  }
  REQUIRE(desk.docket->resume({"alex"}).ok());
  const auto changes = [&] { return *desk.database->one<std::int64_t>("SELECT total_changes()"); };
  const auto tick = desk.docket->tick();
  REQUIRE(tick.ok());
  CHECK(count<release::effect::Cut>(*tick) == 1);
  CHECK(desk.state(one).phase == Phase::releasing);
  CHECK(desk.state(all).phase == Phase::asking);
  // Who still has to be asked costs no write.
  desk.in_work.insert(one);
  const std::int64_t before = changes();
  desk.clock.at += kRedoEvery;
  CHECK(desk.docket->tick()->effects.empty());
  CHECK(changes() == before);
}

TEST_CASE("while the log cannot be signed nothing is judged or begun, and the household is told") {
  Desk desk;
  const std::string working = desk.ask("burglary");
  auto step = desk.docket->reconsider();
  REQUIRE(step.ok());
  REQUIRE(count<release::effect::Cut>(*step) == 1);
  auto& cut = std::get<release::effect::Cut>(step->effects.front().effect);
  {
    auto transaction = desk.database->begin();
    REQUIRE(desk.ledger->checkpoint_now(ledger::Audience::home, desk.clock.now()).ok());
    REQUIRE(transaction->commit().ok());
  }
  REQUIRE(desk.database->run("UPDATE ledger_node SET hash = zeroblob(32)").ok());
  CHECK(!desk.docket->sealed({desk.sealed(cut.grant)}).ok());
  REQUIRE(desk.ledger->refused());
  const std::string unjudged = desk.judged("burglary");
  for (int i = 0; i < 3; ++i) {
    const auto tick = desk.docket->tick();
    REQUIRE(tick.ok());
    CHECK(count<release::effect::Cut>(*tick) == 0);
    desk.clock.at += kRedoEvery;
  }
  CHECK(desk.state(unjudged).phase == Phase::received);
  CHECK(desk.docket->blocked()->find("the log") == 0);
  desk.clock.at += sim::kAnswersAfter;
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.told(unjudged) == std::vector<std::string>{"received", "closed"});
  CHECK(desk.state(working).pieces.front().state == PieceState::lapsed);
}

TEST_CASE("beyond a day's requests of one agency nothing is taken but a list that revokes") {
  Desk desk;
  const wire::Request first = desk.request("burglary");
  REQUIRE(desk.receive(first).ok());
  desk.fill_the_day(first.id);
  const auto rows = [&](std::string_view table) {
    return *desk.database->one<int>(fmt::format("SELECT count(*) FROM {}", table));
  };
  const std::uint64_t size = *desk.ledger->size();
  const sim::OfficerKeys& colleague = *desk.world.officers[1];
  wire::Request beyond = desk.world.request(colleague, "burglary", first.footage, desk.clock.now());
  beyond.revocation_list = desk.list_that_revokes(desk.officer());
  const auto step = desk.receive(beyond, colleague);
  REQUIRE(step.ok());
  CHECK(absl::IsResourceExhausted(step->answer));
  CHECK(step->effects.empty());
  CHECK(step->mail.empty());
  CHECK(*desk.ledger->size() == size);
  CHECK(rows("requests") == kRequestsPerDayMax);
  CHECK(rows("trust_seen") == 1);
  CHECK(rows("outgoing") == 1);
  CHECK(*desk.database->one<int>("SELECT seq FROM trust_list") == 2);
  // A repeat is one, and another agency has its own.
  CHECK(desk.receive(first)->answer.ok());
  const sim::OfficerKeys& other = *desk.world.officers[2];
  CHECK(desk.receive(desk.world.request(other, "burglary", first.footage, desk.clock.now()), other)
            ->answer.ok());
  // The same request, when it is repeated a day later.
  desk.clock.at += days{1};
  CHECK(absl::IsResourceExhausted(desk.receive(beyond, colleague)->answer));
  desk.clock.at += 1us;
  CHECK(desk.receive(beyond, colleague)->answer.ok());
  CHECK(desk.docket->find(beyond.id).ok());
}

TEST_CASE("one request that cannot be read keeps no other waiting") {
  Desk desk;
  const std::string damaged = desk.ask("burglary");
  desk.clock.at += 1s;
  const std::string good = desk.ask("burglary");
  REQUIRE(
      desk.database->run("UPDATE requests SET phase = 'nonsense' WHERE id = ?", {damaged}).ok());
  const auto step = desk.docket->reconsider();
  REQUIRE(step.ok());
  CHECK(message_of(step->answer).find(damaged) != std::string_view::npos);
  CHECK(count<release::effect::Cut>(*step) == 1);
  CHECK(desk.state(good).phase == Phase::releasing);
  CHECK(!desk.docket->find(damaged).ok());
}

TEST_CASE("where the house says why, it says no more than a word") {
  Desk desk;
  policy::Policy saying = *desk.world.rules;
  saying.always.say_reason = true;
  desk.use(std::make_shared<const policy::Policy>(std::move(saying)));
  using Words = std::vector<std::string>;

  const std::string unknown = desk.judged("littering");
  CHECK(desk.told(unknown) == Words{"received", "refused rules"});

  const std::string asked = desk.judged("vehicle_theft");
  REQUIRE(desk.docket->apply(asked, release::event::Answered{"sam", false}).ok());
  CHECK(desk.told(asked) == Words{"received", "pending", "refused residents"});

  const std::string silent = desk.judged("vehicle_theft");
  desk.clock.at += 48h;
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.told(silent) == Words{"received", "pending", "refused no_answer"});

  const std::string empty = desk.judged("burglary");
  REQUIRE(desk.docket->apply(empty, release::event::WorkFailed{1, "nothing there", true}).ok());
  CHECK(desk.told(empty) == Words{"received", "processing", "failed no_footage"});
}

TEST_CASE("every word has the same size on the wire") {
  Desk desk;
  policy::Policy saying = *desk.world.rules;
  saying.always.say_reason = true;
  desk.use(std::make_shared<const policy::Policy>(std::move(saying)));
  const std::string unknown = desk.judged("littering");
  const std::string asked = desk.judged("vehicle_theft");
  REQUIRE(desk.docket->apply(asked, release::event::Answered{"sam", false}).ok());
  std::set<std::size_t> sizes;
  for (const Letter& letter : desk.letters()) {
    sizes.insert(letter.sealed.size());
  }
  CHECK(sizes.size() == 1);
}

}  // namespace
}  // namespace latchstring::state
