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
    return *desk.docket->mail().is_new(officer, device, seq, desk.clock.now());
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

// A mailbox, and the devices that it knows.
struct Known {
  explicit Known(Desk& desk) : database(*desk.database) {
    REQUIRE(trust::Mailboxes(database).add({"aaaaaaaaaa", "police", "", sim::kStart}).ok());
  }
  void add(const std::string& device, const std::string& officer) {
    const wire::Peer peer{"aaaaaaaaaa", device};
    REQUIRE(trust::Mailboxes(database).saw({peer, officer, "c", sim::kStart}).ok());
  }
  void remove(const std::string& device) {
    REQUIRE(database.run("DELETE FROM trust_device WHERE device = ?", {device}).ok());
  }
  int rows(std::string_view table) {
    return *database.one<int>(fmt::format("SELECT count(*) FROM {}", table));
  }
  store::Database& database;
};

TEST_CASE("nothing that a forgotten device said before is new again") {
  Desk desk;
  Known known(desk);
  Mail& mail = desk.docket->mail();
  const auto is_new = [&](const std::string& device, std::uint64_t seq, int minute) {
    return *mail.is_new("pat", device, seq, sim::kStart + sim::minutes{minute});
  };
  known.add("oneoneonea", "pat");
  known.add("twotwotwoa", "pat");
  CHECK(is_new("oneoneonea", 5, 1));
  CHECK(is_new("oneoneonea", 9, 3));
  CHECK(is_new("oneoneonea", 7, 2));  // on its way for longer
  CHECK(is_new("twotwotwoa", 20, 1));
  REQUIRE(*mail.is_new("quinn", "quinnquinn", 1, sim::kStart));
  known.add("quinnquinn", "quinn");
  REQUIRE(mail.forget_devices("aaaaaaaaaa", "pat").ok());
  CHECK(!is_new("oneoneonea", 5, 1));  // nobody was forgotten
  known.remove("oneoneonea");
  REQUIRE(mail.forget_devices("aaaaaaaaaa", "pat").ok());
  REQUIRE(mail.forget_devices("aaaaaaaaaa", "quinn").ok());
  CHECK(known.rows("incoming_seq") == 3);  // what was forgotten is one row
  for (const std::uint64_t seq : {5U, 7U, 9U}) CHECK(!is_new("oneoneonea", seq, 3));
  CHECK(!is_new("oneoneonea", 1'000, 3));
  CHECK(!is_new("threethree", 1, 2));
  // Who is known goes by numbers alone, and so does everybody else.
  CHECK(is_new("twotwotwoa", 21, 0));
  CHECK(*mail.is_new("quinn", "otherother", 1, sim::kStart));
  // It comes back: what it said before stays old.
  CHECK(is_new("oneoneonea", 12, 4));
  for (const std::uint64_t seq : {5U, 8U, 10U, 11U, 12U}) CHECK(!is_new("oneoneonea", seq, 3));
  CHECK(is_new("oneoneonea", 13, 5));
  // And when it goes once more.
  REQUIRE(mail.forget_devices("aaaaaaaaaa", "pat").ok());
  CHECK(!is_new("oneoneonea", 14, 5));
  CHECK(is_new("oneoneonea", 14, 6));
}

TEST_CASE("a device that comes back gets no number twice; letters that wait keep theirs") {
  Desk desk;
  Known known(desk);
  Mail& mail = desk.docket->mail();
  const auto write_to = [&](const std::string& device) {
    const Addressee to{{"aaaaaaaaaa", device},
                       desk.officer().thumbprint,
                       {desk.officer().identity.recipient().text()},
                       {}};
    REQUIRE(mail.enqueue(to, wire::ReceiptTaken{std::string(64, 'a')}, "", desk.clock.now()).ok());
    return mail.pending(to.peer)->back().seq;
  };
  known.add("twotwotwoa", "pat");
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    CHECK(write_to("oneoneonea") == seq);
    REQUIRE(mail.acknowledge({"aaaaaaaaaa", "oneoneonea"}, seq).ok());
  }
  CHECK(write_to("threethree") == 1);
  CHECK(write_to("twotwotwoa") == 1);
  REQUIRE(mail.forget_devices("aaaaaaaaaa", "pat").ok());
  CHECK(known.rows("outgoing_seq") == 3);  // one for all that was forgotten
  CHECK(write_to("twotwotwoa") == 2);
  CHECK(write_to("threethree") == 2);  // its window lies there
  CHECK(write_to("oneoneonea") == 4);
  CHECK(write_to("fourfourfo") == 4);
}

TEST_CASE("letters are read within the window that may be on its way") {
  Desk desk;
  const std::string id = desk.ask("burglary");
  const wire::Peer& peer = desk.officer().peer;
  const Addressee to{
      peer, desk.officer().thumbprint, {desk.officer().identity.recipient().text()}, {}};
  Mail& mail = desk.docket->mail();
  for (std::uint64_t seq = 2; seq <= kLettersMax + 5; ++seq) {
    REQUIRE(mail.enqueue(to, wire::ReceiptTaken{std::string(64, 'a')}, id, desk.clock.now()).ok());
  }
  const auto newest = [&] { return mail.pending(peer)->back().seq; };
  CHECK(mail.pending(peer)->size() == kLettersMax);
  CHECK(newest() == kLettersMax);
  CHECK(mail.pending(peer, kLettersMax)->empty());
  REQUIRE(mail.acknowledge(peer, 2).ok());
  CHECK(newest() == kLettersMax);
  REQUIRE(mail.acknowledge(peer, 1).ok());
  CHECK(newest() == kLettersMax + 2);
  CHECK(mail.pending(peer, kLettersMax)->size() == 2);
}

TEST_CASE("what a mailbox that is gone left open goes on in the device's next one") {
  Desk desk;
  trust::Mailboxes mailboxes(*desk.database);
  const sim::OfficerKeys& officer = desk.officer();
  const auto& [mailbox, device] = officer.peer;
  const std::string& agency = officer.agency->id;
  REQUIRE(mailboxes.add({mailbox, agency, "", desk.clock.now()}).ok());
  const std::string id = desk.offered("burglary");
  const std::vector<Letter> before = desk.letters();
  REQUIRE(before.size() >= 2);
  REQUIRE(mailboxes.remove(mailbox).ok());
  REQUIRE(desk.docket->apply(id, release::event::Revoked{"alex"}).ok());
  REQUIRE(desk.letters().size() == before.size() + 1);

  const wire::Peer next{"bbbbbbbbbb", device};
  REQUIRE(mailboxes.add({next.mailbox, agency, "", desk.clock.now()}).ok());
  Mail& mail = desk.docket->mail();
  // Not to another device, officer or agency.
  REQUIRE(mail.follow({next.mailbox, "someoneels"}, officer.thumbprint, agency).ok());
  REQUIRE(mail.follow(next, "another", agency).ok());
  REQUIRE(mail.follow(next, officer.thumbprint, "another").ok());
  CHECK(mail.pending(next)->empty());

  REQUIRE(mail.follow(next, officer.thumbprint, agency).ok());
  CHECK(desk.letters().empty());
  const std::vector<Letter> after = *mail.pending(next);
  REQUIRE(after.size() == before.size() + 1);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(after[i].sealed == before[i].sealed);
  const Transfers::Live live =
      *desk.docket->transfers().live(next, officer.thumbprint, wire::kTransfersMax);
  CHECK(live.revoked ==
        std::vector<std::string>{desk.docket->transfers().of_piece(id, 1)->front().id});
  // What is written from now on stands in the next one too, under the next number.
  REQUIRE(mail.enqueue({next, officer.thumbprint, {officer.identity.recipient().text()}, {}},
                       wire::ReceiptTaken{std::string(64, 'a')}, id, desk.clock.now())
              .ok());
  CHECK(mail.pending(next)->back().seq == after.back().seq + 1);
}

TEST_CASE("a mailbox that is still there keeps what is open in it") {
  Desk desk;
  trust::Mailboxes mailboxes(*desk.database);
  const auto& [mailbox, device] = desk.officer().peer;
  const std::string& agency = desk.officer().agency->id;
  REQUIRE(mailboxes.add({mailbox, agency, "", desk.clock.now()}).ok());
  REQUIRE(mailboxes.add({"bbbbbbbbbb", agency, "", desk.clock.now()}).ok());
  desk.ask("burglary");
  const std::size_t letters = desk.letters().size();
  REQUIRE(
      desk.docket->mail().follow({"bbbbbbbbbb", device}, desk.officer().thumbprint, agency).ok());
  CHECK(desk.letters().size() == letters);
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

TEST_CASE("a device that comes back by another mailbox gets no number twice") {
  Desk desk;
  Mail& mail = desk.docket->mail();
  const auto write_to = [&](const std::string& mailbox, const std::string& device) {
    const Addressee to{{mailbox, device},
                       desk.officer().thumbprint,
                       {desk.officer().identity.recipient().text()},
                       {}};
    REQUIRE(mail.enqueue(to, wire::ReceiptTaken{std::string(64, 'a')}, "", desk.clock.now()).ok());
    return mail.pending(to.peer)->back().seq;
  };
  trust::Mailboxes mailboxes(*desk.database);
  const auto make = [&](const std::string& mailbox) {
    REQUIRE(mailboxes.add({mailbox, "another_pd", "", desk.clock.now()}).ok());
  };
  make("aaaaaaaaaa");
  for (std::uint64_t seq = 1; seq <= 3; ++seq) CHECK(write_to("aaaaaaaaaa", "oneoneonea") == seq);
  REQUIRE(mail.forget_devices("aaaaaaaaaa", "pat").ok());
  REQUIRE(mailboxes.remove("aaaaaaaaaa").ok());
  make("bbbbbbbbbb");
  CHECK(write_to("bbbbbbbbbb", "oneoneonea") == 4);
  CHECK(write_to("bbbbbbbbbb", "oneoneonea") == 5);
}

}  // namespace
}  // namespace latchstring::state
