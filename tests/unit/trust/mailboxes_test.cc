#include "gateway/trust/mailboxes.h"

#include "tests/support/catch.h"
#include "tests/unit/trust/town.h"

namespace latchstring::trust {
namespace {

using namespace test;

TEST_CASE("a mailbox is one agency's, until it is removed with its devices") {
  Town town;
  Mailboxes mailboxes(town.database());
  REQUIRE(mailboxes.add({"aaaaaaaaaa", "springfield_pd", "$7$hash", kNow}).ok());
  CHECK(!mailboxes.add({"aaaaaaaaaa", "county_fire", "", kNow}).ok());
  CHECK(!mailboxes.add({"not an id", "county_fire", "", kNow}).ok());
  CHECK(mailboxes.find("aaaaaaaaaa")->agency == "springfield_pd");
  CHECK(mailboxes.find("aaaaaaaaaa")->made == kNow);
  CHECK(absl::IsNotFound(mailboxes.find("bbbbbbbbbb").status()));

  REQUIRE(mailboxes.saw({{"aaaaaaaaaa", "dddddddddd"}, "pat", "cred", kNow}).ok());
  REQUIRE(mailboxes.saw({{"aaaaaaaaaa", "dddddddddd"}, "pat", "newer", kNow + kDay}).ok());
  CHECK(!mailboxes.saw({{"bbbbbbbbbb", "dddddddddd"}, "pat", "cred", kNow}).ok());
  CHECK(!mailboxes.saw({{"aaaaaaaaaa", "x"}, "pat", "cred", kNow}).ok());
  CHECK((*mailboxes.device({"aaaaaaaaaa", "dddddddddd"}))->credential_jws == "newer");
  CHECK(!mailboxes.device({"bbbbbbbbbb", "dddddddddd"})->has_value());

  REQUIRE(mailboxes.remove("aaaaaaaaaa").ok());
  CHECK(absl::IsNotFound(mailboxes.remove("aaaaaaaaaa")));
  CHECK(mailboxes.devices("aaaaaaaaaa")->empty());
  CHECK(mailboxes.list()->empty());
}

TEST_CASE("a device is the officer's who showed it first") {
  Town town;
  Mailboxes mailboxes(town.database());
  REQUIRE(mailboxes.add({"aaaaaaaaaa", "springfield_pd", "", kNow}).ok());
  const wire::Peer peer{"aaaaaaaaaa", "dddddddddd"};
  CHECK(absl::IsPermissionDenied(mailboxes.check_shown(peer, "pat")));  // before any HELLO
  REQUIRE(mailboxes.saw({peer, "pat", "cred", kNow}).ok());
  CHECK(mailboxes.check_shown(peer, "pat").ok());
  CHECK(absl::IsPermissionDenied(mailboxes.check_shown(peer, "quinn")));
  CHECK(absl::IsPermissionDenied(mailboxes.check_shown({"aaaaaaaaaa", "eeeeeeeeee"}, "pat")));
  // A colleague in the same mailbox cannot make it theirs.
  CHECK(absl::IsPermissionDenied(mailboxes.saw({peer, "quinn", "other", kNow})));
  CHECK(mailboxes.check_shown(peer, "pat").ok());
  CHECK((*mailboxes.device(peer))->credential_jws == "cred");
}

TEST_CASE("the hash of a mailbox's password can be replaced") {
  Town town;
  Mailboxes mailboxes(town.database());
  REQUIRE(mailboxes.add({"aaaaaaaaaa", "springfield_pd", "$7$old", kNow}).ok());
  REQUIRE(mailboxes.set_password_hash("aaaaaaaaaa", "$7$new").ok());
  CHECK(mailboxes.find("aaaaaaaaaa")->password_hash == "$7$new");
  CHECK(absl::IsNotFound(mailboxes.set_password_hash("bbbbbbbbbb", "$7$new")));
}

TEST_CASE("a colleague with many devices pushes out only their own, and takes no other's name") {
  Town town;
  Mailboxes mailboxes(town.database());
  REQUIRE(mailboxes.add({"aaaaaaaaaa", "springfield_pd", "", kNow}).ok());
  const wire::Peer pats{"aaaaaaaaaa", "dddddddddd"};
  const wire::Peer quinns{"aaaaaaaaaa", "qqqqqqqqqq"};
  REQUIRE(mailboxes.saw({pats, "pat", "cred", kNow - kDay}).ok());
  REQUIRE(mailboxes.saw({quinns, "quinn", "c", kNow}).ok());
  std::string last;
  for (std::size_t i = 1; i < 5 * kOfficerDevicesMax; ++i) {
    last = crypto::random_id();
    REQUIRE(mailboxes.saw({{"aaaaaaaaaa", last}, "quinn", "c", kNow + seconds(i)}).ok());
    REQUIRE(mailboxes.device({"aaaaaaaaaa", last})->has_value());
    CHECK(mailboxes.device(quinns)->has_value() == (i < kOfficerDevicesMax));  // the oldest goes
  }
  CHECK(mailboxes.devices("aaaaaaaaaa")->size() == kOfficerDevicesMax + 1);
  CHECK(absl::IsPermissionDenied(mailboxes.saw({pats, "quinn", "other", kNow + kDay})));
  CHECK(mailboxes.check_shown(pats, "pat").ok());
  CHECK(mailboxes.saw({pats, "pat", "newer", kNow + kDay}).ok());
}

TEST_CASE("the devices of an officer are limited; the one that was just seen stays") {
  Town town;
  Mailboxes mailboxes(town.database());
  REQUIRE(mailboxes.add({"aaaaaaaaaa", "springfield_pd", "", kNow}).ok());
  for (std::size_t i = 0; i < kOfficerDevicesMax + 5; ++i) {
    const std::string last = crypto::random_id();
    // The clock runs backwards.
    REQUIRE(mailboxes.saw({{"aaaaaaaaaa", last}, "pat", "c", kNow - seconds(i)}).ok());
    REQUIRE(mailboxes.device({"aaaaaaaaaa", last})->has_value());
  }
  CHECK(mailboxes.devices("aaaaaaaaaa")->size() == kOfficerDevicesMax);
}

TEST_CASE("a full mailbox takes no new officer, and serves those that it knows") {
  Town town;
  Mailboxes mailboxes(town.database());
  REQUIRE(mailboxes.add({"aaaaaaaaaa", "springfield_pd", "", kNow}).ok());
  REQUIRE(mailboxes.add({"bbbbbbbbbb", "county_fire", "", kNow}).ok());
  const wire::Peer first{"aaaaaaaaaa", "dddddddddd"};
  REQUIRE(mailboxes.saw({first, "pat", "cred", kNow}).ok());
  for (std::size_t i = 1; i < kDevicesMax; ++i) {
    const Device device{
        {"aaaaaaaaaa", crypto::random_id()}, fmt::format("officer {}", i), "c", kNow + seconds(i)};
    REQUIRE(mailboxes.saw(device).ok());
  }
  const wire::Peer late{"aaaaaaaaaa", "eeeeeeeeee"};
  const auto refused = mailboxes.saw({late, "robin", "c", kNow + kDay});
  CHECK(absl::IsFailedPrecondition(refused));
  CHECK(message_of(refused).find("`springfield_pd`") != std::string_view::npos);
  CHECK(!mailboxes.device(late)->has_value());
  CHECK(mailboxes.devices("aaaaaaaaaa")->size() == kDevicesMax);
  CHECK(mailboxes.saw({{"bbbbbbbbbb", "eeeeeeeeee"}, "robin", "c", kNow}).ok());

  CHECK(mailboxes.saw({first, "pat", "newer", kNow + kDay}).ok());
  // An officer's new device takes the place of their old one.
  CHECK(mailboxes.saw({late, "pat", "c", kNow + kDay}).ok());
  CHECK(!mailboxes.device(first)->has_value());
  CHECK(mailboxes.devices("aaaaaaaaaa")->size() == kDevicesMax);
}

TEST_CASE("the number of mailboxes is limited") {
  Town town;
  Mailboxes mailboxes(town.database());
  for (std::size_t i = 0; i < kMailboxesMax; ++i) {
    REQUIRE(mailboxes.add({crypto::random_id(), "springfield_pd", "", kNow}).ok());
  }
  CHECK(
      absl::IsResourceExhausted(mailboxes.add({crypto::random_id(), "springfield_pd", "", kNow})));
}

}  // namespace
}  // namespace latchstring::trust
