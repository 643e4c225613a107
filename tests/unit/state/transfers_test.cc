#include "gateway/state/transfers.h"

#include "tests/unit/state/desk.h"

namespace latchstring::state {
namespace {

TEST_CASE("what was taken back is told of until its offer would have ended, then it goes") {
  Desk desk;
  const std::string kept = desk.offered("burglary");
  const std::string revoked = desk.offered("burglary");
  Transfers& transfers = desk.docket->transfers();
  const auto& officer = desk.officer();
  const auto live = [&] { return *transfers.live(officer.peer, officer.thumbprint, 256); };
  const auto id_of = [&](const std::string& request) {
    return transfers.of_piece(request, 1)->front().id;
  };
  CHECK(live().offered == std::vector<std::string>{id_of(revoked), id_of(kept)});
  const std::string id = id_of(revoked);
  REQUIRE(desk.docket->apply(revoked, release::event::Revoked{"alex"}).ok());
  CHECK(live().revoked == std::vector<std::string>{id});
  CHECK(live().offered == std::vector<std::string>{id_of(kept)});

  desk.clock.at += release::kOfferLifetime - sim::seconds{1};
  CHECK(transfers.remove_ended(desk.clock.now())->empty());
  CHECK(live().revoked.size() == 1);
  desk.clock.at += sim::seconds{1};
  CHECK(*transfers.remove_ended(desk.clock.now()) == std::vector<std::string>{id});
  CHECK(live().revoked.empty());
  CHECK(transfers.remove_ended(desk.clock.now())->empty());
  // What was not taken back is its own story.
  CHECK(transfers.all()->size() == 1);
}

TEST_CASE("STATE names the newest, at most so many, and only the officer's own") {
  Desk desk;
  std::vector<std::string> requests;
  for (int i = 0; i < 3; ++i) requests.push_back(desk.offered("burglary"));
  Transfers& transfers = desk.docket->transfers();
  const auto& officer = desk.officer();
  const auto two = transfers.live(officer.peer, officer.thumbprint, 2);
  REQUIRE(two.ok());
  REQUIRE(two->offered.size() == 2);
  CHECK(two->offered[0] == transfers.of_piece(requests[2], 1)->front().id);
  CHECK(two->offered[1] == transfers.of_piece(requests[1], 1)->front().id);
  const auto& other = *desk.world.officers[1];
  CHECK(transfers.live(other.peer, other.thumbprint, 2)->offered.empty());
  CHECK(transfers.live(officer.peer, other.thumbprint, 2)->offered.empty());
}

}  // namespace
}  // namespace latchstring::state
