// Revocation lists: the newest counts, and no older one is believed again.
#include "tests/support/catch.h"
#include "tests/unit/trust/town.h"

namespace latchstring::trust {
namespace {

using namespace test;

struct Case {
  Town town;
  wire::Request request = town.request(town.officer);
  wire::Credential credential = town.credential(town.officer);

  Case() { request.credential = town.issue(credential); }
  absl::StatusOr<Verified> ask(const std::string& list) {
    request.id = crypto::random_id();
    request.common.jti = crypto::to_base64url(crypto::random_bytes(16));
    request.revocation_list = list;
    return town.take(Town::sign(town.officer, request));
  }
  std::string revoking(std::uint64_t seq) {
    return town.sign_list(town.revocations(seq, {credential.common.jti}));
  }
};

TEST_CASE("a revoked credential is refused, also with an older list stapled") {
  Case c;
  REQUIRE(c.ask(c.town.list(1)).ok());
  CHECK(absl::IsPermissionDenied(c.ask(c.revoking(2)).status()));
  // Another officer's request brings the news; from then on the old list hides nothing.
  const Agent other;
  wire::Request theirs = c.town.request(other);
  theirs.revocation_list = c.revoking(2);
  REQUIRE(c.town.take(Town::sign(other, theirs)).ok());
  CHECK(absl::IsPermissionDenied(c.ask(c.town.list(1)).status()));
  CHECK(absl::IsPermissionDenied(c.ask("").status()));
  CHECK(absl::IsPermissionDenied(
      c.town.verifier()
          .verify_credential(c.request.credential, c.town.agencies(), c.town.arrival())
          .status()));
}

TEST_CASE("a request that was taken is not released once its credential is revoked") {
  Case c;
  const auto taken = c.ask(c.town.list(1));
  REQUIRE(taken.ok());
  const auto again = [&] {
    return c.town.verifier().recheck_for_release(taken->compact, c.town.agencies(),
                                                 c.town.arrival());
  };
  REQUIRE(again().ok());
  CHECK(again()->officer.list_fresh);
  const Agent other;
  wire::Request theirs = c.town.request(other);
  theirs.revocation_list = c.revoking(2);
  REQUIRE(c.town.take(Town::sign(other, theirs)).ok());
  CHECK(absl::IsPermissionDenied(again().status()));
  // A repeat is still recognised: it gets the answer that it got.
  const auto repeat = c.town.verify(taken->compact);
  REQUIRE(repeat.ok());
  CHECK(repeat->repeat);
}

TEST_CASE("a newer list that others brought counts as fresh at the release") {
  Case c;
  wire::RevocationList stale = c.town.revocations(1, {});
  stale.next_update = kNow;
  const auto taken = c.ask(c.town.sign_list(stale));
  REQUIRE(taken.ok());
  CHECK(!taken->officer.list_fresh);
  REQUIRE(c.ask(c.town.list(2)).ok());
  CHECK(c.town.verifier()
            .recheck_for_release(taken->compact, c.town.agencies(), c.town.arrival())
            ->officer.list_fresh);
}

TEST_CASE("a missing, stale or older list is not fresh") {
  Case c;
  CHECK(!c.ask("")->officer.list_fresh);
  CHECK(c.ask(c.town.list(5))->officer.list_fresh);
  CHECK(c.ask(c.town.list(5))->officer.list_fresh);   // the same bytes
  CHECK(!c.ask(c.town.list(4))->officer.list_fresh);  // older than one seen
  CHECK(!c.ask("")->officer.list_fresh);

  wire::RevocationList list = c.town.revocations(6, {});
  SECTION("past its next update") {
    list.next_update = kNow;
  }
  SECTION("expired") {
    list.common.iat = kNow - kDay;
    list.common.exp = kNow;
  }
  SECTION("from the future") {
    list.common.iat = kNow + kSkewMax + seconds(1);
  }
  SECTION("meant to last too long") {
    list.next_update = list.common.iat + kListLifetimeMax + seconds(1);
  }
  const auto verified = c.ask(c.town.sign_list(list));
  REQUIRE(verified.ok());
  CHECK(!verified->officer.list_fresh);
}

TEST_CASE("two lists with one number are refused") {
  Case c;
  REQUIRE(c.ask(c.town.list(5)).ok());
  CHECK(absl::IsPermissionDenied(
      c.ask(c.town.sign_list(c.town.revocations(5, {"x" + std::string(21, 'A')}))).status()));
}

TEST_CASE("a list must be the agency's own") {
  Case c;
  const std::string text = encode(c.town.revocations(9, {}));
  CHECK(!c.ask(crypto::sign_jws(c.town.fire, wire::kTypRevocation, text)).ok());
  CHECK(!c.ask(crypto::sign_jws(c.town.officer.key, wire::kTypRevocation, text)).ok());
  CHECK(!c.ask(crypto::sign_jws(c.town.police, wire::kTypCredential, text)).ok());
  wire::RevocationList list = c.town.revocations(9, {});
  list.common.iss = c.town.fire.verify_key().thumbprint();
  CHECK(!c.ask(c.town.sign_list(list)).ok());
  list = c.town.revocations(9, {});
  list.common.aud = "othergatew";
  CHECK(!c.ask(c.town.sign_list(list)).ok());
  list = c.town.revocations(std::uint64_t{1} << 63, {});
  CHECK(!c.ask(c.town.sign_list(list)).ok());
}

TEST_CASE("a request that is refused teaches nothing") {
  Case c;
  REQUIRE(c.ask(c.town.list(1)).ok());
  c.request.common.aud = "othergatew";
  CHECK(!c.ask(c.town.list(7)).ok());
  c.request.common.aud = kGateway;
  CHECK(c.ask(c.town.list(1))->officer.list_fresh);
}

TEST_CASE("a stored list that was tampered with lets nobody in") {
  Case c;
  REQUIRE(c.ask(c.town.list(1)).ok());
  REQUIRE(c.town.database().run("UPDATE trust_list SET jws = 'x'").ok());
  CHECK(absl::IsDataLoss(c.ask(c.town.list(1)).status()));
}

}  // namespace
}  // namespace latchstring::trust
