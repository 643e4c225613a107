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

  REQUIRE(mailboxes.saw({{"aaaaaaaaaa", "dddddddddd"}, "cred", kNow}).ok());
  REQUIRE(mailboxes.saw({{"aaaaaaaaaa", "dddddddddd"}, "newer", kNow + kDay}).ok());
  CHECK(!mailboxes.saw({{"bbbbbbbbbb", "dddddddddd"}, "cred", kNow}).ok());
  CHECK(!mailboxes.saw({{"aaaaaaaaaa", "x"}, "cred", kNow}).ok());
  CHECK((*mailboxes.device({"aaaaaaaaaa", "dddddddddd"}))->credential_jws == "newer");
  CHECK(!mailboxes.device({"bbbbbbbbbb", "dddddddddd"})->has_value());

  REQUIRE(mailboxes.remove("aaaaaaaaaa").ok());
  CHECK(absl::IsNotFound(mailboxes.remove("aaaaaaaaaa")));
  CHECK(mailboxes.devices("aaaaaaaaaa")->empty());
  CHECK(mailboxes.list()->empty());
}

TEST_CASE("devices and mailboxes are limited; the device that was just seen stays") {
  Town town;
  Mailboxes mailboxes(town.database());
  REQUIRE(mailboxes.add({"aaaaaaaaaa", "springfield_pd", "", kNow}).ok());
  std::string last;
  for (std::size_t i = 0; i < kDevicesMax + 5; ++i) {
    last = crypto::random_id();
    // The clock runs backwards.
    REQUIRE(mailboxes.saw({{"aaaaaaaaaa", last}, "c", kNow - seconds(i)}).ok());
    REQUIRE(mailboxes.device({"aaaaaaaaaa", last})->has_value());
  }
  CHECK(mailboxes.devices("aaaaaaaaaa")->size() == kDevicesMax);
  for (std::size_t i = 1; i < kMailboxesMax; ++i) {
    REQUIRE(mailboxes.add({crypto::random_id(), "springfield_pd", "", kNow}).ok());
  }
  CHECK(
      absl::IsResourceExhausted(mailboxes.add({crypto::random_id(), "springfield_pd", "", kNow})));
}

}  // namespace
}  // namespace latchstring::trust
