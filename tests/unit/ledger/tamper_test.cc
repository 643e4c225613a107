// A database that was changed, cut, forked or replaced by an older copy is found out.
#include <filesystem>

#include "gateway/ledger/ledger.h"
#include "tests/support/catch.h"
#include "tests/unit/ledger/house.h"

namespace latchstring::ledger {
namespace {

using test::House;
using test::kHash;

void fill(House& house, int count = 40) {
  for (int i = 0; i < count; ++i) house.append(Request{kHash, "received"});
}

TEST_CASE("any change of a stored row is DataLoss at start") {
  for (const char* change :
       {"UPDATE ledger_leaf SET line = replace(line, 'received', 'closed') WHERE idx = 7",
        "UPDATE ledger_leaf SET line = line || ' ' WHERE idx = 39",
        "DELETE FROM ledger_leaf WHERE idx = 3", "DELETE FROM ledger_leaf WHERE idx = 39",
        "UPDATE ledger_leaf SET idx = 100 WHERE idx = 39",
        "INSERT INTO ledger_leaf (idx, line) VALUES (40, '{}')",
        "UPDATE ledger_node SET hash = zeroblob(32) WHERE level = 0 AND idx = 5",
        "UPDATE ledger_node SET hash = zeroblob(32) WHERE level = 5 AND idx = 0",
        "UPDATE ledger_node SET hash = zeroblob(31) WHERE level = 1 AND idx = 0",
        "DELETE FROM ledger_node WHERE level = 2 AND idx = 9",
        "INSERT INTO ledger_node VALUES (6, 0, zeroblob(32))",
        "INSERT INTO ledger_node VALUES (70, 0, zeroblob(32))",
        "UPDATE ledger_node SET level = -1 WHERE level = 5",
        "UPDATE ledger_checkpoint SET note = replace(note, '40', '41')",
        "UPDATE ledger_checkpoint SET note = ''"}) {
    INFO(change);
    House house;
    fill(house);
    REQUIRE(house.checkpoint().ok());
    REQUIRE(house.reopen().ok());
    house.tamper(change);
    CHECK(absl::IsDataLoss(house.reopen()));
  }
}

TEST_CASE("a history that was rewritten whole, with a tree that fits it, is found out") {
  House house;
  fill(house);
  REQUIRE(house.checkpoint().ok());
  const std::string signed_before = (*house.ledger().newest())->note;
  house.tamper("DELETE FROM ledger_leaf");
  house.tamper("DELETE FROM ledger_node");
  fill(house, 41);
  SECTION("with the checkpoint still there") {
    CHECK(absl::IsDataLoss(house.reopen()));
  }
  SECTION("and the checkpoint taken away, but remembered outside") {
    house.tamper("DELETE FROM ledger_checkpoint");
    CHECK(house.reopen().ok());  // nothing is left that could tell
    CHECK(absl::IsDataLoss(house.reopen(signed_before)));
  }
  SECTION("while the program runs") {
    CHECK(absl::IsDataLoss(house.checkpoint().status()));
    CHECK(house.ledger().refused());
    CHECK(absl::IsDataLoss(house.checkpoint().status()));
  }
}

TEST_CASE("an older copy of the database is found out by what was signed since") {
  House house;
  fill(house);
  REQUIRE(house.checkpoint().ok());
  house.close();
  const Path copy = house.file().string() + ".copy";
  std::filesystem::copy_file(house.file(), copy);
  house.open_again();
  REQUIRE(house.reopen().ok());
  fill(house, 3);
  const std::string seen = house.checkpoint()->note;
  house.close();
  std::filesystem::copy_file(copy, house.file(), std::filesystem::copy_options::overwrite_existing);
  house.open_again();

  SECTION("from the file beside it") {
    CHECK(absl::IsDataLoss(house.reopen(seen)));
  }
  SECTION("from a requester, and for good") {
    REQUIRE(house.reopen().ok());
    CHECK(house.ledger().check_seen((*house.ledger().newest())->note).ok());
    CHECK(!house.ledger().refused());
    CHECK(absl::IsDataLoss(house.ledger().check_seen(seen)));
    CHECK(house.ledger().refused());
    CHECK(absl::IsDataLoss(house.checkpoint().status()));
    fill(house, 10);  // what happens is still written down
    CHECK(absl::IsDataLoss(house.checkpoint().status()));
    CHECK(absl::IsDataLoss(house.reopen()));
  }
}

TEST_CASE("a stranger's checkpoint refuses nothing") {
  House house;
  fill(house, 2);
  const proof::Checkpoint huge{"abcdefghij/latchstring/log1", 1'000'000, {}};
  const std::string forged = *proof::sign_checkpoint(huge, test::make_key(9));
  CHECK(absl::IsPermissionDenied(house.ledger().check_seen(forged)));
  CHECK(!house.ledger().check_seen("no note").ok());
  CHECK(!house.ledger().refused());
  CHECK(house.checkpoint().ok());
}

TEST_CASE("another ledger key does not go on where one signed before") {
  House house;
  fill(house, 2);
  REQUIRE(house.checkpoint().ok());
  CHECK(absl::IsDataLoss(house.reopen({}, 2)));
}

TEST_CASE("a detail record that was exchanged does not show") {
  House house;
  house.append(Approval{kHash, "no"}, "rrrrrrrrrr", "alex said no");
  house.tamper("UPDATE ledger_detail SET record = 'sam said no'");
  CHECK(absl::IsDataLoss(house.ledger().show({}).status()));
}

}  // namespace
}  // namespace latchstring::ledger
