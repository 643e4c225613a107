// HELLO, other control messages, receipts, and the count of strangers.
#include "tests/support/catch.h"
#include "tests/unit/trust/town.h"

namespace latchstring::trust {
namespace {

using namespace test;

wire::Control control(const Agent& agent, wire::Command command) {
  return {common(agent.key, kGateway, hours(1)), 1, std::move(command)};
}

std::string sign(const Agent& agent, const wire::Control& message) {
  return crypto::sign_jws(agent.key, wire::kTypControl, encode(message));
}

TEST_CASE("a HELLO shows its signer's credential") {
  Town town;
  wire::Hello hello;
  hello.credential = town.issue(town.credential(town.officer));
  hello.versions = {1};
  hello.device = "dddddddddd";
  const auto check = [&town](const std::string& compact, Instant now = kNow) {
    return town.verifier().verify_hello(compact, town.agencies(), town.arrival(now));
  };
  const auto verified = check(sign(town.officer, control(town.officer, hello)));
  REQUIRE(verified.ok());
  CHECK(verified->officer.badge == "4711");
  CHECK(!verified->officer.list_fresh);  // no list was ever seen

  const Agent thief;
  CHECK(!check(sign(thief, control(thief, hello))).ok());
  CHECK(!check(sign(thief, control(town.officer, hello))).ok());
  CHECK(!check(sign(town.officer, control(town.officer, wire::Ack{1}))).ok());
  CHECK(!check(sign(town.officer, control(town.officer, hello)), kNow + hours(2)).ok());
  // Forwarded from another device of the same mailbox.
  trust::Arrival other_device = town.arrival();
  other_device.device = "eeeeeeeeee";
  CHECK(absl::IsPermissionDenied(town.verifier()
                                     .verify_hello(sign(town.officer, control(town.officer, hello)),
                                                   town.agencies(), other_device)
                                     .status()));
  wire::Control elsewhere = control(town.officer, hello);
  elsewhere.common.aud = "othergatew";
  CHECK(!check(sign(town.officer, elsewhere)).ok());
  CHECK(!check("").ok());
}

TEST_CASE("other control messages are under the key of their device's HELLO") {
  Town town;
  const auto key = town.officer.key.verify_key();
  const std::string compact = sign(town.officer, control(town.officer, wire::Ack{7}));
  const auto verified = town.verifier().verify_control(compact, key, town.arrival());
  REQUIRE(verified.ok());
  CHECK(std::get<wire::Ack>(verified->command).acked == 7);
  const Agent other;
  CHECK(absl::IsPermissionDenied(
      town.verifier().verify_control(compact, other.key.verify_key(), town.arrival()).status()));
  CHECK(absl::IsPermissionDenied(
      town.verifier().verify_control(compact, key, town.arrival(kNow + hours(2))).status()));
  CHECK(town.verifier().verify_control(compact, key, town.arrival(Instant{}, false)).ok());
}

TEST_CASE("a receipt is the officer's, for exactly this delivery") {
  Town town;
  const std::string delivery = crypto::sha256_hex("delivery");
  wire::Receipt receipt;
  receipt.common = common(town.officer.key, kGateway, 30 * kDay);
  receipt.delivery_sha256 = delivery;
  const auto check = [&](const crypto::SigningKey& signer, std::string_view expected) {
    const std::string compact = crypto::sign_jws(signer, wire::kTypReceipt, encode(receipt));
    return town.verifier()
        .verify_receipt(compact, town.officer.key.verify_key(), expected, town.arrival())
        .status();
  };
  CHECK(check(town.officer.key, delivery).ok());
  CHECK(absl::IsPermissionDenied(check(town.officer.key, crypto::sha256_hex("another"))));
  CHECK(absl::IsPermissionDenied(check(town.police, delivery)));  // forged
  receipt.common.aud = "othergatew";
  CHECK(absl::IsPermissionDenied(check(town.officer.key, delivery)));
  receipt.common.aud = kGateway;
  receipt.common.iat = kNow + kDay;
  CHECK(absl::IsPermissionDenied(check(town.officer.key, delivery)));
}

TEST_CASE("strangers only raise counters") {
  Strangers strangers;
  strangers.count(absl::InvalidArgumentError("x"));
  strangers.count(absl::PermissionDeniedError("x"));
  strangers.count(absl::PermissionDeniedError("x"));
  const Strangers::Count count = strangers.take();
  CHECK(count.malformed == 1);
  CHECK(count.denied == 2);
  CHECK(strangers.take().denied == 0);
}

}  // namespace
}  // namespace latchstring::trust
