// Both ends over a real broker: a file moves, also when the broker dies on the way.
#include <fcntl.h>
#include <signal.h>

#include <atomic>
#include <random>

#include "gateway/base/loop.h"
#include "gateway/base/status.h"
#include "gateway/link/gateway_link.h"
#include "gateway/link/part_file.h"
#include "gateway/link/requester_link.h"
#include "gateway/link/sender.h"
#include "gateway/wire/envelope.h"
#include "tests/unit/link/house.h"

namespace latchstring::link {
namespace {

using std::chrono::seconds;

const std::string kMailbox = "aaaaaaaaaa";

// What the gateway's daemon does with its link, on a loop of its own: acknowledges, answers HELLO
// with STATE, serves GETs by a Sender.
class GatewayEnd {
 public:
  GatewayEnd(const House& house, const crypto::VerifyKey& officer_key,
             crypto::age::Recipient officer_recipient)
      : gateway_(house.gateway),
        officer_(officer_key),
        officer_recipient_(officer_recipient),
        loop_(clock_) {
    GatewayLink::Callbacks callbacks;
    callbacks.on_message = [this](wire::Peer from, Bytes bytes) {
      (void)loop_.post([this, from, bytes] { on_message(from, bytes); });
    };
    callbacks.on_sent = [this](wire::TransferId id, std::vector<std::uint64_t> indices) {
      (void)loop_.post([this, id, indices] {
        sender_.mark_sent(id, indices);
        sent += indices.size();
      });
    };
    callbacks.on_broken = [this](wire::TransferId, const absl::Status&) { ++broken; };
    link_ = *GatewayLink::start(house.gateway, house.gateway_options(), std::move(callbacks));
    thread_ = std::thread([this] { loop_.run(); });
    REQUIRE(eventually([this] { return link_->up(); }));
  }
  ~GatewayEnd() {
    loop_.stop();
    thread_.join();
    link_.reset();  // after the loop, which uses it; what it still posts is dropped
  }

  wire::Offer::Transfer offer(const Path& path, const std::string& piece = "piece") {
    const auto file = *ChunkFile::open(path);
    const wire::TransferId id = wire::random_transfer_id();
    (void)loop_.post([this, id, piece, chunks = file->chunks()] {
      sender_.add(id, piece, peer, Bitmap(chunks), clock_.now() + std::chrono::hours{1});
    });
    link_->add_file(id, path, file->root());
    return {wire::to_text(id), file->size(), file->chunks(), crypto::to_hex(file->sha256()),
            crypto::to_hex(file->root())};
  }
  void on_loop(std::function<void(Sender&, GatewayLink&)> task) {
    (void)loop_.post([this, task = std::move(task)] { task(sender_, *link_); });
  }
  void say(wire::Command command, std::uint64_t seq, Duration lifetime = std::chrono::hours{1}) {
    (void)loop_.post([this, command, seq, lifetime] { send(command, seq, lifetime); });
  }

  const crypto::SigningKey key = crypto::SigningKey::generate();
  const crypto::age::Identity inbox = crypto::age::Identity::generate();
  wire::Peer peer{kMailbox, "cccccccccc"};
  std::atomic<std::size_t> sent = 0;
  std::atomic<int> broken = 0;
  std::atomic<int> hellos = 0;
  std::atomic<int> states_lost = 0;  // so many HELLOs are acknowledged and get no STATE
  std::atomic<bool> hello_device = false;
  std::atomic<int> acks = 0;
  std::atomic<int> requests = 0;
  std::atomic<int> cancels = 0;

 private:
  void on_message(const wire::Peer& from, const Bytes& bytes) {
    if (wire::kind_of(bytes) == wire::Kind::get) return on_get(from, *wire::decode_get(bytes));
    const auto compact = wire::open_message(bytes, inbox);
    if (!compact.ok()) return;
    if (crypto::peek_jws(*compact)->typ == wire::kTypRequest) {
      ++requests;
      return;
    }
    const auto control = wire::open_control(bytes, inbox, officer_, gateway_, clock_.now());
    if (!control.ok()) return;
    if (std::holds_alternative<wire::Ack>(control->command)) {
      ++acks;
      return;
    }
    if (std::holds_alternative<wire::Cancel>(control->command) && ++cancels == 1) return;  // lost
    send(wire::Ack{control->seq}, 0);
    if (!std::holds_alternative<wire::Hello>(control->command)) return;
    hello_device = std::get<wire::Hello>(control->command).device == from.device;
    if (++hellos <= states_lost) return;
    send(wire::State{}, next_seq_++);
  }
  void on_get(const wire::Peer& from, const wire::Get& get) {
    const auto answer = sender_.on_get(from, get, clock_.now());
    if (const auto* serve = std::get_if<Sender::Serve>(&answer)) {
      (void)link_->send_data(from, get.transfer, serve->indices);
    } else if (const auto* resend = std::get_if<Sender::Resend>(&answer)) {
      send(wire::Resend{wire::to_text(resend->transfer), resend->base, resend->bitmap},
           next_seq_++);
    } else if (std::holds_alternative<Sender::Revoked>(answer)) {
      send(wire::Revoke{{wire::to_text(get.transfer)}}, next_seq_++);
    }
  }
  void send(wire::Command command, std::uint64_t seq, Duration lifetime = std::chrono::hours{1}) {
    // A negative lifetime: it has expired.
    wire::Control control{
        wire::new_common(key, officer_.thumbprint(), clock_.now(), std::chrono::hours{1}), seq,
        std::move(command)};
    if (lifetime < Duration{0}) {
      control.common.iat = clock_.now() + 2 * lifetime;
      control.common.exp = clock_.now() + lifetime;
    }
    (void)link_->send_control(
        peer,
        *wire::seal_message(key, wire::kTypControl, wire::encode(control), {officer_recipient_}));
  }

  const SystemClock clock_{ClockTrust::assumed};
  const std::string gateway_;
  const crypto::VerifyKey officer_;
  const crypto::age::Recipient officer_recipient_;
  Sender sender_;                 // loop
  std::uint64_t next_seq_ = 100;  // loop
  Loop loop_;
  std::unique_ptr<GatewayLink> link_;
  std::thread thread_;
};

struct Ends {
  House house;
  const SystemClock clock{ClockTrust::assumed};
  const crypto::SigningKey officer = crypto::SigningKey::generate();
  const crypto::age::Identity officer_identity = crypto::age::Identity::generate();
  std::unique_ptr<GatewayEnd> gateway;
  std::unique_ptr<RequesterLink> requester;
  std::uint64_t seq = 0;
  SeqWindow seen;

  Ends() {
    REQUIRE(house.broker->set_mailbox(kMailbox, secret_of("secret")).ok());
    house.start();
    gateway =
        std::make_unique<GatewayEnd>(house, officer.verify_key(), officer_identity.recipient());
    connect();
  }
  wire::Ticket ticket() const {
    wire::Ticket ticket;
    ticket.gateway = house.gateway;
    ticket.gateway_jwk = gateway->key.verify_key().to_jwk();
    ticket.inbox = gateway->inbox.recipient().text();
    ticket.brokers = {"wss://127.0.0.1/mqtt",
                      "mqtts://127.0.0.1:" + std::to_string(house.broker->port())};
    ticket.ca_pem = house.ca_pem;
    ticket.mailbox = kMailbox;
    ticket.secret = "secret";
    return ticket;
  }
  void connect() {
    requester.reset();
    auto connected = RequesterLink::connect({ticket(),
                                             gateway->peer.device,
                                             {},
                                             officer,
                                             officer_identity,
                                             "e30.e30.AAAA",
                                             0,
                                             {[this] { return ++seq; }, seen,
                                              [this](std::uint64_t taken) {
                                                seen.take(taken);
                                                return absl::OkStatus();
                                              }},
                                             clock},
                                            seconds{20});
    INFO(connected.status().ToString());
    REQUIRE(connected.ok());
    requester = *std::move(connected);
  }
  Path make_file(std::uint64_t size) const {
    Bytes bytes(size);
    std::mt19937_64 random(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const Path path = house.folder.path() / "outbox.age";
    REQUIRE(write_file_durably(path, as_text(bytes)).ok());
    return path;
  }
  void check_same(const Path& sent, PartFile& part) const {
    const Path target = house.folder.path() / "received.age";
    REQUIRE(part.finish(target).ok());
    CHECK(*read_file(sent, 1u << 30) == *read_file(target, 1u << 30));
  }
};

TEST_CASE("HELLO is answered, requests and commands arrive, each event comes once") {
  Ends ends;
  const auto state = ends.requester->next(seconds{20});
  REQUIRE(state.ok());
  REQUIRE(state->has_value());
  CHECK(std::holds_alternative<wire::State>((*state)->control.command));
  REQUIRE(ends.requester->take((*state)->seq).ok());
  CHECK(ends.gateway->hellos == 1);
  CHECK(ends.gateway->hello_device);

  const std::string request = crypto::sign_jws(ends.officer, wire::kTypRequest, "{}");
  REQUIRE(ends.requester->submit("abcdefgh23", request).ok());
  REQUIRE(ends.requester->send(wire::Cancel{"abcdefgh23"}).ok());
  CHECK(!ends.requester->all_acknowledged());
  // The first CANCEL is not acknowledged: it is sent again.
  while (!ends.requester->all_acknowledged()) {
    REQUIRE(!(*ends.requester->next(std::chrono::milliseconds{100})).has_value());
    REQUIRE(ends.gateway->cancels < 5);
  }
  CHECK(ends.gateway->cancels == 2);
  CHECK(ends.gateway->requests >= 1);
  ends.requester->stop_repeating("abcdefgh23");

  // The same seq three times: one event; a repeat is acknowledged again.
  for (int i = 0; i < 3; ++i) ends.gateway->say(wire::Revoke{}, 50);
  const auto revoke = ends.requester->next(seconds{20});
  REQUIRE(revoke->has_value());
  CHECK((*revoke)->seq == 50);
  REQUIRE(ends.requester->take(50).ok());
  ends.gateway->say(wire::Revoke{}, 50);
  CHECK(!(*ends.requester->next(seconds{1})).has_value());
  CHECK(ends.gateway->acks >= 3);

  // Also in a later run.
  CHECK(ends.seen.taken(50));
  ends.connect();
  ends.gateway->say(wire::Revoke{}, 50);
  const auto only = ends.requester->next(seconds{20});
  REQUIRE(only->has_value());
  CHECK(std::holds_alternative<wire::State>((*only)->control.command));
  CHECK(!(*ends.requester->next(seconds{1})).has_value());
}

TEST_CASE("a letter that has expired is taken and acknowledged: else none after it would come") {
  Ends ends;
  const auto state = ends.requester->next(seconds{20});
  REQUIRE((*state)->seq == 100);
  REQUIRE(ends.requester->take((*state)->seq).ok());
  REQUIRE(eventually([&] { return ends.gateway->acks >= 1; }));
  const int acks = ends.gateway->acks;
  ends.gateway->say(wire::Revoke{}, 50, -std::chrono::hours{24 * 30});
  const auto revoke = ends.requester->next(seconds{20});
  REQUIRE(revoke->has_value());
  CHECK((*revoke)->seq == 50);
  REQUIRE(ends.requester->take(50).ok());
  CHECK(eventually([&] { return ends.gateway->acks > acks; }));
  // Once, like any other; and what is never repeated has its term.
  ends.gateway->say(wire::Revoke{}, 50, -std::chrono::hours{24 * 30});
  ends.gateway->say(wire::State{}, 51, -std::chrono::hours{24 * 30});
  CHECK(!(*ends.requester->next(seconds{2})).has_value());
}

TEST_CASE("where STATE is lost a new HELLO asks for it") {
  Ends ends;
  REQUIRE((*ends.requester->next(seconds{20})).has_value());
  ends.gateway->hellos = 0;
  ends.gateway->states_lost = 1;
  ends.connect();
  const auto state = ends.requester->next(seconds{30});
  REQUIRE(state.ok());
  REQUIRE(state->has_value());
  CHECK(std::holds_alternative<wire::State>((*state)->control.command));
  CHECK(ends.gateway->hellos == 2);
}

TEST_CASE("20 MiB move from disk to verified disk") {
  Ends ends;
  const Path path = ends.make_file(20u << 20);
  const auto offered = ends.gateway->offer(path);
  const auto part = *PartFile::open(ends.house.folder.path(), "clip");
  std::uint64_t steps = 0;
  const auto received =
      ends.requester->receive({{*incoming_from(offered), part.get()}}, seconds{20}, Duration::max(),
                              [&steps](const Receiver&) { ++steps; });
  INFO(received.ToString());
  REQUIRE(received.ok());
  CHECK(steps == offered.chunks);
  CHECK(eventually([&] { return ends.gateway->sent >= offered.chunks; }));
  ends.check_same(path, *part);
}

TEST_CASE("the broker dies in mid-transfer and comes back; the file arrives") {
  Ends ends;
  const Path path = ends.make_file(20u << 20);
  const auto offered = ends.gateway->offer(path);
  const auto part = *PartFile::open(ends.house.folder.path(), "clip");
  bool killed = false;
  std::thread restart;
  const auto received =
      ends.requester->receive({{*incoming_from(offered), part.get()}}, seconds{60}, Duration::max(),
                              [&](const Receiver& receiver) {
                                if (killed || receiver.stored().count() < offered.chunks / 2)
                                  return;
                                killed = true;
                                REQUIRE(::kill(ends.house.broker->pid(), SIGKILL) == 0);
                                ends.house.broker->on_exit();
                                REQUIRE(ends.house.broker->start().ok());
                              });
  INFO(received.ToString());
  CHECK(killed);
  REQUIRE(received.ok());
  ends.check_same(path, *part);
}

TEST_CASE("the requester dies in mid-transfer; the next one goes on where it stood") {
  Ends ends;
  const Path path = ends.make_file(20u << 20);
  const auto offered = ends.gateway->offer(path);
  struct Died {};
  const auto half = offered.chunks / 2;
  {
    const auto part = *PartFile::open(ends.house.folder.path(), "clip");
    CHECK_THROWS_AS(ends.requester->receive({{*incoming_from(offered), part.get()}}, seconds{20},
                                            Duration::max(),
                                            [&](const Receiver& receiver) {
                                              if (receiver.stored().count() == half) throw Died{};
                                            }),
                    Died);
  }
  ends.requester.reset();
  // What was not saved in time is received again; here the map has at least its first save.
  ends.connect();
  const auto part = *PartFile::open(ends.house.folder.path(), "clip");
  const auto received = ends.requester->receive({{*incoming_from(offered), part.get()}},
                                                seconds{20}, Duration::max(), nullptr);
  REQUIRE(received.ok());
  ends.check_same(path, *part);
}

TEST_CASE("when the time is up a transfer ends; the next one goes on where it stood") {
  Ends ends;
  const Path path = ends.make_file(20u << 20);
  const auto offered = ends.gateway->offer(path);
  std::uint64_t steps = 0;
  const auto count = [&steps](const Receiver&) { ++steps; };
  {
    const auto part = *PartFile::open(ends.house.folder.path(), "clip");
    // It is up already: whatever comes with the first turn is kept.
    const auto ended = ends.requester->receive({{*incoming_from(offered), part.get()}}, seconds{20},
                                               SystemClock(ClockTrust::assumed).steady(), count);
    CHECK(absl::IsUnavailable(ended));
    CHECK(message_of(ended) == "the time is up");
    CHECK(part->load_map(*incoming_from(offered))->count() == steps);
  }
  const auto part = *PartFile::open(ends.house.folder.path(), "clip");
  REQUIRE(
      ends.requester
          ->receive({{*incoming_from(offered), part.get()}}, seconds{20}, Duration::max(), count)
          .ok());
  CHECK(steps == offered.chunks);
  ends.check_same(path, *part);
}

TEST_CASE("revoked in mid-transfer: it ends, and the head of the file never left") {
  Ends ends;
  const Path path = ends.make_file(20u << 20);
  const auto offered = ends.gateway->offer(path);
  const auto id = *wire::transfer_id_from(offered.id);
  const auto part = *PartFile::open(ends.house.folder.path(), "clip");
  bool revoked = false;
  const auto received =
      ends.requester->receive({{*incoming_from(offered), part.get()}}, seconds{20}, Duration::max(),
                              [&](const Receiver& receiver) {
                                if (revoked || receiver.stored().count() < offered.chunks / 2)
                                  return;
                                revoked = true;
                                ends.gateway->on_loop([id](Sender& sender, GatewayLink& link) {
                                  sender.set_mode(id, Mode::revoked);
                                  link.forget(id);
                                });
                              });
  CHECK(absl::IsPermissionDenied(received));
  CHECK(ends.gateway->sent <= offered.chunks - 10);
  // File chunk 0, with the age header, is a hole.
  Bytes head(wire::kChunkBytes);
  REQUIRE(part->read(0, head).ok());
  CHECK(std::all_of(head.begin(), head.end(), [](std::uint8_t byte) { return byte == 0; }));
}

TEST_CASE("the files of a piece come together; one alone stays without its head") {
  Ends ends;
  const Path big = ends.make_file(1u << 20);
  const auto offered = ends.gateway->offer(big);
  const Path little = ends.house.folder.path() / "little";
  REQUIRE(write_file_durably(little, std::string(100'000, 'x')).ok());
  const auto more = ends.gateway->offer(little);
  const auto part = *PartFile::open(ends.house.folder.path(), "clip");
  const auto papers = *PartFile::open(ends.house.folder.path(), "papers");
  const auto alone = ends.requester->receive({{*incoming_from(offered), part.get()}}, seconds{20},
                                             Duration::max(), nullptr);
  CHECK(message_of(alone) == "another part of this release has to come first");
  CHECK(part->load_map(*incoming_from(offered))->count() == offered.chunks - 1);
  const auto received = ends.requester->receive(
      {{*incoming_from(offered), part.get()}, {*incoming_from(more), papers.get()}}, seconds{20},
      Duration::max(), nullptr);
  INFO(received.ToString());
  REQUIRE(received.ok());
  ends.check_same(big, *part);
  ends.check_same(little, *papers);
}

TEST_CASE("an outbox file that is not the offered one is never sent") {
  Ends ends;
  const Path path = ends.make_file(200'000);
  const auto offered = ends.gateway->offer(path);
  REQUIRE(write_file_durably(path, std::string(200'000, 'x')).ok());
  const auto part = *PartFile::open(ends.house.folder.path(), "clip");
  const auto received = ends.requester->receive({{*incoming_from(offered), part.get()}}, seconds{2},
                                                Duration::max(), nullptr);
  CHECK(absl::IsUnavailable(received));
  CHECK(ends.gateway->broken >= 1);
  CHECK(ends.gateway->sent == 0);
}

}  // namespace
}  // namespace latchstring::link
