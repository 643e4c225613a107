// What is on offer: under which number it left, what takes it back, whose receipt stands.
#include "tests/unit/state/desk.h"

namespace latchstring::state {
namespace {

using namespace std::chrono_literals;
using release::PieceState;
using sim::days;

std::vector<Grant> cuts_of(Step& step) {
  std::vector<Grant> grants;
  for (Effect& effect : step.effects) {
    if (auto* cut = std::get_if<release::effect::Cut>(&effect.effect)) {
      grants.push_back(std::move(cut->grant));
    }
  }
  return grants;
}

// The newest offer that the officer got.
wire::Offer offer_in(const Desk& desk) {
  wire::Offer offer;
  for (const Letter& letter : desk.letters()) {
    const auto control =
        wire::open_control(letter.sealed, desk.officer().identity, desk.world.gateway.verify_key(),
                           desk.officer().thumbprint, desk.clock.now());
    REQUIRE(control.ok());
    if (const auto* found = std::get_if<wire::Offer>(&control->command)) offer = *found;
  }
  return offer;
}

std::string receipt(const Desk& desk, const std::string& delivery_sha256) {
  wire::Receipt object;
  object.common = wire::new_common(desk.officer().key, sim::kGateway, desk.clock.now(), days{30});
  object.delivery_sha256 = delivery_sha256;
  return crypto::sign_jws(desk.officer().key, wire::kTypReceipt, wire::encode(object));
}

TEST_CASE("the first piece that leaves is number 1, whatever became of the others") {
  Desk desk;
  wire::Request asked = desk.request("burglary");
  asked.cameras = {"drive", "front"};
  REQUIRE(desk.receive(asked).ok());
  auto step = desk.docket->reconsider();
  REQUIRE(step.ok());
  const std::vector<Grant> grants = cuts_of(*step);
  REQUIRE(grants.size() == 2);
  REQUIRE(grants[1].terms().piece == 2);
  const SealedClip early = desk.sealed(grants[0]);  // as number 1, like the one that comes first
  REQUIRE(desk.docket->sealed({desk.sealed(grants[1])}).ok());
  const wire::Offer offer = offer_in(desk);
  CHECK(offer.piece == 1);
  CHECK(offer.leaf.find(R"("piece":1)") != std::string::npos);
  CHECK(*desk.docket->clips(asked.id) == std::map<int, int>{{2, 1}});
  // The number is taken: nothing is offered under it twice.
  CHECK_FALSE(desk.docket->sealed({early}).ok());
  CHECK(desk.state(asked.id).pieces.front().state == PieceState::working);
  REQUIRE(desk.docket->sealed({desk.sealed(grants[0])}).ok());
  CHECK(offer_in(desk).piece == 2);
}

TEST_CASE("what the rules hash to is told to the household, not to who gets the offer") {
  Desk desk;
  const std::string id = desk.offered("burglary");
  const std::string rules = desk.docket->house().rules->sha256;
  REQUIRE(rules.size() == 64);
  const wire::Offer offer = offer_in(desk);
  CHECK(offer.leaf.find(rules) == std::string::npos);
  CHECK(offer.leaf.find("policy") == std::string::npos);
  const auto leaves = desk.ledger->show({.about = id, .event = "release_commit"});
  REQUIRE(leaves.ok());
  REQUIRE(leaves->size() == 1);
  CHECK(leaves->front().leaf.line == offer.leaf);
  CHECK(leaves->front().detail == "under the rules with SHA-256 " + rules);
}

TEST_CASE("a second receipt changes nothing, and is not answered twice") {
  Desk desk;
  const std::string id = desk.offered("burglary");
  const std::string delivery = crypto::sha256_hex(offer_in(desk).delivery);
  const std::string first = receipt(desk, delivery);
  REQUIRE(desk.docket->store_receipt(desk.officer().thumbprint, delivery, first).ok());
  CHECK(desk.state(id).pieces.front().state == PieceState::delivered);
  const std::size_t letters = desk.letters().size();
  const std::uint64_t size = *desk.ledger->size();
  REQUIRE(desk.docket->store_receipt(desk.officer().thumbprint, delivery, receipt(desk, delivery))
              .ok());
  CHECK(desk.letters().size() == letters);
  CHECK(*desk.ledger->size() == size);
  CHECK(*desk.database->one<std::string>("SELECT receipt FROM deliveries") == first);
  CHECK(absl::IsPermissionDenied(
      desk.docket->store_receipt("another", delivery, receipt(desk, delivery)).status()));
}

TEST_CASE("an offer ends with the rules that permit it, without anybody touching them") {
  Desk desk;
  const std::string id = desk.offered("burglary");
  auto ended = std::make_shared<policy::Policy>(*desk.world.rules);
  ended->ends = desk.clock.now() + days{2};
  desk.use(ended);
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.state(id).pieces.front().state == PieceState::offered);
  desk.clock.at += days{2};
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.state(id).pieces.front().state == PieceState::revoked);
}

TEST_CASE("a list that another officer's request brings takes a revoked officer's offer back") {
  Desk desk;
  const std::string id = desk.offered("burglary");
  REQUIRE(desk.docket->tick().ok());
  REQUIRE(desk.state(id).pieces.front().state == PieceState::offered);
  desk.clock.at += 1s;
  REQUIRE(desk.receive_with(desk.list_that_revokes(desk.officer())).ok());
  REQUIRE(desk.docket->tick().ok());
  CHECK(desk.state(id).pieces.front().state == PieceState::revoked);
}

TEST_CASE("a gift taken back while the clock is far behind: the letter has not expired") {
  Desk desk;
  release::Subject gift;
  gift.id = crypto::random_id();
  gift.is_gift = true;
  gift.agency = desk.officer().agency->id;
  gift.cameras = {"front"};
  gift.purpose = "burglary";
  gift.footage = {desk.clock.now() - 120min, desk.clock.now() - 110min};
  gift.received = desk.clock.now();
  REQUIRE(desk.docket->give(gift, {"alex", "sam"}).ok());
  trust::Officer officer;
  officer.agency = gift.agency;
  officer.badge = "4217";
  officer.thumbprint = desk.officer().thumbprint;
  officer.credential_jws = desk.officer().credential;
  officer.credential =
      *wire::decode_credential(crypto::peek_jws(desk.officer().credential)->payload);
  auto met = desk.docket->meet(officer, desk.officer().peer);
  REQUIRE(met.ok());
  std::vector<Grant> grants = cuts_of(*met);
  REQUIRE(grants.size() == 1);
  REQUIRE(desk.docket->sealed({desk.sealed(grants.front())}).ok());

  desk.clock.right = false;
  desk.clock.wrong_by = -days{400};
  REQUIRE(desk.docket->apply(gift.id, release::event::Revoked{"sam"}).ok());
  REQUIRE(desk.state(gift.id).pieces.front().state == PieceState::revoked);
  int taken_back = 0;
  for (const Letter& letter : desk.letters()) {
    const auto control =
        wire::open_control(letter.sealed, desk.officer().identity, desk.world.gateway.verify_key(),
                           desk.officer().thumbprint, desk.clock.true_now());
    INFO(message_of(control.status()));
    REQUIRE(control.ok());
    taken_back += std::holds_alternative<wire::Revoke>(control->command) ? 1 : 0;
  }
  CHECK(taken_back == 1);
}

TEST_CASE("what others were given since takes no offer back") {
  Desk desk;
  std::vector<std::string> ids;
  for (int i = 0; i < sim::kClipsPerMonth; ++i) ids.push_back(desk.offered("burglary"));
  REQUIRE(desk.docket->reconsider().ok());
  for (const std::string& id : ids) {
    CHECK(desk.state(id).pieces.front().state == PieceState::offered);
  }
}

TEST_CASE("looking again at what has not changed writes nothing") {
  Desk desk;
  desk.offered("burglary");
  const auto changes = [&] { return *desk.database->one<std::int64_t>("SELECT total_changes()"); };
  const std::int64_t before = changes();
  REQUIRE(desk.docket->reconsider().ok());
  CHECK(changes() == before);
}

}  // namespace
}  // namespace latchstring::state
