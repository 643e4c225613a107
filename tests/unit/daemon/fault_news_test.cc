#include "gateway/daemon/fault_news.h"

#include "tests/support/catch.h"

namespace latchstring::daemon {
namespace {

constexpr Duration kNow = std::chrono::hours{5};

TEST_CASE("a fault is said once, another one too, and the end of one that was said") {
  FaultNews news;
  CHECK(!news.up());  // the first connection is no news
  CHECK(news.down("refused", kNow));
  CHECK(!news.down("refused", kNow));
  CHECK(!news.down("refused", kNow + 2 * kSameFaultAgain));
  CHECK(news.down("no TLS connection", kNow + 2 * kSameFaultAgain));
  CHECK(news.up());
  CHECK(!news.up());
}

TEST_CASE("a broker that comes and goes does not fill the log, and is not forgotten") {
  FaultNews news;
  int said = 0;
  for (int i = 0; i < 1000; ++i) {
    said += news.down("lost", kNow + i * std::chrono::milliseconds{250}) ? 1 : 0;
    said += news.up() ? 1 : 0;
  }
  CHECK(said == 2);
  CHECK(news.down("lost", kNow + kSameFaultAgain));
  CHECK(news.up());
}

TEST_CASE("two faults in turn are said once each, and words that always differ not without end") {
  FaultNews news;
  int said = 0;
  for (int i = 0; i < 100; ++i) said += news.down(i % 2 == 0 ? "this" : "that", kNow) ? 1 : 0;
  CHECK(said == 2);
  for (int i = 0; i < 100; ++i) said += news.down(std::to_string(i), kNow) ? 1 : 0;
  CHECK(said == static_cast<int>(kFaultsRemembered));
  CHECK(news.down("this", kNow + kSameFaultAgain));
}

}  // namespace
}  // namespace latchstring::daemon
