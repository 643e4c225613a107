#include "gateway/state/schema.h"

#include <sys/stat.h>

#include "gateway/state/rules_history.h"
#include "tests/unit/state/desk.h"

namespace latchstring::state {
namespace {

std::string fault_of(const Path& path) {
  return std::string(message_of(open_database(path).status()));
}

bool says(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

TEST_CASE("settings are kept, replaced and dropped") {
  Desk desk;
  CHECK(!*find_setting(*desk.database, "colour"));
  REQUIRE(keep_setting(*desk.database, "colour", "red").ok());
  REQUIRE(keep_setting(*desk.database, "colour", "blue").ok());
  desk.open();
  CHECK(**find_setting(*desk.database, "colour") == "blue");
  REQUIRE(drop_setting(*desk.database, "colour").ok());
  REQUIRE(drop_setting(*desk.database, "colour").ok());
  CHECK(!*find_setting(*desk.database, "colour"));
}

TEST_CASE("the database is for its owner alone") {
  Desk desk;
  struct stat found {};
  REQUIRE(::stat(desk.path().c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("a newer schema and a damaged file are refused in words, and left as they are") {
  Desk desk;
  desk.ask("burglary");
  REQUIRE(desk.database->run("PRAGMA user_version = 9999", {}).ok());
  desk.docket.reset();
  desk.ledger.reset();
  desk.database.reset();
  CHECK(says(fault_of(desk.path()), "newer"));
  CHECK(says(fault_of(desk.path()), "state.db"));

  const Path garbage = desk.folder.path() / "garbage.db";
  const std::string bytes(10'000, 'x');
  REQUIRE(write_file_durably(garbage, bytes, 0600).ok());
  CHECK(says(fault_of(garbage), "garbage.db"));
  CHECK(*read_file(garbage, 20'000) == bytes);
}

// And the steps after it.
void undo_accepted_rules(store::Database& database) {
  for (const std::string_view table : {"accepted_part", "accepted_rules", "leaving_resident"}) {
    REQUIRE(database.run(fmt::format("DROP TABLE {}", table)).ok());
  }
  REQUIRE(database.run("ALTER TABLE requests DROP COLUMN area").ok());
  for (const std::string_view column : {"yes_from", "reset_hash", "reset_at"}) {
    REQUIRE(database.run(fmt::format("ALTER TABLE trust_resident DROP COLUMN {}", column)).ok());
  }
}

TEST_CASE("the last valid rules of before are the newest that were accepted") {
  Desk desk;
  undo_accepted_rules(*desk.database);
  REQUIRE(keep_setting(*desk.database, "last-valid-rules", "text").ok());
  REQUIRE(keep_setting(*desk.database, "last-valid-key:keys/pd.jwk", "key").ok());
  REQUIRE(desk.database->run("PRAGMA user_version = 3").ok());
  desk.open();
  const auto newest = RulesHistory(*desk.database).newest();
  REQUIRE(newest.ok());
  REQUIRE(*newest);
  CHECK((*newest)->text == "text");
  CHECK((*newest)->key_files == std::map<std::string, std::string>{{"keys/pd.jwk", "key"}});
  CHECK(!*find_setting(*desk.database, "last-valid-rules"));
}

TEST_CASE("what devices said before the database was brought up to date does not count as new") {
  Desk desk;
  trust::Mailboxes mailboxes(*desk.database);
  REQUIRE(mailboxes.add({"aaaaaaaaaa", "police", "", desk.clock.now()}).ok());
  const wire::Peer peer{"aaaaaaaaaa", "dddddddddd"};
  REQUIRE(mailboxes.saw({peer, "pat", "c", desk.clock.now()}).ok());
  REQUIRE(*desk.docket->mail().is_new("pat", "dddddddddd", 3, desk.clock.now()));
  REQUIRE(desk.database->run("ALTER TABLE incoming_seq DROP COLUMN newest").ok());
  undo_accepted_rules(*desk.database);
  REQUIRE(desk.database->run("PRAGMA user_version = 2").ok());
  desk.open();
  REQUIRE(desk.database->run("DELETE FROM trust_device").ok());
  Mail& mail = desk.docket->mail();
  REQUIRE(mail.forget_devices("aaaaaaaaaa", "pat").ok());
  const Instant before = desk.clock.now() + trust::kSkewMax;
  CHECK(!*mail.is_new("pat", "dddddddddd", 4, before));
  CHECK(*mail.is_new("pat", "dddddddddd", 4, before + Duration{1}));
}

TEST_CASE("what a full disk refuses to write did not happen") {
  Desk desk;
  const std::string id = desk.ask("vehicle_theft");
  REQUIRE(desk.docket->reconsider().ok());
  // As SQLite itself sees a full disk: no page more than there are.
  REQUIRE(desk.database->run("PRAGMA max_page_count = 1", {}).ok());
  const std::uint64_t size = *desk.ledger->size();
  bool failed = false;
  for (int i = 0; i < 50 && !failed; ++i) {
    failed = !desk.receive(desk.request("burglary")).ok();
    desk.clock.at += std::chrono::seconds{1};
  }
  CHECK(failed);
  CHECK(desk.docket->find(id).ok());
  CHECK(*desk.ledger->size() >= size);
  REQUIRE(desk.database->run("PRAGMA max_page_count = 100000", {}).ok());
  const std::size_t letters = desk.letters().size();
  CHECK(*desk.ledger->size() > 0);
  desk.ask("burglary");
  CHECK(desk.letters().size() == letters + 1);
}

}  // namespace
}  // namespace latchstring::state
