#include "gateway/store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/status.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::store {
namespace {

const Schema kSchema{"test file",
                     {"CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB)"}};

struct Fixture {
  test::TemporaryFolder folder;
  Path path = folder.path() / "test.db";
  std::unique_ptr<Database> db = *Database::open(path, kSchema);

  std::int64_t count() { return *db->one<std::int64_t>("SELECT count(*) FROM thing"); }
};

TEST_CASE("values come back as they were bound, null and empty told apart") {
  Fixture f;
  const Bytes data{0, 1, 255};
  REQUIRE(f.db->run("INSERT INTO thing VALUES (?, ?, ?)", {1, "a'b\"c", data}).ok());
  REQUIRE(f.db->run("INSERT INTO thing VALUES (?, ?, ?)", {2, std::nullopt, Bytes{}}).ok());
  REQUIRE(f.db->run("INSERT INTO thing VALUES (?, ?, ?)",
                    {INT64_MAX, std::optional<std::string>("x"), std::optional<Bytes>()})
              .ok());
  CHECK(f.db->last_insert_id() == INT64_MAX);
  int rows = 0;
  REQUIRE(f.db->query("SELECT id, name, data FROM thing ORDER BY id", {},
                      [&](const Row& row) {
                        ++rows;
                        if (row.get<std::int64_t>(0) == 1) {
                          CHECK(row.get<std::string>(1) == "a'b\"c");
                          CHECK(row.get<Bytes>(2) == data);
                        } else if (row.get<std::int64_t>(0) == 2) {
                          CHECK(row.get<std::optional<std::string>>(1) == std::nullopt);
                          CHECK(row.get<std::optional<Bytes>>(2) == Bytes{});
                        } else {
                          CHECK(row.get<std::optional<std::string>>(1) == "x");
                          CHECK(row.get<std::optional<Bytes>>(2) == std::nullopt);
                        }
                        return absl::OkStatus();
                      })
              .ok());
  CHECK(rows == 3);
}

TEST_CASE("a column of another type is damage, not a default value") {
  Fixture f;
  REQUIRE(f.db->run("INSERT INTO thing VALUES (1, 'text', 5000000000)").ok());
  CHECK(absl::IsDataLoss(f.db->one<std::int64_t>("SELECT name FROM thing").status()));
  CHECK(absl::IsDataLoss(f.db->one<Bytes>("SELECT name FROM thing").status()));
  CHECK(absl::IsDataLoss(f.db->one<int>("SELECT data FROM thing").status()));
  CHECK(absl::IsDataLoss(f.db->one<bool>("SELECT data FROM thing").status()));
  CHECK(absl::IsDataLoss(f.db->one<std::string>("SELECT NULL").status()));
  CHECK(absl::IsNotFound(f.db->one<int>("SELECT id FROM thing WHERE id = 9").status()));
  CHECK(*f.db->find<int>("SELECT id FROM thing WHERE id = 9") == std::nullopt);
}

TEST_CASE("errors are values: constraints, wrong SQL, an error from the callback") {
  Fixture f;
  REQUIRE(*f.db->change("INSERT INTO thing (name) VALUES ('a'), ('b')") == 2);
  CHECK(absl::IsFailedPrecondition(f.db->run("INSERT INTO thing (name) VALUES ('a')")));
  CHECK(absl::IsInternal(f.db->run("NO SUCH STATEMENT")));
  CHECK(absl::IsInternal(f.db->run("INSERT INTO thing (name) VALUES (?)", {"x", "too many"})));
  int calls = 0;
  CHECK(absl::IsPermissionDenied(f.db->query("SELECT id FROM thing", {}, [&](const Row&) {
    ++calls;
    return denied("stop");
  })));
  CHECK(calls == 1);
  CHECK(f.count() == 2);
}

TEST_CASE("the same SQL may run again inside its own callback") {
  Fixture f;
  REQUIRE(f.db->run("INSERT INTO thing (name) VALUES ('a'), ('b')").ok());
  const char* sql = "SELECT id FROM thing";
  int rows = 0;
  REQUIRE(f.db->query(sql, {},
                      [&](const Row&) {
                        return f.db->query(sql, {}, [&](const Row&) {
                          ++rows;
                          return absl::OkStatus();
                        });
                      })
              .ok());
  CHECK(rows == 4);
}

TEST_CASE("a transaction is kept by commit and by nothing else") {
  Fixture f;
  {
    auto transaction = f.db->begin();
    REQUIRE(transaction.ok());
    REQUIRE(f.db->run("INSERT INTO thing (name) VALUES ('gone')").ok());
  }
  CHECK(f.count() == 0);
  {
    auto transaction = f.db->begin();
    REQUIRE(f.db->run("INSERT INTO thing (name) VALUES ('kept')").ok());
    CHECK(f.db->in_transaction());
    REQUIRE(transaction->commit().ok());
  }
  CHECK(!f.db->in_transaction());
  CHECK(f.count() == 1);
}

TEST_CASE("after a failed statement in a transaction nothing more is written outside it") {
  Fixture f;
  auto transaction = f.db->begin();
  REQUIRE(f.db->run("INSERT INTO thing VALUES (1, 'a', NULL)").ok());
  // OR ROLLBACK ends the transaction as a full disk does.
  CHECK(!f.db->run("INSERT OR ROLLBACK INTO thing VALUES (1, 'b', NULL)").ok());
  CHECK(absl::IsUnavailable(f.db->run("INSERT INTO thing VALUES (2, 'c', NULL)")));
  CHECK(absl::IsUnavailable(transaction->commit()));
  { const Transaction ends_here = *std::move(transaction); }
  CHECK(f.count() == 0);
  CHECK(f.db->run("INSERT INTO thing VALUES (2, 'c', NULL)").ok());
}

TEST_CASE("of a full disk is said where it is and what to do") {
  Fixture f;
  // As SQLite itself sees a full disk: no page more than there are.
  REQUIRE(f.db->find<std::int64_t>("PRAGMA max_page_count = 1").ok());
  const absl::Status status =
      f.db->run("INSERT INTO thing VALUES (1, 'a', ?)", {Bytes(100'000, 1)});
  REQUIRE(absl::IsResourceExhausted(status));
  const std::string words(message_of(status));
  CHECK(words.find("`" + f.path.string() + "`: the disk is full; make room") != std::string::npos);
  REQUIRE(f.db->find<std::int64_t>("PRAGMA max_page_count = 100000").ok());
  CHECK(f.db->run("INSERT INTO thing VALUES (1, 'a', ?)", {Bytes(100'000, 1)}).ok());
}

TEST_CASE("what was committed outlives kill -9, what was not does not") {
  Fixture f;
  f.db.reset();
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto db = *Database::open(f.path, kSchema);
    {
      auto transaction = *db->begin();
      (void)db->run("INSERT INTO thing (name) VALUES ('committed')");
      (void)transaction.commit();
    }
    auto transaction = *db->begin();
    (void)db->run("INSERT INTO thing (name) VALUES ('open')");
    (void)!::write(ready[1], "x", 1);
    ::pause();
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  f.db = *Database::open(f.path, kSchema);
  CHECK(f.count() == 1);
  CHECK(*f.db->one<std::string>("SELECT name FROM thing") == "committed");
}

TEST_CASE("migrations run once, in order; a newer file is refused in words") {
  Fixture f;
  REQUIRE(f.db->run("INSERT INTO thing (name) VALUES ('old')").ok());
  f.db.reset();
  Schema newer = kSchema;
  newer.migrations.push_back("ALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 7");
  for (int i = 0; i < 2; ++i) {
    auto db = Database::open(f.path, newer);
    REQUIRE(db.ok());
    CHECK(*(*db)->one<int>("SELECT size FROM thing") == 7);
  }
  const absl::Status old = Database::open(f.path, kSchema).status();
  CHECK(absl::IsFailedPrecondition(old));
  CHECK(old.ToString().find("newer") != std::string::npos);
}

TEST_CASE("a migration that fails leaves the file as it was") {
  Fixture f;
  f.db.reset();
  Schema broken = kSchema;
  broken.migrations.push_back("CREATE TABLE more (id); NO SUCH STATEMENT");
  CHECK(!Database::open(f.path, broken).ok());
  f.db = *Database::open(f.path, kSchema);
  CHECK(*f.db->one<int>("SELECT count(*) FROM sqlite_master WHERE name = 'more'") == 0);
}

TEST_CASE("a file of another kind is refused, and not touched") {
  Fixture f;
  f.db.reset();
  const absl::Status status = Database::open(f.path, {"other file", {}}).status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(Database::open(f.path, kSchema).ok());
}

TEST_CASE("a damaged file is DataLoss and names the file") {
  Fixture f;
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(f.db->run("INSERT INTO thing (name) VALUES (?)",
                      {std::string(50, 'x') + fmt::format("{}", i)})
                .ok());
  }
  f.db.reset();
  const auto fd = open_file(f.path, O_RDWR);
  REQUIRE(pwrite_all(fd->get(), Bytes(3000, 0xa5), 4096 * 3).ok());
  const absl::Status status = Database::open(f.path, kSchema).status();
  CHECK(absl::IsDataLoss(status));
  CHECK(status.ToString().find(f.path.string()) != std::string::npos);
  REQUIRE(write_file_durably(f.path, std::string(8192, 'j')).ok());
  CHECK(absl::IsDataLoss(Database::open(f.path, kSchema).status()));
}

TEST_CASE("nobody else may read the file") {
  const Fixture f;
  struct stat found {};
  REQUIRE(::stat(f.path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

}  // namespace
}  // namespace latchstring::store
