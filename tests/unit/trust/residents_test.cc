#include "gateway/trust/residents.h"

#include "tests/support/catch.h"
#include "tests/unit/trust/town.h"

namespace latchstring::trust {
namespace {

using namespace test;

class TestClock final : public Clock {
 public:
  Instant now() const override { return wall; }
  Duration steady() const override { return since_boot; }
  bool is_right() const override { return right; }
  void pass(Duration time) {
    wall += time;
    since_boot += time;
  }
  Instant wall = kNow;
  Duration since_boot = seconds(100);
  bool right = true;
};

crypto::Secret pin(std::string_view text) {
  return crypto::Secret::copy_of(as_bytes(text));
}

struct Home {
  Town town;
  TestClock clock;
  std::unique_ptr<Residents> residents = open();

  Home() { REQUIRE(residents->add("alex", "$hash").ok()); }
  std::unique_ptr<Residents> open() {
    auto opened = Residents::open(town.database(), clock);
    REQUIRE(opened.ok());
    return *std::move(opened);
  }
  absl::StatusOr<Attempt> begin() {
    auto attempt = residents->begin("alex");
    if (attempt.ok()) residents->opened(*attempt);
    return attempt;
  }
  // As a joint answer whose second resident cannot be asked, or whose commit fails.
  absl::Status begin_and_roll_back() {
    const store::Transaction transaction = *town.database().begin();
    return residents->begin("alex").status();
  }
  absl::Status try_pin(bool matches) {
    const auto attempt = begin();
    if (!attempt.ok()) return attempt.status();
    return residents->finish(*attempt, matches);
  }
  bool is_locked() { return (*residents->list())[0].locked; }
};

TEST_CASE("PINs have six digits, passphrases eight characters") {
  for (const char* good : {"123456", "0000000000", "correct horse", "äöüßéñçø", "abc45678"}) {
    INFO(good);
    CHECK(check_pin_rules(pin(good)).ok());
  }
  for (const char* bad : {"12345", "", "abc123", "1234 56", "äöüß", "abcdefgh\n",
                          "\x7f"
                          "1234567"}) {
    INFO(bad);
    const absl::Status status = check_pin_rules(pin(bad));
    CHECK(absl::IsInvalidArgument(status));
    if (*bad != '\0') CHECK(message_of(status).find(bad) == std::string_view::npos);
  }
  CHECK(check_pin_rules(pin(std::string(kPinMax, 'a'))).ok());
  CHECK(!check_pin_rules(pin(std::string(kPinMax + 1, 'a'))).ok());
  CHECK(!hash_pin(pin("12345")).ok());
}

TEST_CASE("a PIN is checked against its Argon2id hash") {
  Home home;
  const auto hash = hash_pin(pin("271828"));
  REQUIRE(hash.ok());
  CHECK(hash->starts_with("$argon2id$"));
  REQUIRE(home.residents->set_pin("alex", *hash).ok());
  auto attempt = home.begin();
  REQUIRE(attempt.ok());
  CHECK(!check_pin(*attempt, pin("271829")));
  CHECK(absl::IsPermissionDenied(home.residents->finish(*attempt, false)));
  attempt = home.begin();
  REQUIRE(check_pin(*attempt, pin("271828")));
  CHECK(home.residents->finish(*attempt, true).ok());
  CHECK(absl::IsPermissionDenied(home.residents->finish(*attempt, true)));  // once
}

TEST_CASE("names, doubles and strangers") {
  Home home;
  CHECK(!home.residents->add("alex", "").ok());
  for (const char* bad : {"", "Alex", "1alex", "al ex", "a;b"}) {
    CHECK(absl::IsInvalidArgument(home.residents->add(bad, "")));
  }
  CHECK(absl::IsNotFound(home.residents->begin("sam").status()));
  CHECK(absl::IsNotFound(home.residents->set_pin("sam", "h")));
  CHECK(absl::IsNotFound(home.residents->remove("sam")));
  REQUIRE(home.residents->add("sam", "").ok());
  CHECK(absl::IsFailedPrecondition(home.residents->begin("sam").status()));
  const auto list = *home.residents->list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].has_pin);
  CHECK(list[0].pin_set == kNow);
  CHECK(!list[1].has_pin);
  CHECK(list[1].pin_set == Instant{});
}

TEST_CASE("five wrong PINs in a row lock for 15 minutes of steady time") {
  Home home;
  for (int i = 0; i < 4; ++i) CHECK(absl::IsPermissionDenied(home.try_pin(false)));
  CHECK(home.try_pin(true).ok());  // in a row: it begins anew
  for (int i = 0; i < 5; ++i) CHECK(absl::IsPermissionDenied(home.try_pin(false)));
  CHECK(home.is_locked());
  CHECK(absl::IsPermissionDenied(home.try_pin(true)));
  SECTION("setting the wall clock does not help") {
    home.clock.wall += 400 * kDay;
    CHECK(absl::IsPermissionDenied(home.try_pin(true)));
  }
  SECTION("waiting does, and then there are five again") {
    home.clock.pass(kLockFor - seconds(1));
    CHECK(absl::IsPermissionDenied(home.try_pin(true)));
    home.clock.pass(seconds(1));
    for (int i = 0; i < 4; ++i) CHECK(absl::IsPermissionDenied(home.try_pin(false)));
    CHECK(home.try_pin(true).ok());
  }
  SECTION("a new PIN ends the lock") {
    REQUIRE(home.residents->set_pin("alex", "$new").ok());
    CHECK(home.try_pin(true).ok());
  }
}

TEST_CASE("a restart does not end a lock") {
  Home home;
  for (int i = 0; i < 5; ++i) CHECK(!home.try_pin(false).ok());
  home.clock.since_boot = seconds(1);  // another boot
  SECTION("with the clock right, what is left of it stays") {
    home.clock.wall += minutes(10);
    home.residents = home.open();
    CHECK(home.is_locked());
    home.clock.pass(minutes(5));
    CHECK(home.try_pin(true).ok());
  }
  SECTION("with the clock wrong, all of it") {
    home.clock.wall += 400 * kDay;
    home.clock.right = false;
    home.residents = home.open();
    home.clock.pass(minutes(14));
    CHECK(!home.try_pin(true).ok());
    home.clock.pass(minutes(1));
    CHECK(home.try_pin(true).ok());
  }
  SECTION("with the clock set back, never longer than a lock") {
    home.clock.wall -= 400 * kDay;
    home.residents = home.open();
    home.clock.pass(kLockFor);
    CHECK(home.try_pin(true).ok());
  }
}

TEST_CASE("tries count from their beginning: at once, or with a crash between") {
  Home home;
  std::vector<Attempt> attempts;
  for (int i = 0; i < kWrongMax; ++i) attempts.push_back(*home.begin());
  CHECK(absl::IsUnavailable(home.begin().status()));
  SECTION("all wrong") {
    for (const Attempt& attempt : attempts) CHECK(!home.residents->finish(attempt, false).ok());
    CHECK(home.is_locked());
  }
  SECTION("one right among them: the open ones keep counting") {
    CHECK(home.residents->finish(attempts[0], true).ok());
    for (std::size_t i = 1; i < 5; ++i) CHECK(!home.residents->finish(attempts[i], false).ok());
    CHECK(!home.is_locked());
    CHECK(!home.try_pin(false).ok());  // the fifth
    CHECK(home.is_locked());
  }
  SECTION("a crash") {
    home.residents = home.open();
    CHECK(absl::IsPermissionDenied(home.begin().status()));
    CHECK(home.is_locked());
  }
  SECTION("a PIN changed meanwhile") {
    REQUIRE(home.residents->set_pin("alex", "$new").ok());
    CHECK(absl::IsPermissionDenied(home.residents->finish(attempts[0], true)));
  }
  SECTION("a resident removed meanwhile") {
    REQUIRE(home.residents->remove("alex").ok());
    CHECK(!home.residents->finish(attempts[0], true).ok());
  }
}

TEST_CASE("a try that was rolled back counts nowhere") {
  Home home;
  for (int i = 0; i < 2 * kWrongMax; ++i) CHECK(home.begin_and_roll_back().ok());
  SECTION("a right PIN is right, and leaves nothing behind") {
    CHECK(home.try_pin(true).ok());
    for (int i = 0; i < kWrongMax - 1; ++i) CHECK(!home.try_pin(false).ok());
    CHECK(!home.is_locked());
    CHECK(home.try_pin(true).ok());
  }
  SECTION("wrong ones are counted as ever") {
    for (int i = 0; i < kWrongMax; ++i) {
      CHECK(home.begin_and_roll_back().ok());
      CHECK(absl::IsPermissionDenied(home.try_pin(false)));
    }
    CHECK(home.is_locked());
  }
  SECTION("one with its outcome is refused") {
    const auto attempt = home.residents->begin("alex");
    REQUIRE(attempt.ok());
    CHECK(absl::IsPermissionDenied(home.residents->finish(*attempt, true)));
  }
}

TEST_CASE("a lock that has run out does not come back by a try that was rolled back") {
  Home home;
  for (int i = 0; i < kWrongMax; ++i) CHECK(!home.try_pin(false).ok());
  CHECK(!home.begin_and_roll_back().ok());
  home.clock.pass(kLockFor);
  CHECK(home.begin_and_roll_back().ok());
  CHECK(home.begin_and_roll_back().ok());
  for (int i = 0; i < kWrongMax - 1; ++i) CHECK(!home.try_pin(false).ok());
  CHECK(!home.is_locked());
  CHECK(home.try_pin(true).ok());
}

// --- PINs that somebody else may have chosen ---

Resident alex_of(const Home& home) {
  return (*home.residents->list())[0];
}

TEST_CASE("the yes of a new PIN counts after 24 hours, over a restart and another PIN") {
  Home home;
  CHECK(!alex_of(home).yes_from);
  REQUIRE(home.residents->let_wait("alex").ok());
  REQUIRE(home.residents->set_pin("alex", "$own").ok());
  CHECK(alex_of(home).yes_from == kNow + kNewPinWaits);
  home.clock.pass(kNewPinWaits - Duration{1});
  CHECK(!*home.residents->is_due());
  REQUIRE(home.residents->pass().ok());
  home.residents = home.open();
  CHECK(alex_of(home).yes_from == kNow + kNewPinWaits);
  home.clock.pass(Duration{1});
  CHECK(*home.residents->is_due());
  CHECK(home.residents->pass()->empty());
  CHECK(!alex_of(home).yes_from);
  CHECK(!*home.residents->is_due());
}

TEST_CASE("a new PIN begins another wait") {
  Home home;
  REQUIRE(home.residents->let_wait("alex").ok());
  home.clock.pass(hours(20));
  REQUIRE(home.residents->let_wait("alex").ok());
  CHECK(alex_of(home).yes_from == kNow + hours(20) + kNewPinWaits);
}

TEST_CASE("a reset takes effect after seven days, and the yes waits from then") {
  Home home;
  for (int i = 0; i < kWrongMax; ++i) CHECK(!home.try_pin(false).ok());
  REQUIRE(home.residents->begin_reset("alex", "$new").ok());
  CHECK(alex_of(home).reset_at == kNow + kResetWaits);
  CHECK(!alex_of(home).yes_from);
  CHECK(absl::IsFailedPrecondition(home.residents->begin_reset("alex", "$other")));
  home.clock.pass(kResetWaits - Duration{1});
  CHECK(!*home.residents->is_due());
  CHECK(home.residents->pass()->empty());
  CHECK(home.begin()->hash == "$hash");  // the old one works on
  home.residents = home.open();
  home.clock.pass(Duration{1});
  CHECK(*home.residents->is_due());
  CHECK(*home.residents->pass() == std::vector<std::string>{"alex"});
  const Resident alex = alex_of(home);
  CHECK(home.begin()->hash == "$new");
  CHECK(!alex.reset_at);
  CHECK(alex.pin_set == kNow + kResetWaits);
  CHECK(alex.yes_from == kNow + kResetWaits + kNewPinWaits);
  CHECK(home.residents->pass()->empty());
  CHECK(alex_of(home).yes_from == kNow + kResetWaits + kNewPinWaits);
}

TEST_CASE("a reset ends a lock when it takes effect, and refuses tries under the old PIN") {
  Home home;
  REQUIRE(home.residents->begin_reset("alex", "$new").ok());
  home.clock.pass(kResetWaits);
  const auto attempt = home.begin();
  REQUIRE(attempt.ok());
  for (int i = 0; i < kWrongMax - 1; ++i) CHECK(!home.try_pin(false).ok());
  REQUIRE(home.residents->pass()->size() == 1);
  CHECK(absl::IsPermissionDenied(home.residents->finish(*attempt, true)));
  CHECK(!home.is_locked());
}

TEST_CASE("a reset that is stopped, or overtaken by a PIN of one's own, changes nothing") {
  Home home;
  CHECK(absl::IsFailedPrecondition(home.residents->stop_reset("alex")));
  REQUIRE(home.residents->begin_reset("alex", "$new").ok());
  SECTION("stopped") {
    REQUIRE(home.residents->stop_reset("alex").ok());
    home.clock.pass(2 * kResetWaits);
    CHECK(home.residents->pass()->empty());
    CHECK(home.begin()->hash == "$hash");
  }
  SECTION("overtaken") {
    REQUIRE(home.residents->set_pin("alex", "$own").ok());
    home.clock.pass(2 * kResetWaits);
    CHECK(home.residents->pass()->empty());
    CHECK(home.begin()->hash == "$own");
  }
  CHECK(!alex_of(home).reset_at);
  CHECK(!alex_of(home).yes_from);
}

TEST_CASE("whoever has no PIN, or is a stranger, has none to reset") {
  Home home;
  REQUIRE(home.residents->add("sam", "").ok());
  CHECK(absl::IsFailedPrecondition(home.residents->begin_reset("sam", "$new")));
  CHECK(absl::IsFailedPrecondition(home.residents->begin_reset("kim", "$new")));
}

TEST_CASE(
    "while the clock is not right nothing passes, and what began then counts from when it is") {
  Home home;
  home.clock.right = false;
  REQUIRE(home.residents->let_wait("alex").ok());
  REQUIRE(home.residents->begin_reset("alex", "$new").ok());
  CHECK(alex_of(home).yes_from == Instant{});
  CHECK(alex_of(home).reset_at == Instant{});
  home.clock.pass(2 * kResetWaits);
  CHECK(!*home.residents->is_due());
  CHECK(home.residents->pass()->empty());
  CHECK(alex_of(home).yes_from == Instant{});
  home.clock.right = true;
  CHECK(*home.residents->is_due());
  CHECK(home.residents->pass()->empty());
  CHECK(alex_of(home).yes_from == home.clock.now() + kNewPinWaits);
  CHECK(alex_of(home).reset_at == home.clock.now() + kResetWaits);
  home.clock.right = false;
  home.clock.pass(2 * kResetWaits);
  CHECK(home.residents->pass()->empty());
  home.clock.right = true;
  CHECK(home.residents->pass()->size() == 1);
}

}  // namespace
}  // namespace latchstring::trust
