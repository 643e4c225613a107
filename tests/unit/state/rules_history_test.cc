#include "gateway/state/rules_history.h"

#include "tests/unit/state/desk.h"

namespace latchstring::state {
namespace {

AcceptedRules rules(std::string text) {
  return {std::move(text),
          {{"keys/pd.jwk", "key"}},
          {{"front", "rtsp://one"}},
          "kernel",
          "39.924000,-83.809000"};
}

struct History {
  History() : now(desk.clock.now()) {}
  RulesHistory history() { return RulesHistory(*desk.database); }
  std::vector<std::string> replaced() {
    std::vector<std::string> texts;
    const std::vector<ReplacedRules> all = *history().replaced();
    for (const ReplacedRules& each : all) texts.push_back(each.rules.text);
    return texts;
  }
  using Texts = std::vector<std::string>;

  Desk desk;
  Instant now;
};

TEST_CASE("what was replaced is kept as it was for 24 hours, also over a restart") {
  History house;
  CHECK(!*house.history().newest());
  REQUIRE(house.history().accept(rules("a"), house.now).ok());
  REQUIRE(house.history().accept(rules("a"), house.now).ok());
  CHECK(house.replaced().empty());
  AcceptedRules next = rules("b");
  next.key_files["keys/pd.jwk"] = "another";
  next.sources["front"] = "rtsp://two";
  next.clock = "assumed";
  REQUIRE(house.history().accept(next, house.now).ok());
  house.desk.open();
  CHECK(**house.history().newest() == next);
  const auto kept = *house.history().replaced();
  REQUIRE(kept.size() == 1);
  CHECK(kept.front().rules == rules("a"));
  CHECK(kept.front().at == house.now);
  REQUIRE(house.history().pass(house.now + kReplacedCountFor - Duration{1}).ok());
  CHECK(house.replaced() == History::Texts{"a"});
  REQUIRE(house.history().pass(house.now + kReplacedCountFor).ok());
  CHECK(house.replaced().empty());
  CHECK(**house.history().newest() == next);
}

TEST_CASE("a change of a key file, a source, the clock or the place alone is a change") {
  for (const int change : {0, 1, 2, 3}) {
    History house;
    REQUIRE(house.history().accept(rules("a"), house.now).ok());
    AcceptedRules next = rules("a");
    if (change == 0) next.key_files["keys/pd.jwk"] = "another";
    if (change == 1) next.sources["front"] = "rtsp://two";
    if (change == 2) next.clock = "assumed";
    if (change == 3) next.home = "39.924001,-83.809000";
    REQUIRE(house.history().accept(next, house.now).ok());
    CHECK(house.replaced() == History::Texts{"a"});
  }
}

TEST_CASE("each of several edits counts for its own 24 hours") {
  History house;
  REQUIRE(house.history().accept(rules("a"), house.now).ok());
  REQUIRE(house.history().accept(rules("b"), house.now + sim::hours{1}).ok());
  REQUIRE(house.history().accept(rules("c"), house.now + sim::hours{2}).ok());
  CHECK(house.replaced() == History::Texts{"a", "b"});
  REQUIRE(house.history().pass(house.now + sim::hours{25}).ok());
  CHECK(house.replaced() == History::Texts{"b"});
  REQUIRE(house.history().forget_replaced().ok());
  CHECK(house.replaced().empty());
  CHECK((*house.history().newest())->text == "c");
}

TEST_CASE("what was replaced while the clock was not right counts from when it is") {
  History house;
  REQUIRE(house.history().accept(rules("a"), Instant{}).ok());
  REQUIRE(house.history().accept(rules("b"), Instant{}).ok());
  REQUIRE(house.history().leave("sam", Instant{}).ok());
  CHECK(house.history().replaced()->front().at == Instant{});
  REQUIRE(house.history().pass(house.now).ok());
  CHECK(house.history().replaced()->front().at == house.now);
  CHECK(house.history().leaving()->at("sam").since == house.now);
}

TEST_CASE("so many versions in a day are too many, and nothing is changed then") {
  History house;
  for (std::size_t i = 0; i <= kReplacedMax; ++i) {
    REQUIRE(house.history().accept(rules(fmt::format("{}", i)), house.now).ok());
  }
  const absl::Status full = house.history().accept(rules("one more"), house.now);
  CHECK(absl::IsResourceExhausted(full));
  CHECK((*house.history().newest())->text == fmt::format("{}", kReplacedMax));
  CHECK(house.replaced().size() == kReplacedMax);
}

TEST_CASE("who was taken out leaves for seven days from the first time") {
  History house;
  REQUIRE(house.history().leave("sam", house.now).ok());
  REQUIRE(house.history().leave("sam", house.now + sim::days{3}).ok());
  REQUIRE(house.history().leave("kim", house.now).ok());
  REQUIRE(house.history().stay("kim").ok());
  CHECK(house.history().leaving()->size() == 1);
  CHECK(!house.history().leaving()->at("sam").agreed);
  REQUIRE(house.history().agree_to_leave("kim", house.now).ok());
  REQUIRE(house.history().leave("kim", house.now).ok());  // only then out of the rules
  CHECK(house.history().leaving()->at("kim").agreed);
  REQUIRE(house.history().pass(house.now + kLeavesFor - Duration{1}).ok());
  CHECK(house.history().leaving()->contains("sam"));
  REQUIRE(house.history().pass(house.now + kLeavesFor).ok());
  CHECK(house.history().leaving()->empty());
}

// --- in a decision ---

Earlier earlier(sim::Rules rules) {
  return {std::move(rules), {}, Instant{}};
}

TEST_CASE("rules that were replaced still refuse, and hide, what they did") {
  Desk desk;
  desk.docket->house().earlier = {earlier(desk.world.closed)};
  const std::string refused = desk.judged("burglary");
  CHECK(desk.state(refused).outcome == "refused");
  desk.docket->house().earlier = {earlier(desk.world.strict)};
  const std::string asked = desk.judged("burglary");  // automatic by the present ones
  CHECK(desk.state(asked).phase == release::Phase::asking);
  desk.docket->house().earlier.clear();
  CHECK(desk.state(desk.judged("burglary")).phase == release::Phase::releasing);
}

TEST_CASE("what rules that were replaced do not know they refuse") {
  Desk desk;
  Earlier moved = earlier(desk.world.rules);
  for (const auto& each : desk.world.rules->cameras) moved.strange_cameras.insert(each.first);
  desk.docket->house().earlier = {moved};
  CHECK(desk.state(desk.judged("burglary")).outcome == "refused");
  desk.docket->house().earlier = {Earlier{}};  // cannot be read any more
  CHECK(desk.state(desk.judged("burglary")).outcome == "refused");
  // The same agency under another key.
  auto other = std::make_shared<policy::Policy>(*desk.world.rules);
  other->agencies.at(desk.officer().agency->id).key = crypto::SigningKey::generate().verify_key();
  desk.docket->house().earlier = {earlier(other)};
  CHECK(desk.state(desk.judged("burglary")).outcome == "refused");
  desk.docket->house().earlier = {earlier(desk.world.rules)};
  CHECK(desk.state(desk.judged("burglary")).phase == release::Phase::releasing);
}

TEST_CASE("who agreed to be gone is asked by no rules") {
  Desk desk;
  House& house = desk.docket->house();
  auto before = std::make_shared<policy::Policy>(*desk.world.rules);
  before->residents.emplace_back("kim");
  house.earlier = {earlier(before)};
  CHECK(household_of(house).has("kim"));
  house.left = {"kim"};
  CHECK(!household_of(house).has("kim"));
  CHECK(household_of(house).residents.size() == 2);
}

TEST_CASE("a clock that is trusted more than it was must be right by both") {
  Desk desk;
  bool was_right = false;
  desk.docket->house().clock_of_before = [&] { return was_right; };
  const std::string id = desk.judged("burglary");
  CHECK(desk.state(id).phase == release::Phase::received);
  was_right = true;
  REQUIRE(desk.docket->reconsider().ok());
  CHECK(desk.state(id).phase == release::Phase::releasing);
}

TEST_CASE("the strictest of all rules that count limits what is open, said and kept") {
  Desk desk;
  House& house = desk.docket->house();
  auto other = std::make_shared<policy::Policy>(*desk.world.rules);
  other->always.delete_after = desk.world.rules->always.delete_after - sim::hours{1};
  other->always.say_reason = !desk.world.rules->always.say_reason;
  house.earlier = {earlier(other)};
  CHECK(delete_after(house) == other->always.delete_after);
  CHECK(!says_why(house));
  other->always.open_requests_per_agency = 1;
  (void)desk.ask("burglary");
  CHECK(desk.state(desk.ask("burglary")).outcome == "not judged");
  house.earlier.clear();
  CHECK(says_why(house) == desk.world.rules->always.say_reason);
  CHECK(desk.state(desk.ask("burglary")).outcome.empty());
}

}  // namespace
}  // namespace latchstring::state
