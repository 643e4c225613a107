// The post office over a real docket: who is answered, and where the answer goes.
#include "gateway/daemon/post.h"

#include "tests/unit/state/desk.h"

namespace latchstring::daemon {
namespace {

using state::Desk;

class Outgoing final : public link::GatewayLink {
 public:
  bool send_control(const wire::Peer& peer, Bytes sealed) override {
    sent.emplace_back(peer, std::move(sealed));
    return true;
  }
  void add_file(const wire::TransferId&, const Path&, const crypto::Hash&) override {}
  bool send_data(const wire::Peer&, const wire::TransferId&,
                 const std::vector<std::uint64_t>&) override {
    return true;
  }
  void forget(const wire::TransferId& transfer) override { forgotten.push_back(transfer); }
  bool up() const override { return true; }

  std::vector<std::pair<wire::Peer, Bytes>> sent;
  std::vector<wire::TransferId> forgotten;
};

struct Office {
  Desk desk;
  trust::Mailboxes mailboxes{*desk.database};
  Outgoing link;
  std::vector<std::string> trouble;
  Post post{{*desk.database, *desk.docket, *desk.ledger, mailboxes, desk.clock, desk.world.inbox,
             sim::kGateway,
             [this](absl::StatusOr<state::Step> step) {
               REQUIRE(step.ok());
               for (const wire::Peer& peer : step->mail) post.deliver(peer);
             },
             [this](std::string text) { trouble.push_back(std::move(text)); }}};
  const sim::OfficerKeys& officer = *desk.world.officers[0];
  const sim::OfficerKeys& colleague = *desk.world.officers[1];  // of the same agency

  Office() {
    for (const auto& agency : desk.world.agencies) {
      REQUIRE(mailboxes.add({agency->mailbox, agency->id, "", desk.clock.now()}).ok());
    }
    post.use_link(&link);
  }
  Bytes sealed(const sim::OfficerKeys& signer, std::uint64_t seq, wire::Command command) const {
    const wire::Control control{
        desk.world.common(signer.key, sim::kGateway, desk.clock.now(), sim::days{10}), seq,
        std::move(command)};
    return *wire::seal_message(signer.key, wire::kTypControl, wire::encode(control),
                               {desk.world.inbox.recipient()});
  }
  Bytes hello(const sim::OfficerKeys& signer, std::uint64_t seq, const std::string& device,
              std::uint64_t tree_size = 0) const {
    return sealed(signer, seq, wire::Hello{signer.credential, {1}, tree_size, device});
  }
  void greet(const sim::OfficerKeys& who, std::uint64_t seq = 1) {
    post.on_message(who.peer, hello(who, seq, who.peer.device));
  }
  Bytes request(const wire::Request& asked) const {
    return *wire::seal_jws(desk.world.sign(officer, asked), {desk.world.inbox.recipient()});
  }
  // What went to this officer's device since the last look.
  std::vector<wire::Control> told(const sim::OfficerKeys& who) {
    std::vector<wire::Control> all;
    for (const auto& [peer, sealed] : std::exchange(link.sent, {})) {
      REQUIRE(peer == who.peer);
      all.push_back(*wire::open_kept_control(sealed, who.identity, desk.world.gateway.verify_key(),
                                             who.thumbprint));
    }
    return all;
  }
  std::uint64_t denied() {
    const auto count = post.strangers().take();
    return count.denied;
  }
};

template <class Wanted>
std::size_t count_of(const std::vector<wire::Control>& controls) {
  return static_cast<std::size_t>(
      std::count_if(controls.begin(), controls.end(), [](const wire::Control& control) {
        return std::holds_alternative<Wanted>(control.command);
      }));
}

TEST_CASE("a request that is forwarded before it arrives is answered to its own officer alone") {
  Office office;
  office.greet(office.officer);
  office.greet(office.colleague);
  office.link.sent.clear();
  const wire::Request asked = office.desk.request("burglary");
  const Bytes caught = office.request(asked);

  office.post.on_message(office.colleague.peer, caught);
  office.post.on_message({office.officer.peer.mailbox, "nobodysdev"}, caught);
  CHECK(office.link.sent.empty());
  CHECK(office.denied() == 2);
  CHECK(!office.desk.docket->find(asked.id).ok());

  office.post.on_message(office.officer.peer, caught);
  const auto told = office.told(office.officer);
  CHECK(count_of<wire::Notice>(told) == 1);
  CHECK(office.desk.docket->find(asked.id)->origin.peer == office.officer.peer);
  // And afterwards.
  office.post.on_message(office.colleague.peer, caught);
  CHECK(office.link.sent.empty());
}

TEST_CASE("a request that overtakes its HELLO is taken when it is repeated") {
  Office office;
  const wire::Request asked = office.desk.request("burglary");
  const Bytes sealed = office.request(asked);
  office.post.on_message(office.officer.peer, sealed);
  CHECK(office.link.sent.empty());
  office.greet(office.officer);
  office.post.on_message(office.officer.peer, sealed);
  CHECK(office.desk.docket->find(asked.id).ok());
}

TEST_CASE("HELLO counts only from the device that it names, and only for its first officer") {
  Office office;
  // Forwarded by a colleague, before the officer's own arrives.
  office.post.on_message(office.colleague.peer,
                         office.hello(office.officer, 1, office.officer.peer.device));
  CHECK(office.link.sent.empty());
  CHECK(office.denied() == 1);
  office.greet(office.officer);
  CHECK(count_of<wire::State>(office.told(office.officer)) == 1);
  // A colleague who can write to the officer's topic.
  office.post.on_message(office.officer.peer,
                         office.hello(office.colleague, 1, office.officer.peer.device));
  CHECK(office.link.sent.empty());
  CHECK((*office.mailboxes.device(office.officer.peer))->officer == office.officer.thumbprint);
}

TEST_CASE(
    "an officer whom a full mailbox has no place for is counted; the household reads it once") {
  Office office;
  const std::string& mailbox = office.officer.peer.mailbox;
  auto transaction = office.desk.database->begin();
  for (std::size_t i = 0; i < trust::kDevicesMax; ++i) {
    REQUIRE(office.mailboxes
                .saw({{mailbox, crypto::random_id()},
                      fmt::format("officer {}", i),
                      "c",
                      office.desk.clock.now()})
                .ok());
  }
  REQUIRE(transaction->commit().ok());
  for (std::uint64_t seq = 1; seq <= 3; ++seq) office.greet(office.officer, seq);
  CHECK(office.link.sent.empty());
  CHECK(office.denied() == 3);
  REQUIRE(office.trouble.size() == 1);
  CHECK(office.trouble.front().find("agency remove") != std::string::npos);
}

TEST_CASE("a replayed HELLO gets an acknowledgement now and then, and nothing else") {
  Office office;
  const Bytes first = office.hello(office.officer, 1, office.officer.peer.device);
  office.post.on_message(office.officer.peer, first);
  auto told = office.told(office.officer);
  CHECK(count_of<wire::Ack>(told) == 1);
  CHECK(count_of<wire::State>(told) == 1);
  const Instant seen = (*office.mailboxes.device(office.officer.peer))->last_seen;
  office.desk.clock.at += sim::hours{1};
  for (int i = 0; i < 100; ++i) office.post.on_message(office.officer.peer, first);
  told = office.told(office.officer);
  CHECK(told.size() == 1);
  CHECK(count_of<wire::Ack>(told) == 1);
  CHECK((*office.mailboxes.device(office.officer.peer))->last_seen == seen);
  office.desk.clock.at += link::kAnswerEvery;
  office.post.on_message(office.officer.peer, first);
  CHECK(count_of<wire::Ack>(office.told(office.officer)) == 1);
  // A new one is answered in full.
  office.greet(office.officer, 2);
  CHECK(count_of<wire::State>(office.told(office.officer)) == 1);
}

TEST_CASE("beyond a day's requests nobody is answered, and the household is told once") {
  Office office;
  office.greet(office.officer);
  const wire::Request first = office.desk.request("burglary");
  office.post.on_message(office.officer.peer, office.request(first));
  office.desk.fill_the_day(first.id);
  office.link.sent.clear();
  CHECK(office.post.warnings().empty());
  const wire::Request asked = office.desk.request("burglary");
  const Bytes beyond = office.request(asked);
  for (int i = 0; i < 3; ++i) office.post.on_message(office.officer.peer, beyond);
  CHECK(office.link.sent.empty());
  CHECK(office.denied() == 3);
  CHECK(office.trouble == std::vector<std::string>{"`police` sent more than 200 requests within a "
                                                   "day; what is beyond is not heard"});
  CHECK(office.post.warnings() == office.trouble);
  office.desk.clock.at += sim::days{1} + sim::seconds{1};
  CHECK(office.post.warnings().empty());
  office.post.on_message(office.officer.peer, beyond);
  CHECK(office.desk.docket->find(asked.id).ok());
  CHECK(count_of<wire::Notice>(office.told(office.officer)) == 2);  // the first one's too, again
}

TEST_CASE("letters beyond the window are sent when those before are acknowledged") {
  Office office;
  office.greet(office.officer);
  const wire::Peer& peer = office.officer.peer;
  const state::Addressee to{
      peer, office.officer.thumbprint, {office.officer.identity.recipient().text()}, {}};
  state::Mail& mail = office.desk.docket->mail();
  for (std::uint64_t i = 0; i < state::kLettersMax + 2; ++i) {
    const wire::ReceiptTaken letter{std::string(64, 'a')};
    REQUIRE(mail.enqueue(to, letter, "", office.desk.clock.now()).ok());
  }
  office.link.sent.clear();
  office.post.deliver(peer);
  const auto told = office.told(office.officer);
  REQUIRE(told.size() == state::kLettersMax);
  office.post.deliver(peer);  // nothing is read twice
  CHECK(office.told(office.officer).empty());
  const std::uint64_t oldest = told.front().seq;
  office.post.on_message(peer, office.sealed(office.officer, 0, wire::Ack{oldest}));
  const auto more = office.told(office.officer);
  REQUIRE(more.size() == 1);
  CHECK(more.front().seq == oldest + state::kLettersMax);
}

TEST_CASE("ever new device names leave no rows behind, and open no way back for an old HELLO") {
  Office office;
  const std::string& mailbox = office.officer.peer.mailbox;
  std::vector<std::pair<wire::Peer, Bytes>> said;
  for (std::uint64_t i = 0; i < 3 * trust::kOfficerDevicesMax; ++i) {
    const wire::Peer peer{mailbox, crypto::random_id()};
    said.emplace_back(peer, office.hello(office.officer, 1, peer.device));
    office.post.on_message(peer, said.back().second);
    office.desk.clock.at += sim::seconds{1};
  }
  const auto rows = [&](std::string_view table) {
    return static_cast<std::size_t>(
        *office.desk.database->one<int>(fmt::format("SELECT count(*) FROM {}", table)));
  };
  CHECK(rows("incoming_seq") == trust::kOfficerDevicesMax + 1);
  CHECK(rows("outgoing_seq") == trust::kOfficerDevicesMax + 1);
  const auto known = *office.mailboxes.devices(mailbox);
  office.link.sent.clear();
  const auto& [peer, old] = said.front();
  office.post.on_message(peer, old);
  CHECK(office.link.sent.size() == 1);  // the acknowledgement of a replay, and no STATE
  CHECK(!office.mailboxes.device(peer)->has_value());
  CHECK(office.mailboxes.devices(mailbox)->size() == known.size());
  // Its own new one is heard.
  office.post.on_message(peer, office.hello(office.officer, 2, peer.device));
  CHECK(office.link.sent.size() == 3);
  CHECK(office.mailboxes.device(peer)->has_value());
}

TEST_CASE("letters to a device that was forgotten wait for its HELLO") {
  Office office;
  office.greet(office.officer);
  office.post.on_message(office.officer.peer, office.request(office.desk.request("burglary")));
  for (std::uint64_t i = 0; i < trust::kOfficerDevicesMax; ++i) {
    office.desk.clock.at += sim::seconds{1};
    const wire::Peer peer{office.officer.peer.mailbox, crypto::random_id()};
    office.post.on_message(peer, office.hello(office.officer, 1, peer.device));
  }
  REQUIRE(!office.mailboxes.device(office.officer.peer)->has_value());
  office.link.sent.clear();
  office.desk.clock.at += sim::hours{1};
  office.post.restart_all();
  office.post.deliver_all();
  CHECK(office.link.sent.empty());
  office.greet(office.officer, 2);
  CHECK(count_of<wire::Notice>(office.told(office.officer)) == 1);
}

TEST_CASE("a cancel that could not be applied is not acknowledged, and repeated it is") {
  Office office;
  office.greet(office.officer);
  const wire::Request asked = office.desk.request("burglary");
  office.post.on_message(office.officer.peer, office.request(asked));
  office.link.sent.clear();
  const Bytes cancel = office.sealed(office.officer, 2, wire::Cancel{asked.id});
  REQUIRE(office.desk.database->run("ALTER TABLE ledger_about RENAME TO elsewhere").ok());
  office.post.on_message(office.officer.peer, cancel);
  CHECK(office.link.sent.empty());
  CHECK(office.denied() == 0);
  CHECK(office.trouble.size() == 1);
  REQUIRE(office.desk.database->run("ALTER TABLE elsewhere RENAME TO ledger_about").ok());
  office.post.on_message(office.officer.peer, cancel);
  CHECK(count_of<wire::Ack>(office.told(office.officer)) == 1);
  CHECK(office.desk.docket->find(asked.id)->state.outcome == "cancelled");
}

TEST_CASE("a ledger that fails is our trouble: no stranger is counted, no letter kept back") {
  Office office;
  office.greet(office.officer);
  const wire::Request asked = office.desk.request("burglary");
  office.post.on_message(office.officer.peer, office.request(asked));
  {
    auto transaction = office.desk.database->begin();
    REQUIRE(
        office.desk.ledger->checkpoint_now(ledger::Audience::daily, office.desk.clock.now()).ok());
    REQUIRE(transaction->commit().ok());
  }
  REQUIRE(office.desk.database->run("DELETE FROM ledger_node").ok());
  (void)office.post.strangers().take();
  office.link.sent.clear();
  office.post.on_message(office.officer.peer,
                         office.hello(office.officer, 2, office.officer.peer.device, 1));
  const auto told = office.told(office.officer);
  CHECK(count_of<wire::State>(told) == 0);
  CHECK(count_of<wire::Notice>(told) >= 1);
  const auto strangers = office.post.strangers().take();
  CHECK(strangers.denied + strangers.malformed == 0);
  CHECK(office.trouble.size() == 1);
}

TEST_CASE("nothing is sent to a mailbox that was removed") {
  Office office;
  office.greet(office.officer);
  const wire::Request asked = office.desk.request("burglary");
  office.post.on_message(office.officer.peer, office.request(asked));
  REQUIRE(office.mailboxes.remove(office.officer.peer.mailbox).ok());
  office.post.forget_mailbox(office.officer.peer.mailbox);
  office.link.sent.clear();
  office.post.deliver(office.officer.peer);
  office.desk.clock.at += sim::days{1};
  office.post.restart_all();
  CHECK(office.link.sent.empty());
}

TEST_CASE("a file on offer that is damaged on disk is taken back, and its officer is told") {
  Office office;
  office.greet(office.officer);
  const std::string id = office.desk.offered("burglary");
  const auto transfers = office.desk.docket->transfers().of_piece(id, 1);
  REQUIRE(transfers.ok());
  REQUIRE(!transfers->empty());
  for (const state::Transfer& transfer : *transfers) office.post.serve(transfer);
  const auto transfer = *wire::transfer_id_from(transfers->front().id);
  const auto piece = [&] { return office.desk.docket->find(id)->state.pieces.front(); };
  office.link.sent.clear();

  // Out of descriptors: the file may be as it was.
  office.post.on_broken(transfer, exhausted("too many open files"));
  CHECK(piece().state == release::PieceState::offered);

  office.post.on_broken(transfer, data_loss("`clip-1.mp4.age` was changed"));
  CHECK(piece().state == release::PieceState::failed);
  CHECK(piece().reason == release::kFileLost);
  CHECK(count_of<wire::Revoke>(office.told(office.officer)) == 1);
  CHECK((*office.desk.docket->transfers().of_piece(id, 1)).front().revoked);
  // A second chunk that was queued, and one of nobody.
  office.post.on_broken(transfer, data_loss("`clip-1.mp4.age` was changed"));
  office.post.on_broken(wire::random_transfer_id(), data_loss("what"));
  CHECK(count_of<wire::Revoke>(office.told(office.officer)) == 0);
}

}  // namespace
}  // namespace latchstring::daemon
