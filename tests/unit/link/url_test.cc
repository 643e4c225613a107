#include "gateway/link/mqtt.h"
#include "tests/support/catch.h"

namespace latchstring::link {
namespace {

TEST_CASE("broker addresses") {
  const auto tls = parse_broker_url("mqtts://broker.example");
  REQUIRE(tls.ok());
  CHECK(tls->host == "broker.example");
  CHECK(tls->port == 8883);
  CHECK(tls->tls);
  const auto plain = parse_broker_url("mqtt://127.0.0.1:2000");
  REQUIRE(plain.ok());
  CHECK(plain->port == 2000);
  CHECK(!plain->tls);
  CHECK(parse_broker_url("mqtts://[::1]:99")->host == "::1");
  CHECK(parse_broker_url("mqtts://[::1]:99")->port == 99);
  CHECK(parse_broker_url("mqtts://[::1]")->port == 8883);
}

TEST_CASE("addresses that are none, and WebSocket, are refused with a way out") {
  for (const char* url :
       {"", "broker", "http://broker", "mqtts://", "mqtts://h:", "mqtts://h:0", "mqtts://h:65536",
        "mqtts://h:1x", "mqtts://h/p", "mqtts://u@h", "mqtts://[::1", "mqtts://[::1]x"}) {
    CHECK(absl::IsInvalidArgument(parse_broker_url(url).status()));
  }
  const auto web = parse_broker_url("wss://broker.example/mqtt");
  CHECK(absl::IsFailedPrecondition(web.status()));
  CHECK(std::string(web.status().message()).find("mqtts://") != std::string::npos);
}

}  // namespace
}  // namespace latchstring::link
