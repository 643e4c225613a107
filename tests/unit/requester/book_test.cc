#include "gateway/requester/book.h"

#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/wire/samples.h"

namespace latchstring::requester {
namespace {

const std::string kGateway = "aaaaaaaaaa";

KeptRequest sample_request() {
  const wire::Request request = wire::sample_request();
  return {request.id,
          crypto::sign_jws(wire::sample_key(), wire::kTypRequest, wire::encode(request)),
          "sent",
          "",
          {}};
}

KeptOffer sample_offer(int piece) {
  KeptOffer kept;
  kept.offer.request_id = "abcdefgh23";
  kept.offer.piece = piece;
  kept.offer.transfers = {{wire::to_text(wire::random_transfer_id()), 100, 1,
                           wire::sample_hash('a'), wire::sample_hash('b')}};
  kept.offer.expires = wire::at("2026-05-19T10:00:00Z");
  kept.offer.delivery = "e30.e30.AAAA";
  kept.offer.leaf = "{}";
  kept.offer.ledger_proof = "proof\n";
  kept.delivery_sha256 = wire::sample_hash(static_cast<char>('0' + piece));
  return kept;
}

struct Shelf {
  std::unique_ptr<Book> open() const { return *Book::open(folder.path() / "state.db"); }
  const test::TemporaryFolder folder;
};

TEST_CASE("the time of the largest daily checkpoint is when it was first shown") {
  const Shelf shelf;
  const Instant begin = wire::at("2026-05-05T10:00:00Z");
  const Duration day = std::chrono::days{1};
  {
    const auto book = shelf.open();
    CHECK(*book->see_daily(kGateway, 0, begin) == begin);
    CHECK(*book->see_daily(kGateway, 0, begin + day) == begin);
    CHECK(*book->see_daily("bbbbbbbbbb", 0, begin + day) == begin + day);
    CHECK(*book->see_daily(kGateway, 256, begin + 2 * day) == begin + 2 * day);
    CHECK(*book->see_daily(kGateway, 256, begin + 3 * day) == begin + 2 * day);
  }
  const auto book = shelf.open();
  CHECK(*book->see_daily(kGateway, 256, begin + 5 * day) == begin + 2 * day);
  // An older one, or none at all, is no news.
  CHECK(*book->see_daily(kGateway, 128, begin + 6 * day) == begin + 2 * day);
  CHECK(*book->see_daily(kGateway, 0, begin + 6 * day) == begin + 2 * day);
  CHECK(*book->see_daily(kGateway, 512, begin + 6 * day) == begin + 6 * day);
}

TEST_CASE("two runs at once never draw the same number, and neither forgets what the other took") {
  const Shelf shelf;
  const auto one = shelf.open();
  const auto other = shelf.open();
  // The other's first look is older than all that follows.
  REQUIRE(other->take(kGateway, 3).ok());
  std::uint64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    for (Book* book : {one.get(), other.get()}) {
      const auto seq = book->draw_seq(kGateway);
      REQUIRE(seq.ok());
      CHECK(*seq > last);
      last = *seq;
    }
  }
  REQUIRE(one->take(kGateway, 5).ok());
  REQUIRE(other->take(kGateway, 6).ok());
  const auto seen = other->seen(kGateway);
  REQUIRE(seen.ok());
  for (const std::uint64_t seq : {3u, 5u, 6u}) CHECK(seen->taken(seq));
  CHECK(!seen->taken(4));
  CHECK(*one->draw_seq(kGateway) == last + 1);
}

TEST_CASE("numbers, requests and offers outlive a run") {
  const Shelf shelf;
  std::string device;
  {
    const auto book = shelf.open();
    device = book->device();
    CHECK(crypto::is_id(device));
    CHECK(*book->draw_seq(kGateway) == 1);
    CHECK(*book->draw_seq(kGateway) == 2);
    REQUIRE(book->take(kGateway, 7).ok());
    REQUIRE(book->take(kGateway, 70).ok());
    REQUIRE(book->add(kGateway, sample_request()).ok());
    REQUIRE(book->add(kGateway, sample_offer(2)).ok());
    REQUIRE(book->add(kGateway, sample_offer(1)).ok());
    REQUIRE(book->keep_checkpoints(kGateway, {"one\n", "two\n"}).ok());
  }
  const auto book = shelf.open();
  CHECK(book->device() == device);
  CHECK(*book->draw_seq(kGateway) == 3);
  CHECK(book->seen(kGateway)->taken(7));
  CHECK(!book->seen(kGateway)->taken(8));
  CHECK(book->seen(kGateway)->taken(70));
  CHECK(*book->draw_seq("bbbbbbbbbb") == 1);
  CHECK(*book->seen("bbbbbbbbbb") == link::SeqWindow{});
  const auto requests = book->requests(kGateway);
  REQUIRE(requests.ok());
  REQUIRE(requests->size() == 1);
  CHECK(requests->front().state == "sent");
  CHECK(requests->front().request.case_number == "26-001234");
  const auto offers = book->offers(kGateway, "abcdefgh23");
  REQUIRE(offers.ok());
  REQUIRE(offers->size() == 2);
  CHECK(offers->front().offer.piece == 1);
  CHECK(offers->front().offer.delivery == "e30.e30.AAAA");
  CHECK(*book->checkpoints(kGateway) == std::vector<std::string>{"one\n", "two\n"});
  CHECK(book->checkpoints("bbbbbbbbbb")->empty());
  CHECK(book->offers("bbbbbbbbbb", "")->empty());
  CHECK(!*book->request("bbbbbbbbbb", "abcdefgh23"));
}

TEST_CASE("a piece that stands is not released again as something else") {
  const Shelf shelf;
  const auto book = shelf.open();
  KeptOffer first = sample_offer(1);
  KeptOffer second = first;
  second.delivery_sha256 = wire::sample_hash('e');
  REQUIRE(book->check_first(kGateway, first).ok());
  REQUIRE(book->add(kGateway, first).ok());
  CHECK(book->check_first(kGateway, first).ok());  // the same, again
  for (const OfferState state : {OfferState::offered, OfferState::received, OfferState::done}) {
    REQUIRE(book->set_state(first, state).ok());
    CHECK(absl::IsPermissionDenied(book->check_first(kGateway, second)));
  }
  // Nothing of it was kept, or never will be.
  for (const OfferState state : {OfferState::refused, OfferState::revoked, OfferState::expired}) {
    REQUIRE(book->set_state(first, state).ok());
    CHECK(book->check_first(kGateway, second).ok());
  }
  REQUIRE(book->set_state(first, OfferState::done).ok());
  second.offer.part = 2;
  CHECK(book->check_first(kGateway, second).ok());
  CHECK(book->check_first("bbbbbbbbbb", second).ok());
}

TEST_CASE("an offer that comes again does not undo what became of it") {
  const Shelf shelf;
  const auto book = shelf.open();
  const KeptOffer offer = sample_offer(1);
  REQUIRE(book->add(kGateway, offer).ok());
  REQUIRE(book->set_received(offer, "e30.e30.BBBB", "/evidence").ok());
  REQUIRE(book->add(kGateway, offer).ok());
  const KeptOffer kept = book->offers(kGateway, "")->front();
  CHECK(kept.state == OfferState::received);
  CHECK(kept.receipt == "e30.e30.BBBB");
  CHECK(kept.folder == "/evidence");
  REQUIRE(book->set_state(offer, OfferState::done).ok());
  CHECK(book->offers(kGateway, "")->front().state == OfferState::done);
}

TEST_CASE("one request id is used once") {
  const Shelf shelf;
  const auto book = shelf.open();
  REQUIRE(book->add(kGateway, sample_request()).ok());
  CHECK(!book->add(kGateway, sample_request()).ok());
  REQUIRE(book->set_state("abcdefgh23", "closed", "").ok());
  CHECK((*book->request(kGateway, "abcdefgh23"))->state == "closed");
}

}  // namespace
}  // namespace latchstring::requester
