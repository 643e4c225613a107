#include "gateway/base/loop.h"

#include <unistd.h>

#include <thread>
#include <vector>

#include "tests/support/catch.h"

namespace latchstring {
namespace {

using namespace std::chrono_literals;

TEST_CASE("posts of other threads run on the loop, in order") {
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) REQUIRE(loop.post([&seen, i] { seen.push_back(i); }));
    loop.stop();
  });
  loop.run();
  poster.join();
  REQUIRE(seen.size() == 1000);
  CHECK(seen.front() == 0);
  CHECK(seen.back() == 999);
  CHECK(!loop.post([] {}));
}

TEST_CASE("the mailbox is bounded") {
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  for (std::size_t i = 0; i < Loop::kMailboxMax; ++i) REQUIRE(loop.post([] {}));
  CHECK(!loop.post([] {}));
}

TEST_CASE("who posts without end holds up neither timers nor descriptors") {
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "x", 1) == 1);
  int posts = 0;
  int posts_at_timer = 0;
  int posts_at_descriptor = 0;
  // Each post makes the next two, up to a limit: the mailbox never runs empty before that.
  std::function<void()> again = [&] {
    if (++posts > 2'000) return loop.stop();
    for (int i = 0; i < 2; ++i) (void)loop.post(again);
  };
  loop.after(0ms, [&] { posts_at_timer = posts; });
  loop.watch(ends[0], EPOLLIN, [&](std::uint32_t) {
    posts_at_descriptor = posts;
    loop.unwatch(ends[0]);
  });
  for (std::size_t i = 0; i < Loop::kMailboxMax / 2; ++i) REQUIRE(loop.post(again));
  loop.run();
  CHECK(posts_at_timer > 0);
  CHECK(posts_at_timer <= static_cast<int>(2 * Loop::kPostsPerTurn));
  CHECK(posts_at_descriptor <= static_cast<int>(2 * Loop::kPostsPerTurn));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("timers run in the order of their time and can be cancelled") {
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  std::vector<int> seen;
  loop.after(20ms, [&] { seen.push_back(2); });
  loop.after(0ms, [&] { seen.push_back(1); });
  const auto never = loop.after(10ms, [&] { seen.push_back(99); });
  loop.after(5ms, [&] { loop.cancel(never); });
  loop.after(30ms, [&] { loop.stop(); });
  loop.run();
  CHECK(seen == std::vector<int>{1, 2});
}

TEST_CASE("a watched descriptor calls back until it is unwatched") {
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  int calls = 0;
  loop.watch(ends[0], EPOLLIN, [&](std::uint32_t) {
    char byte = 0;
    REQUIRE(::read(ends[0], &byte, 1) == 1);
    if (++calls == 2) {
      loop.unwatch(ends[0]);
      REQUIRE(::write(ends[1], "x", 1) == 1);
      loop.after(5ms, [&] { loop.stop(); });
    } else {
      REQUIRE(::write(ends[1], "x", 1) == 1);
    }
  });
  REQUIRE(::write(ends[1], "x", 1) == 1);
  loop.run();
  CHECK(calls == 2);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace latchstring
