#include "gateway/wire/control.h"

#include "tests/support/catch.h"
#include "tests/unit/wire/samples.h"

namespace latchstring::wire {
namespace {

Offer sample_offer(std::size_t transfers) {
  Offer offer;
  offer.request_id = "abcdefgh23";
  offer.piece = 1;
  offer.transfers.assign(transfers,
                         {sample_common().jti, 120'001, 3, sample_hash('1'), sample_hash('2')});
  offer.expires = at("2026-05-20T00:00:00Z");
  offer.delivery = "e30.e30.AAAA";
  offer.leaf = "{\"event\":\"release_commit\"}";
  offer.ledger_proof = "c2sp.org/tlog-proof@v1\nindex 5\nAAAA=\n\nlog\n32\nAAAA=\n";
  return offer;
}

std::vector<Command> samples() {
  const std::string id = sample_common().jti;
  return {Hello{"e30.e30.AAAA", {1, 2}, 64, "cccccccccc"},
          State{{id}, {id, id}, "log\n256\nAAAA=\n", {sample_hash('3')}},
          State{},
          sample_offer(2),
          Done{"e30.e30.AAAA"},
          ReceiptTaken{sample_hash('4')},
          Revoke{{id}},
          Resend{id, 12, 0x8000'0000'0000'0001u},
          Notice{"e30.e30.AAAA"},
          Cancel{"abcdefgh23"},
          Ack{42}};
}

TEST_CASE("every command survives encoding") {
  std::uint64_t seq = 0;
  for (const Command& command : samples()) {
    const Control control{sample_common("aaaaaaaaaa"), seq++, command};
    const auto decoded = decode_control(encode(control));
    REQUIRE(decoded.ok());
    CHECK(decoded->seq == control.seq);
    CHECK(decoded->command.index() == command.index());
    CHECK(encode(*decoded) == encode(control));
  }
}

TEST_CASE("a command takes its own members only") {
  const std::string cancel = encode(Control{sample_common(), 1, Cancel{"abcdefgh23"}});
  const auto with = [&cancel](std::string_view from, std::string_view to) {
    std::string text = cancel;
    return text.replace(text.find(from), from.size(), to);
  };
  CHECK(!decode_control(with("\"cmd\":\"cancel\"", "\"cmd\":\"upload\"")).ok());
  CHECK(!decode_control(with("\"cmd\":\"cancel\"", "\"cmd\":\"ack\",\"acked\":1")).ok());
  CHECK(!decode_control(with("\"cmd\":\"cancel\"", "\"cmd\":\"cancel\",\"cmd\":\"ack\"")).ok());
  CHECK(!decode_control(with("\"seq\":1", "\"seq\":-1")).ok());
  CHECK(!decode_control(with("\"seq\":1", "\"seq\":1.5")).ok());
}

TEST_CASE("limits of control messages") {
  const auto refuses = [](Command command) {
    return !decode_control(encode(Control{sample_common(), 1, std::move(command)})).ok();
  };
  const std::string id = sample_common().jti;
  CHECK(refuses(Revoke{std::vector<std::string>(kTransfersMax + 1, id)}));
  CHECK(refuses(Revoke{{"not an id"}}));
  CHECK(refuses(sample_offer(0)));
  CHECK(refuses(sample_offer(kDeliveryFilesMax + 1)));
  Offer offer = sample_offer(1);
  offer.transfers[0].chunks = 4;  // 120,001 bytes are three chunks
  CHECK(refuses(offer));
  offer = sample_offer(1);
  offer.leaf = std::string(kLeafTextMax + 1, 'x');
  CHECK(refuses(offer));
  offer = sample_offer(1);
  offer.transfers[0].sha256[0] = 'A';  // upper case
  CHECK(refuses(offer));
  CHECK(refuses(Hello{"not a jws", {1}, 0, "cccccccccc"}));
  CHECK(refuses(Hello{"e30.e30.AAAA", {1}, 0, ""}));
  CHECK(refuses(Hello{"e30.e30.AAAA", {1}, 0, "Not an id!"}));
}

TEST_CASE("the fullest control messages fit one sealed message") {
  Offer offer = sample_offer(kDeliveryFilesMax);
  offer.delivery = std::string(kDeliveryTextMax - 4, 'A') + ".A.A";
  offer.leaf = std::string(kLeafTextMax, '"');  // each is two bytes in JSON
  offer.ledger_proof = std::string(kProofTextMax, '\n');
  const std::string id = sample_common().jti;
  const State state{
      std::vector<std::string>(kTransfersMax, id), std::vector<std::string>(kTransfersMax, id),
      std::string(kCheckpointTextMax, '\n'), std::vector<std::string>(kListMax, sample_hash('1'))};
  for (const Command& command : {Command{offer}, Command{state}}) {
    const std::string payload = encode(Control{sample_common(), 1, command});
    REQUIRE(decode_control(payload).ok());
    const auto sealed =
        seal_message(sample_key(), kTypControl, payload, {sample_identity().recipient()});
    REQUIRE(sealed.ok());
    CHECK(sealed->size() <= kMessageMax);
  }
}

}  // namespace
}  // namespace latchstring::wire
