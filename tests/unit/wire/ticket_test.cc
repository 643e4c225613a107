#include "gateway/wire/ticket.h"

#include "tests/support/catch.h"
#include "tests/unit/wire/samples.h"

namespace latchstring::wire {
namespace {

Ticket sample_ticket() {
  Ticket ticket;
  ticket.gateway = "aaaaaaaaaa";
  ticket.name = "Maple Street";
  ticket.gateway_jwk = sample_key().verify_key().to_jwk();
  ticket.ledger_vkey = "aaaaaaaaaa/latchstring/log1+12345678+AAAA";
  ticket.inbox = sample_identity().recipient().text();
  ticket.brokers = {"mqtts://house.example:8883", "wss://broker.example/mqtt"};
  ticket.ca_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  ticket.mailbox = "bbbbbbbbbb";
  ticket.secret = "c2VjcmV0";
  ticket.cameras = {"street side"};
  return ticket;
}

TEST_CASE("a ticket survives encoding") {
  const Ticket ticket = sample_ticket();
  const auto decoded = decode_ticket(encode(ticket));
  REQUIRE(decoded.ok());
  CHECK(encode(*decoded) == encode(ticket));
  CHECK(decoded->brokers == ticket.brokers);
}

TEST_CASE("a ticket that is wrong says where") {
  const auto refusal = [](auto change) {
    Ticket ticket = sample_ticket();
    change(ticket);
    const auto decoded = decode_ticket(encode(ticket));
    return decoded.ok() ? std::string() : std::string(decoded.status().message());
  };
  const auto mentions = [](const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
  };
  CHECK(mentions(refusal([](Ticket& t) { t.gateway = "x"; }), "gateway"));
  CHECK(mentions(refusal([](Ticket& t) { t.inbox = "age1nothing"; }), "inbox"));
  CHECK(mentions(refusal([](Ticket& t) { t.gateway_jwk = "{}"; }), "jwk"));
  CHECK(mentions(refusal([](Ticket& t) { t.brokers.clear(); }), "brokers"));
  CHECK(mentions(refusal([](Ticket& t) { t.brokers = {"mqtt://plain.example"}; }), "brokers"));
  CHECK(mentions(refusal([](Ticket& t) { t.brokers = {"mqtts://u:p@h"}; }), "brokers"));
  CHECK(mentions(refusal([](Ticket& t) { t.ca_pem = "not pem"; }), "ca"));
  CHECK(mentions(refusal([](Ticket& t) { t.mailbox = "../x"; }), "mailbox"));
  CHECK(mentions(refusal([](Ticket& t) { t.versions = {2}; }), "version"));
  CHECK(!decode_ticket("").ok());
  CHECK(!decode_ticket(std::string(kTicketMax + 1, ' ')).ok());
}

TEST_CASE("a QR code is square, has its quiet zone, and knows its limit") {
  const auto text = qr_text(encode(sample_ticket()));
  REQUIRE(text.ok());
  const auto svg = qr_svg("hello");
  REQUIRE(svg.ok());
  // 21 modules (version 1) and four of quiet zone on each side.
  CHECK(svg->find("viewBox=\"-4 -4 29 29\"") != std::string::npos);
  CHECK(svg->find("M0 0h1v1h-1z") != std::string::npos);  // a finder pattern's corner
  const std::string lines = *qr_text("hello");
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 15);
  CHECK(absl::IsResourceExhausted(qr_text(std::string(3000, 'x')).status()));
  CHECK(absl::IsInvalidArgument(qr_text("").status()));
}

}  // namespace
}  // namespace latchstring::wire
