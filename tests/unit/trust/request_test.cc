// Requests: the chain from a pinned agency, and every way it breaks.
#include "tests/support/catch.h"
#include "tests/unit/trust/town.h"

namespace latchstring::trust {
namespace {

using namespace test;

bool is_denied(const absl::Status& status) {
  return absl::IsPermissionDenied(status);
}

TEST_CASE("a request of an officer under a pinned agency is verified") {
  Town town;
  const wire::Request request = town.request(town.officer);
  const std::string compact = Town::sign(town.officer, request);
  const auto verified = town.verify(compact);
  REQUIRE(verified.ok());
  CHECK(verified->officer.agency == "springfield_pd");
  CHECK(verified->officer.badge == "4711");
  CHECK(verified->officer.thumbprint == town.officer.key.verify_key().thumbprint());
  CHECK(verified->officer.list_fresh);
  CHECK(!verified->officer.dates_pending);
  CHECK(!verified->repeat);
  CHECK(verified->request.id == request.id);
  CHECK(verified->request_sha256 == crypto::sha256_hex(compact));
}

TEST_CASE("a byte-identical repeat is the same request, anything else with its ids is a replay") {
  Town town;
  wire::Request request = town.request(town.officer);
  const std::string compact = Town::sign(town.officer, request);
  REQUIRE(town.take(compact).ok());
  const auto again = town.verify(compact);
  REQUIRE(again.ok());
  CHECK(again->repeat);
  CHECK(again->request.id == request.id);
  REQUIRE(town.record(*again).ok());

  SECTION("after its own end: it arrived in time once") {
    const auto late =
        town.verifier().verify_request(compact, town.agencies(), town.arrival(kNow + 60 * kDay));
    REQUIRE(late.ok());
    CHECK(late->repeat);
  }
  SECTION("the same jti with another id") {
    request.id = crypto::random_id();
    CHECK(is_denied(town.verify(Town::sign(town.officer, request)).status()));
  }
  SECTION("the same id with another jti") {
    request.common.jti = crypto::to_base64url(crypto::random_bytes(16));
    CHECK(is_denied(town.verify(Town::sign(town.officer, request)).status()));
  }
  SECTION("the same ids with other words") {
    request.title = "another";
    CHECK(is_denied(town.verify(Town::sign(town.officer, request)).status()));
  }
  SECTION("two at once: the second is refused where it is recorded") {
    const auto one = town.verify(Town::sign(town.officer, town.request(town.officer)));
    wire::Request twin = one->request;
    twin.title = "twin";
    const auto other = town.verify(Town::sign(town.officer, twin));
    REQUIRE(other.ok());
    REQUIRE(town.record(*one).ok());
    CHECK(is_denied(town.record(*other)));
  }
  SECTION("a clock that went far ahead and came back does not reopen the window") {
    request.title = "another";
    const std::string other = Town::sign(town.officer, request);
    CHECK(!town.verifier()
               .verify_request(other, town.agencies(), town.arrival(kNow + 4000 * kDay))
               .ok());
    CHECK(is_denied(town.verify(other).status()));
  }
}

TEST_CASE("a request for another gateway, or through another agency's mailbox, is refused") {
  Town town;
  wire::Request request = town.request(town.officer);
  SECTION("gateway B's request at gateway A") {
    request.common.aud = "othergatew";
  }
  SECTION("for any gateway") {
    request.common.aud = "any";
  }
  const std::string compact = Town::sign(town.officer, request);
  if (request.common.aud != kGateway) {
    CHECK(is_denied(town.verify(compact).status()));
  } else {
    // Forwarded: somebody else's sealed request, sent on as one's own.
    Arrival arrival = town.arrival();
    arrival.agency = "county_fire";
    CHECK(is_denied(town.verifier().verify_request(compact, town.agencies(), arrival).status()));
    arrival.agency = "";
    CHECK(is_denied(town.verifier().verify_request(compact, town.agencies(), arrival).status()));
  }
}

TEST_CASE("keys have one role each") {
  Town town;
  const Agent stranger;
  wire::Request request = town.request(town.officer);

  SECTION("signed by another than the credential names") {
    CHECK(is_denied(town.verify(Town::sign(stranger, request)).status()));
    request.common.iss = stranger.key.verify_key().thumbprint();
    CHECK(is_denied(town.verify(Town::sign(stranger, request)).status()));
  }
  SECTION("iss is another than the signer") {
    request.common.iss = stranger.key.verify_key().thumbprint();
    CHECK(is_denied(town.verify(Town::sign(town.officer, request)).status()));
  }
  SECTION("a credential that an officer wrote") {
    wire::Credential forged = town.credential(stranger);
    forged.common.iss = town.officer.key.verify_key().thumbprint();
    wire::Request theirs = town.request(stranger);
    theirs.credential = crypto::sign_jws(town.officer.key, wire::kTypCredential, encode(forged));
    CHECK(is_denied(town.verify(Town::sign(stranger, theirs)).status()));
  }
  SECTION("a credential of a stranger's agency, and one that only says so") {
    const crypto::SigningKey unknown = crypto::SigningKey::generate();
    wire::Credential forged = town.credential(town.officer);
    for (const std::string& iss :
         {unknown.verify_key().thumbprint(), town.police.verify_key().thumbprint()}) {
      forged.common.iss = iss;
      request.credential = crypto::sign_jws(unknown, wire::kTypCredential, encode(forged));
      CHECK(is_denied(town.verify(Town::sign(town.officer, request)).status()));
    }
  }
  SECTION("the agency's own key as an officer's") {
    const Agent root{*crypto::SigningKey::from_seed(town.police.seed().view()),
                     town.officer.recipients};
    CHECK(is_denied(town.verify(Town::sign(root, town.request(root))).status()));
  }
  SECTION("another agency's key as an officer's") {
    const Agent root{*crypto::SigningKey::from_seed(town.fire.seed().view()),
                     town.officer.recipients};
    CHECK(is_denied(town.verify(Town::sign(root, town.request(root))).status()));
  }
  SECTION("the key was swapped after pinning") {
    Agencies pins = town.agencies();
    pins[1].key = crypto::SigningKey::generate().verify_key();
    const std::string compact = Town::sign(town.officer, request);
    CHECK(is_denied(town.verifier().verify_request(compact, pins, town.arrival()).status()));
  }
}

TEST_CASE("objects of another kind are not requests or credentials") {
  Town town;
  wire::Request request = town.request(town.officer);
  CHECK(!town.verify(crypto::sign_jws(town.officer.key, wire::kTypControl, encode(request))).ok());
  CHECK(!town.verify(crypto::sign_jws(town.officer.key, "ls-req", encode(request))).ok());
  request.credential =
      crypto::sign_jws(town.police, wire::kTypWarrant, encode(town.credential(town.officer)));
  CHECK(!town.verify(Town::sign(town.officer, request)).ok());
  CHECK(absl::IsInvalidArgument(town.verify("").status()));
  CHECK(absl::IsInvalidArgument(town.verify("a.b.c").status()));
  CHECK(absl::IsInvalidArgument(town.verify(std::string(crypto::kJwsMax + 1, 'a')).status()));
}

// A compact JWS with a header of our own over the payload, signed with the officer's key.
std::string with_header(const Agent& agent, const std::string& header, const std::string& payload) {
  const std::string text =
      crypto::to_base64url(as_bytes(header)) + "." + crypto::to_base64url(as_bytes(payload));
  return text + "." + crypto::to_base64url(agent.key.sign(as_bytes(text)));
}

TEST_CASE("tricks with the header, the payload and the signature are refused") {
  Town town;
  const std::string payload = encode(town.request(town.officer));
  const std::string kid = town.officer.key.verify_key().thumbprint();
  const std::string good = R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"ls-req+jwt"})";
  REQUIRE(town.verify(with_header(town.officer, good, payload)).ok());
  const std::string jwk = town.officer.key.verify_key().to_jwk();
  const std::string rest = R"(,"kid":")" + kid + R"(","typ":"ls-req+jwt")";
  for (const std::string& header : std::vector<std::string>{
           R"({"alg":"none")" + rest + "}", R"({"alg":"HS256")" + rest + "}",
           R"({"alg":"ES256")" + rest + "}", R"({"alg":"eddsa")" + rest + "}",
           R"({"alg":"EdDSA")" + rest + R"(,"crit":["exp"]})",
           R"({"alg":"EdDSA")" + rest + R"(,"jku":"https://example.org/k"})",
           R"({"alg":"EdDSA")" + rest + R"(,"jwk":)" + jwk + "}",
           R"({"alg":"EdDSA","alg":"none")" + rest + "}", std::string(R"({"alg":"EdDSA"})"),
           R"({"alg":"EdDSA","kid":"../../police","typ":"ls-req+jwt"})"}) {
    INFO(header);
    CHECK(!town.verify(with_header(town.officer, header, payload)).ok());
  }
  std::string twice = payload;
  twice.insert(1, R"("id":"aaaaaaaaaa",)");
  CHECK(absl::IsInvalidArgument(town.verify(with_header(town.officer, good, twice)).status()));
  std::string unknown = payload;
  unknown.insert(1, R"("admin":true,)");
  CHECK(absl::IsInvalidArgument(town.verify(with_header(town.officer, good, unknown)).status()));
  const std::string compact = with_header(town.officer, good, payload);
  CHECK(!town.verify(compact.substr(0, compact.rfind('.') + 1)).ok());
  CHECK(!town.verify(compact + "=").ok());
  std::string other = compact;
  other[other.rfind('.') + 5] = other[other.rfind('.') + 5] == 'A' ? 'B' : 'A';
  CHECK(is_denied(town.verify(other).status()));
}

TEST_CASE("recipients come from the credential") {
  Town town;
  wire::Request request = town.request(town.officer);
  request.recipients.push_back(
      crypto::age::Recipient::from_public(crypto::random_bytes(32)).text());
  CHECK(is_denied(town.verify(Town::sign(town.officer, request)).status()));
}

TEST_CASE("credentials count while they are in date, and for 90 days at most") {
  Town town;
  wire::Credential credential = town.credential(town.officer);
  wire::Request request = town.request(town.officer);
  const auto status = [&] {
    request.credential = town.issue(credential);
    return town.verify(Town::sign(town.officer, request)).status();
  };
  SECTION("not yet") {
    credential.nbf = kNow + minutes(6);
    CHECK(is_denied(status()));
    credential.nbf = kNow + minutes(4);
    CHECK(status().ok());
  }
  SECTION("no longer") {
    credential.common.iat = kNow - kDay;
    credential.common.exp = kNow;
    CHECK(is_denied(status()));
    credential.common.exp = kNow + seconds(1);
    CHECK(status().ok());
  }
  SECTION("too long") {
    credential.common.exp = credential.nbf + 90 * kDay;
    CHECK(status().ok());
    credential.common.exp += seconds(1);
    CHECK(is_denied(status()));
  }
  SECTION("ends before it begins") {
    credential.nbf = credential.common.exp + seconds(1);
    CHECK(is_denied(status()));
  }
  SECTION("for one other gateway") {
    credential.common.aud = "othergatew";
    CHECK(is_denied(status()));
    credential.common.aud = kGateway;
    CHECK(status().ok());
  }
}

TEST_CASE("a request arrives while it is in date") {
  Town town;
  wire::Request request = town.request(town.officer);
  const auto status = [&] { return town.verify(Town::sign(town.officer, request)).status(); };
  SECTION("from the future") {
    request.common.iat = kNow + kSkewMax;
    CHECK(status().ok());
    request.common.iat = kNow + kSkewMax + seconds(1);
    CHECK(is_denied(status()));
  }
  SECTION("from the past") {
    request.common.iat = kNow - 3 * kDay;
    request.common.exp = kNow;
    CHECK(is_denied(status()));
  }
  SECTION("too long") {
    request.common.exp = request.common.iat + kRequestLifetimeMax + seconds(1);
    CHECK(is_denied(status()));
  }
  SECTION("backwards") {
    request.common.exp = request.common.iat;
    CHECK(!status().ok());
  }
}

TEST_CASE("while the clock is not right signatures count, and dates are judged later") {
  Town town;
  const std::string compact = Town::sign(town.officer, town.request(town.officer));
  const Instant long_ago = from_unix_seconds(1000);
  const auto pending =
      town.verifier().verify_request(compact, town.agencies(), town.arrival(long_ago, false));
  REQUIRE(pending.ok());
  CHECK(pending->officer.dates_pending);
  CHECK(!pending->officer.list_fresh);
  REQUIRE(town.record(*pending).ok());

  const auto right = town.verifier().recheck_dates(compact, town.agencies(), town.arrival());
  REQUIRE(right.ok());
  CHECK(!right->officer.dates_pending);
  CHECK(right->officer.list_fresh);
  CHECK(is_denied(town.verifier()
                      .recheck_dates(compact, town.agencies(), town.arrival(kNow + 8 * kDay))
                      .status()));

  const Agent stranger;
  const std::string forged = Town::sign(stranger, town.request(town.officer));
  CHECK(is_denied(town.verifier()
                      .verify_request(forged, town.agencies(), town.arrival(long_ago, false))
                      .status()));
}

TEST_CASE("before a release everything but the request's own end is judged again") {
  Town town;
  const wire::Request request = town.request(town.officer);
  const std::string compact = Town::sign(town.officer, request);
  REQUIRE(town.take(compact).ok());
  const auto again = [&](const Agencies& pins, Instant now) {
    return town.verifier().recheck_for_release(compact, pins, town.arrival(now)).status();
  };
  CHECK(again(town.agencies(), kNow + 8 * kDay).ok());         // the request ended
  CHECK(is_denied(again(town.agencies(), kNow + 31 * kDay)));  // the credential ended
  CHECK(is_denied(again({town.agencies()[0]}, kNow)));         // the agency was removed
}

}  // namespace
}  // namespace latchstring::trust
