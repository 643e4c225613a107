// Whose PIN is new: what their yes is worth, and that it is kept.
#include "tests/unit/state/desk.h"

namespace latchstring::state {
namespace {

constexpr std::string_view kAskedOne = "vehicle_theft";

absl::Status say_yes(Desk& desk, const std::string& id, const std::string& resident) {
  return desk.docket->apply(id, release::event::Answered{resident, true}).status();
}

TEST_CASE("a yes that does not count yet is kept, and counts as soon as it does") {
  Desk desk;
  House& house = desk.docket->house();
  house.waiting["sam"] = desk.clock.now() + sim::hours{24};
  const std::string id = desk.judged(std::string(kAskedOne));
  REQUIRE(desk.state(id).phase == release::Phase::asking);
  REQUIRE(say_yes(desk, id, "sam").ok());
  CHECK(desk.state(id).phase == release::Phase::asking);
  desk.open();  // as after a crash
  desk.docket->house().waiting["sam"] = desk.clock.now() + sim::hours{24};
  REQUIRE(desk.docket->reconsider().ok());
  CHECK(desk.state(id).phase == release::Phase::asking);
  desk.docket->house().waiting.clear();
  REQUIRE(desk.docket->reconsider().ok());
  CHECK(desk.state(id).phase == release::Phase::releasing);
}

TEST_CASE("a no of who has a new PIN counts at once, and so does a yes of another") {
  Desk desk;
  desk.docket->house().waiting["sam"] = desk.clock.now() + sim::hours{24};
  const std::string refused = desk.judged(std::string(kAskedOne));
  REQUIRE(desk.docket->apply(refused, release::event::Answered{"sam", false}).ok());
  CHECK(desk.state(refused).outcome == "refused");
  const std::string given = desk.judged(std::string(kAskedOne));
  REQUIRE(say_yes(desk, given, "alex").ok());
  CHECK(desk.state(given).phase == release::Phase::releasing);
}

TEST_CASE("who paused and has a new PIN may not resume yet, neither alone nor beside others") {
  Desk desk;
  REQUIRE(desk.docket->pause("sam").ok());
  desk.docket->house().waiting["sam"] = Instant{};
  const absl::Status waits = desk.docket->resume({"sam"});
  CHECK(absl::IsPermissionDenied(waits));
  CHECK(message_of(waits) ==
        "the PIN of `sam` is new: their yes counts 24 hours after the clock is right");
  CHECK(absl::IsPermissionDenied(desk.docket->resume({"alex", "sam"})));
  desk.docket->house().waiting["sam"] = desk.clock.now();
  CHECK(message_of(desk.docket->resume({"sam"})).find("their yes counts from ") !=
        std::string_view::npos);
  desk.docket->house().waiting.clear();
  CHECK(desk.docket->resume({"sam"}).ok());
}

TEST_CASE("PINs of before the database was brought up to date count as they did") {
  Desk desk;
  {
    auto residents = trust::Residents::open(*desk.database, desk.clock);
    REQUIRE((*residents)->add("alex", "$hash").ok());
  }
  for (const std::string_view column : {"yes_from", "reset_hash", "reset_at"}) {
    REQUIRE(
        desk.database->run(fmt::format("ALTER TABLE trust_resident DROP COLUMN {}", column)).ok());
  }
  const auto version = *desk.database->one<std::int64_t>("PRAGMA user_version");
  REQUIRE(desk.database->run(fmt::format("PRAGMA user_version = {}", version - 1)).ok());
  desk.open();
  auto residents = trust::Residents::open(*desk.database, desk.clock);
  const auto all = *(*residents)->list();
  REQUIRE(all.size() == 1);
  CHECK(all.front().has_pin);
  CHECK(!all.front().yes_from);
  CHECK(!all.front().reset_at);
}

}  // namespace
}  // namespace latchstring::state
