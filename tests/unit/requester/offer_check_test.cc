#include "gateway/requester/offer_check.h"

#include "gateway/link/receiver.h"
#include "tests/support/release.h"

namespace latchstring::requester {
namespace {

struct Bench {
  Bench() {
    const GrantTerms terms = release.terms();
    const auto sealed = seal::seal_video(terms, test::SampleRelease::video(terms), 1,
                                         release.context(), release.gateway, folder.path(), {});
    REQUIRE(sealed.ok());
    offer.request_id = terms.release_id;
    offer.delivery = sealed->delivery_jws;
    for (const SealedFile& file : sealed->files) {
      offer.transfers.push_back({wire::to_text(wire::random_transfer_id()), file.size_bytes,
                                 wire::chunk_count(file.size_bytes), file.sha256,
                                 file.merkle_root});
    }
    const auto delivery = wire::decode_delivery(crypto::peek_jws(offer.delivery)->payload);
    const auto proof = release.ledger_proof(1, offer.delivery, delivery->manifest_sha256);
    offer.leaf = proof.leaf;
    offer.ledger_proof = proof.tlog_proof;
    offer.expires = release.now + std::chrono::days{14};
    ticket.gateway = release.gateway_id;
    ticket.gateway_jwk = release.gateway.verify_key().to_jwk();
    ticket.ledger_vkey = release.vkey();
  }
  absl::Status check() const { return check(offer); }
  absl::Status check(const wire::Offer& other) const {
    return check_offer(other, ticket, release.officer.verify_key().thumbprint(), release.now);
  }

  const test::TemporaryFolder folder;
  const test::SampleRelease release;
  wire::Offer offer;
  wire::Ticket ticket;
};

TEST_CASE("an offer holds when delivery, files and ledger fit together") {
  Bench bench;
  const absl::Status status = bench.check();
  INFO(status.ToString());
  CHECK(status.ok());
}

TEST_CASE("an offer that was tampered with is refused before anything is fetched") {
  const Bench bench;
  const auto refused = [&bench](auto change) {
    wire::Offer offer = bench.offer;
    change(offer);
    return !bench.check(offer).ok();
  };
  using O = wire::Offer;
  CHECK(refused([](O& o) { o.transfers[0].sha256[0] ^= 1; }));
  CHECK(refused([](O& o) { o.transfers[0].size += 1; }));
  CHECK(refused([](O& o) { o.transfers[0].chunks += 1; }));
  CHECK(refused([](O& o) { o.transfers[1].merkle_root = o.transfers[0].merkle_root; }));
  CHECK(refused([](O& o) { std::swap(o.transfers[0], o.transfers[1]); }));
  CHECK(refused([](O& o) { o.transfers.pop_back(); }));
  CHECK(refused([](O& o) { o.piece = 2; }));
  CHECK(refused([](O& o) { o.part = 2; }));
  CHECK(refused([](O& o) { o.request_id = "bbbbbbbbbb"; }));
  CHECK(refused([](O& o) { o.leaf[o.leaf.size() - 5] ^= 1; }));
  CHECK(refused([](O& o) { o.ledger_proof.clear(); }));
  CHECK(refused([](O& o) { o.delivery[o.delivery.size() / 2] ^= 1; }));
}

TEST_CASE("another gateway, another ledger, another officer, or too late") {
  Bench bench;
  const test::SampleRelease other;
  const std::string me = bench.release.officer.verify_key().thumbprint();
  const auto check = [&](const wire::Ticket& ticket, const std::string& officer, Duration later) {
    return check_offer(bench.offer, ticket, officer, bench.release.now + later).ok();
  };
  CHECK(check(bench.ticket, me, Duration{0}));
  wire::Ticket ticket = bench.ticket;
  ticket.gateway_jwk = other.gateway.verify_key().to_jwk();
  CHECK(!check(ticket, me, Duration{0}));
  ticket = bench.ticket;
  ticket.ledger_vkey = other.vkey();
  CHECK(!check(ticket, me, Duration{0}));
  CHECK(!check(bench.ticket, other.officer.verify_key().thumbprint(), Duration{0}));
  CHECK(!check(bench.ticket, me, std::chrono::days{15}));
}

}  // namespace
}  // namespace latchstring::requester
