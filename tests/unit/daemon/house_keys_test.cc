#include "gateway/daemon/house_keys.h"

#include "gateway/base/status.h"
#include "gateway/state/schema.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::daemon {
namespace {

struct Home {
  test::TemporaryFolder folder;
  config::Config config;

  Home() {
    config.state_dir = folder.path();
    const std::string recipient = crypto::age::Identity::generate().recipient().text();
    REQUIRE(write_file_durably(config.archive_recipient_file(), recipient + "\n").ok());
    const auto database = state::open_database(config.database());
    REQUIRE(state::keep_setting(**database, "gateway-id", "aaaaaaaaaa").ok());
  }
  // As one start of the daemon.
  absl::StatusOr<std::unique_ptr<HouseKeys>> start() const {
    LS_ASSIGN(const auto keyring, crypto::Keyring::open(config.keyring()));
    LS_ASSIGN(const auto database, state::open_database(config.database()));
    return open_house_keys(config, *keyring, *database);
  }
  Path file(const std::string& name) const { return config.keyring() / (name + ".key"); }
};

TEST_CASE("a house keeps its keys over every start") {
  const Home home;
  const auto first = home.start();
  INFO(first.status().ToString());
  REQUIRE(first.ok());
  const auto second = home.start();
  REQUIRE(second.ok());
  CHECK((*first)->gateway_id == (*second)->gateway_id);
  CHECK((*first)->signing.verify_key() == (*second)->signing.verify_key());
  CHECK((*first)->inbox.recipient() == (*second)->inbox.recipient());
}

TEST_CASE("a key that is missing is not made anew: the house would be another one") {
  for (const std::string name : {"gateway-signing", "ledger-signing", "inbox"}) {
    const Home home;
    REQUIRE(home.start().ok());
    const std::string before = *read_file(home.file(name), 10'000);
    REQUIRE(remove_durably(home.file(name)).ok());
    for (int start = 0; start < 2; ++start) {
      const auto keys = home.start();
      REQUIRE(absl::IsFailedPrecondition(keys.status()));
      const std::string words(keys.status().message());
      CHECK(words.find("`" + name + "` is missing") != std::string::npos);
      CHECK(words.find(home.file(name).string()) != std::string::npos);
      CHECK(words.find("backup") != std::string::npos);
      CHECK(!std::filesystem::exists(home.file(name)));
    }
    REQUIRE(write_file_durably(home.file(name), before, 0600).ok());
    CHECK(home.start().ok());
  }
}

TEST_CASE("an emptied database is not a new house") {
  const Home home;
  REQUIRE(home.start().ok());
  std::filesystem::resize_file(home.config.database(), 0);
  for (int start = 0; start < 2; ++start) {
    const auto keys = home.start();
    REQUIRE(absl::IsFailedPrecondition(keys.status()));
    CHECK(keys.status().message().find("is empty: restore it") != std::string_view::npos);
  }
}

TEST_CASE("another key under the same name is refused, and says so") {
  for (const std::string name : {"gateway-signing", "ledger-signing", "inbox"}) {
    const Home home;
    REQUIRE(home.start().ok());
    {
      const auto keyring = crypto::Keyring::open(home.config.keyring());
      REQUIRE((*keyring)->store(name, crypto::Secret::random(32)).ok());
    }
    const auto keys = home.start();
    REQUIRE(absl::IsFailedPrecondition(keys.status()));
    CHECK(keys.status().message().find("another one than before") != std::string_view::npos);
  }
}

TEST_CASE("a house that was made before public keys were remembered starts, and remembers") {
  const Home home;
  REQUIRE(home.start().ok());
  {
    const auto database = state::open_database(home.config.database());
    REQUIRE((*database)->run("DELETE FROM settings WHERE name LIKE 'public-key:%'").ok());
  }
  REQUIRE(home.start().ok());
  REQUIRE(remove_durably(home.file("inbox")).ok());
  CHECK(absl::IsFailedPrecondition(home.start().status()));
}

}  // namespace
}  // namespace latchstring::daemon
