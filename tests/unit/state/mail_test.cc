#include "gateway/state/mail.h"

#include "tests/unit/state/desk.h"

namespace latchstring::state {
namespace {

TEST_CASE("letters keep their bytes and numbers until they are acknowledged") {
  Desk desk;
  desk.ask("burglary");
  desk.ask("burglary");
  const auto before = desk.letters();
  REQUIRE(before.size() == 2);
  desk.open();
  const auto after = desk.letters();
  REQUIRE(after.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(after.at(i).seq == before.at(i).seq);
    CHECK(after.at(i).sealed == before.at(i).sealed);
  }
  CHECK(desk.docket->mail().peers()->size() == 1);
  const wire::Peer stranger{"policepoli", "someoneels"};
  REQUIRE(desk.docket->mail().acknowledge(stranger, before.at(0).seq).ok());
  CHECK(desk.letters().size() == 2);
  REQUIRE(desk.docket->mail().acknowledge(desk.officer().peer, before.at(0).seq).ok());
  const auto left = desk.letters();
  REQUIRE(left.size() == 1);
  CHECK(left.front().seq == before.at(1).seq);
}

TEST_CASE("a number is new once, for each officer and device, also after a restart") {
  Desk desk;
  const auto is_new = [&](std::string_view officer, std::string_view device, std::uint64_t seq) {
    return *desk.docket->mail().is_new(officer, device, seq);
  };
  CHECK(is_new("pat", "one", 5));
  CHECK(!is_new("pat", "one", 5));
  CHECK(is_new("pat", "two", 5));
  CHECK(is_new("quinn", "one", 5));
  CHECK(is_new("pat", "one", 4));  // late, not seen yet
  desk.open();
  CHECK(!is_new("pat", "one", 4));
  CHECK(!is_new("pat", "one", 5));
  CHECK(is_new("pat", "one", 6));
  CHECK(is_new("pat", "one", 1'000'000));
  CHECK(!is_new("pat", "one", 7));  // so far below that it counts as seen
  CHECK(!is_new("pat", "one", 0));
}

TEST_CASE("letters to a mailbox that is no more go; the numbers stay") {
  Desk desk;
  trust::Mailboxes mailboxes(*desk.database);
  REQUIRE(mailboxes.add({desk.officer().peer.mailbox, "police", "", desk.clock.now()}).ok());
  desk.ask("burglary");
  REQUIRE(desk.docket->mail().drop_undeliverable().ok());
  REQUIRE(desk.letters().size() == 1);
  const std::uint64_t last = desk.letters().back().seq;
  REQUIRE(mailboxes.remove(desk.officer().peer.mailbox).ok());
  REQUIRE(desk.docket->mail().drop_undeliverable().ok());
  CHECK(desk.letters().empty());
  CHECK(desk.docket->mail().peers()->empty());
  // Its devices know which numbers they have seen, should it come back under its name.
  desk.ask("burglary");
  CHECK(desk.letters().back().seq == last + 1);
}

TEST_CASE("a letter that has expired still opens for who goes by its number") {
  Desk desk;
  desk.ask("burglary");
  const Letter letter = desk.letters().front();
  const auto& gateway = desk.world.gateway.verify_key();
  const auto& officer = desk.officer();
  const Instant much_later = desk.clock.now() + kControlLifetime + sim::days{1};
  CHECK(
      !wire::open_control(letter.sealed, officer.identity, gateway, officer.thumbprint, much_later)
           .ok());
  const auto kept =
      wire::open_kept_control(letter.sealed, officer.identity, gateway, officer.thumbprint);
  REQUIRE(kept.ok());
  CHECK(kept->seq == letter.seq);
}

TEST_CASE("a number is never used twice, also where nothing is kept") {
  Desk desk;
  const std::string id = desk.ask("burglary");
  const Addressee to{desk.officer().peer,
                     desk.officer().thumbprint,
                     {desk.officer().identity.recipient().text()},
                     {}};
  const auto once = desk.docket->mail().seal_once(to, wire::Cancel{id}, desk.clock.now());
  REQUIRE(once.ok());
  const auto seq_of = [&](ByteView sealed) {
    const std::string compact = *wire::open_message(sealed, desk.officer().identity);
    return wire::decode_control(crypto::peek_jws(compact)->payload)->seq;
  };
  const std::uint64_t first = desk.letters().front().seq;
  CHECK(seq_of(*once) == first + 1);
  desk.ask("burglary");
  CHECK(desk.letters().back().seq == first + 2);
}

}  // namespace
}  // namespace latchstring::state
