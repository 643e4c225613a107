#include "gateway/requester/commands.h"
#include "gateway/requester/program.h"
#include "tests/support/catch.h"

namespace latchstring::requester {
namespace {

Outcome outcome(std::string state, std::vector<OfferState> offers) {
  Outcome outcome;
  outcome.request.state = std::move(state);
  for (const OfferState offer : offers) outcome.offers.emplace_back().state = offer;
  return outcome;
}

TEST_CASE("exit codes say what became of a request") {
  using S = OfferState;
  CHECK(outcome("sent", {}).exit_code() == kNoAnswer);
  CHECK(outcome("received", {}).exit_code() == kNoAnswer);
  CHECK(outcome("received", {S::offered}).exit_code() == kDone);
  CHECK(outcome("closed", {S::done}).exit_code() == kDone);
  CHECK(outcome("closed", {S::revoked, S::received}).exit_code() == kDone);
  CHECK(outcome("closed", {}).exit_code() == kRefused);
  CHECK(outcome("closed", {S::expired}).exit_code() == kRefused);
  CHECK(outcome("received", {S::revoked}).exit_code() == kRefused);
  CHECK(outcome("received", {S::expired}).exit_code() == kNoAnswer);
}

TEST_CASE("durations are a number and a unit") {
  CHECK(*parse_duration("10 minutes") == std::chrono::minutes{10});
  CHECK(*parse_duration("1 second") == std::chrono::seconds{1});
  CHECK(*parse_duration("8hours") == std::chrono::hours{8});
  CHECK(*parse_duration("2 days") == std::chrono::days{2});
  for (const char* bad : {"", "10", "0 minutes", "-1 minutes", "ten minutes", "1 week", "1.5 hours",
                          "99999999999 days", "5 minutes 3"}) {
    INFO(bad);
    CHECK(!parse_duration(bad).ok());
  }
}

TEST_CASE("what others wrote cannot move the cursor") {
  CHECK(shown("a\x1b[2Jb\rc") == "a?[2Jb?c");
  CHECK(size_text(999) == "999 bytes");
  CHECK(size_text(1'572'864) == "1.5 MiB");
}

}  // namespace
}  // namespace latchstring::requester
