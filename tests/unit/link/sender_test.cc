#include "gateway/link/sender.h"

#include "tests/support/catch.h"

namespace latchstring::link {
namespace {

using std::chrono::seconds;

const wire::Peer kPeer{"bbbbbbbbbb", "cccccccccc"};
const wire::Peer kOther{"bbbbbbbbbb", "dddddddddd"};
const Instant kNow{std::chrono::hours{24 * 365 * 56}};
const Instant kExpires = kNow + std::chrono::hours{24 * 14};

wire::Get get(const wire::TransferId& id, std::uint64_t base, std::uint64_t bitmap) {
  return {id, 1, base, bitmap};
}

struct Offered {
  wire::TransferId id = wire::random_transfer_id();
  Sender sender;
  explicit Offered(std::uint64_t chunks, Mode mode = Mode::live) {
    sender.add(id, "piece", kPeer, Bitmap(chunks), kExpires, mode);
  }
  Sender::Answer ask(std::uint64_t base, std::uint64_t bitmap, Instant now = kNow) {
    return sender.on_get(kPeer, get(id, base, bitmap), now);
  }
};

std::vector<std::uint64_t> indices(const Sender::Answer& answer) {
  const auto* serve = std::get_if<Sender::Serve>(&answer);
  return serve == nullptr ? std::vector<std::uint64_t>{} : serve->indices;
}

std::vector<wire::TransferId> store_first(const Sender::Answer& answer) {
  REQUIRE(std::holds_alternative<Sender::Serve>(answer));
  return std::get<Sender::Serve>(answer).store_first;
}

template <class Kind>
bool is(const Sender::Answer& answer) {
  return std::holds_alternative<Kind>(answer);
}

TEST_CASE("a GET is answered with what exists of what it wants") {
  Offered offered(10);
  CHECK(indices(offered.ask(0, 0b1011)) == std::vector<std::uint64_t>{0, 1, 3});
  CHECK(indices(offered.ask(7, 0b11)) == std::vector<std::uint64_t>{7, 8});
  CHECK(is<Sender::Nothing>(offered.ask(10, 1)));
  CHECK(is<Sender::Nothing>(offered.ask(~std::uint64_t{0}, ~std::uint64_t{0})));
  CHECK(is<Sender::Nothing>(offered.ask(0, 0)));
}

TEST_CASE("strangers, unknown ids and expired transfers get nothing") {
  Offered offered(10);
  CHECK(is<Sender::Nothing>(offered.sender.on_get(kOther, get(offered.id, 0, 1), kNow)));
  CHECK(is<Sender::Nothing>(offered.sender.on_get(kPeer, get({}, 0, 1), kNow)));
  CHECK(is<Sender::Nothing>(offered.ask(0, 1, kExpires)));
  CHECK(!indices(offered.ask(0, 1, kExpires - seconds{1})).empty());
  offered.sender.remove(offered.id);
  CHECK(is<Sender::Nothing>(offered.ask(0, 1)));
}

TEST_CASE("the last index waits for all others, whatever is asked for") {
  Offered offered(10);
  // Together with others: those only.
  CHECK(indices(offered.ask(8, 0b11)) == std::vector<std::uint64_t>{8});
  // Alone, from a requester that claims to have the rest: RESEND.
  const auto answer = offered.ask(9, 1);
  REQUIRE(is<Sender::Resend>(answer));
  CHECK(std::get<Sender::Resend>(answer).base == 0);
  CHECK(std::get<Sender::Resend>(answer).bitmap == 0b1'1111'1111);
  offered.sender.mark_sent(offered.id, {0, 1, 2, 3, 5, 6, 7, 8});
  const auto again = offered.ask(9, 1);
  REQUIRE(is<Sender::Resend>(again));
  CHECK(std::get<Sender::Resend>(again).base == 4);
  CHECK(std::get<Sender::Resend>(again).bitmap == 1);
  offered.sender.mark_sent(offered.id, {4});
  CHECK(indices(offered.ask(9, 1)) == std::vector<std::uint64_t>{9});
}

TEST_CASE("a RESEND that says nothing new comes once a second at most") {
  Offered offered(10);
  CHECK(is<Sender::Resend>(offered.ask(9, 1)));
  CHECK(is<Sender::Nothing>(offered.ask(9, 1)));
  CHECK(is<Sender::Nothing>(offered.ask(9, 1, kNow + kAnswerEvery / 2)));
  CHECK(is<Sender::Resend>(offered.ask(9, 1, kNow + kAnswerEvery)));
}

TEST_CASE("before the last index the marks must be on disk") {
  Offered offered(3);
  offered.sender.mark_sent(offered.id, {0, 1});
  const auto unsaved = offered.ask(2, 1);
  CHECK(store_first(unsaved) == std::vector<wire::TransferId>{offered.id});
  CHECK(offered.sender.changed() == std::vector<wire::TransferId>{offered.id});
  // Looked at, not yet stored: as where the disk is full.
  CHECK(offered.sender.changed() == std::vector<wire::TransferId>{offered.id});
  CHECK(store_first(offered.ask(2, 1)) == std::vector<wire::TransferId>{offered.id});
  offered.sender.stored(offered.id);
  CHECK(offered.sender.changed().empty());
  CHECK(store_first(offered.ask(2, 1)).empty());
  // Nothing else is held up by the disk.
  CHECK(store_first(offered.ask(0, 1)).empty());
}

TEST_CASE("no file of a piece is served whole before all else of the piece was sent") {
  Offered offered(3);
  const auto other = wire::random_transfer_id(), small = wire::random_transfer_id();
  const auto elsewhere = wire::random_transfer_id();
  offered.sender.add(other, "piece", kPeer, Bitmap(2), kExpires);
  offered.sender.add(small, "piece", kPeer, Bitmap(1), kExpires);
  offered.sender.add(elsewhere, "another piece", kPeer, Bitmap(2), kExpires);
  // One chunk, so that index 0 is the last one: it waits as well.
  const auto ask_small = [&] { return offered.sender.on_get(kPeer, get(small, 0, 1), kNow); };
  REQUIRE(is<Sender::Resend>(ask_small()));
  offered.sender.mark_sent(offered.id, {0, 1});
  const auto answer = offered.ask(2, 1);
  REQUIRE(is<Sender::Resend>(answer));
  CHECK(std::get<Sender::Resend>(answer) == Sender::Resend{other, 0, 1});
  offered.sender.mark_sent(other, {0});
  CHECK(store_first(ask_small()).size() == 2);
  CHECK(indices(offered.ask(2, 1)) == std::vector<std::uint64_t>{2});
  CHECK(indices(ask_small()) == std::vector<std::uint64_t>{0});
}

TEST_CASE("a file of one chunk is served at once") {
  Offered offered(1);
  CHECK(indices(offered.ask(0, 1)) == std::vector<std::uint64_t>{0});
}

TEST_CASE("suspended is silent, revoked says so and never wakes again") {
  Offered offered(10);
  offered.sender.set_mode(offered.id, Mode::suspended);
  CHECK(is<Sender::Nothing>(offered.ask(0, 1)));
  offered.sender.set_mode(offered.id, Mode::live);
  CHECK(!indices(offered.ask(0, 1)).empty());
  offered.sender.set_mode(offered.id, Mode::revoked);
  CHECK(is<Sender::Revoked>(offered.ask(0, 1)));
  CHECK(is<Sender::Nothing>(offered.ask(0, 1)));  // each costs a signature
  CHECK(is<Sender::Revoked>(offered.ask(0, 1, kNow + kAnswerEvery)));
  offered.sender.set_mode(offered.id, Mode::live);
  CHECK(is<Sender::Revoked>(offered.ask(0, 1, kNow + 2 * kAnswerEvery)));
}

TEST_CASE("marks of an earlier run count") {
  Sender sender;
  const auto id = wire::random_transfer_id();
  Bitmap stored(3);
  stored.set(0);
  stored.set(1);
  sender.add(id, "piece", kPeer, stored, kExpires);
  CHECK(indices(sender.on_get(kPeer, get(id, 2, 1), kNow)) == std::vector<std::uint64_t>{2});
  CHECK(sender.sent_of(id)->count() == 2);
}

}  // namespace
}  // namespace latchstring::link
