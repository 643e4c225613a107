#include "gateway/link/reliable.h"

#include <random>
#include <set>

#include "tests/support/catch.h"

namespace latchstring::link {
namespace {

using std::chrono::seconds;

TEST_CASE("the window takes each seq once, in any order") {
  SeqWindow window;
  CHECK(!window.taken(1));
  window.take(3);
  CHECK(window.taken(3));
  CHECK(!window.taken(2));
  window.take(2);
  CHECK(window.taken(2));
  CHECK(!window.taken(1));
  CHECK(!window.taken(4));
  window.take(66);
  CHECK(window.taken(66));
  CHECK(window.taken(3));
  CHECK(!window.taken(4));
  CHECK(window.taken(2));  // older than the window
  CHECK(window.taken(1));  // likewise, though it never came
  window.take(1'000'000);
  CHECK(window.taken(66));
  CHECK(!window.taken(999'999));
}

TEST_CASE("messages are repeated with back-off until they are acknowledged") {
  ReliableOut out;
  CHECK(!out.next_due());
  out.add(1, {1});
  CHECK(out.due(seconds{10}).size() == 1);
  CHECK(out.due(seconds{11}).empty());
  CHECK(*out.next_due() == seconds{12});
  CHECK(out.due(seconds{12}).size() == 1);
  CHECK(*out.next_due() == seconds{16});
  for (int i = 0; i < 20; ++i) (void)out.due(*out.next_due());
  const Duration before = *out.next_due();
  (void)out.due(before);
  CHECK(*out.next_due() - before == kRepeatMax);
  out.restart();
  CHECK(out.due(seconds{0}).size() == 1);
  out.acknowledge(2);
  CHECK(!out.empty());
  out.acknowledge(1);
  CHECK(out.empty());
  CHECK(!out.next_due());
}

TEST_CASE("nothing is in flight that the other end's window could not tell from a repeat") {
  ReliableOut out;
  for (std::uint64_t seq = 1; seq <= 200; ++seq) out.add(seq, {});
  CHECK(out.due(seconds{1}).size() == kSeqWindow);
  for (std::uint64_t seq = 2; seq <= kSeqWindow; ++seq) out.acknowledge(seq);
  CHECK(out.due(seconds{1}).empty());
  out.acknowledge(1);
  CHECK(out.due(seconds{1}).size() == kSeqWindow);
}

TEST_CASE("over a pipe that loses, repeats and reorders each message is taken exactly once") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto one_in = [&random](unsigned n) { return random() % n == 0; };
    ReliableOut out;
    SeqWindow window;
    std::multiset<std::uint64_t> taken;
    std::vector<std::uint64_t> in_flight;
    for (std::uint64_t seq = 1; seq <= 100; ++seq) out.add(seq, {});
    Duration now{0};
    while (!out.empty()) {
      now += seconds{1};
      for (const auto* message : out.due(now)) {
        if (!one_in(3)) in_flight.push_back(message->seq);
        if (one_in(4)) in_flight.push_back(message->seq);
      }
      std::shuffle(in_flight.begin(), in_flight.end(), random);
      const std::size_t keep = in_flight.empty() ? 0 : random() % in_flight.size();
      while (in_flight.size() > keep) {
        const std::uint64_t seq = in_flight.back();
        in_flight.pop_back();
        if (!window.taken(seq)) taken.insert(seq);
        window.take(seq);
        if (!one_in(3)) out.acknowledge(seq);
      }
      REQUIRE(now < std::chrono::hours{24 * 7});
    }
    REQUIRE(taken.size() == 100);
    REQUIRE(std::set<std::uint64_t>(taken.begin(), taken.end()).size() == 100);
  }
}

}  // namespace
}  // namespace latchstring::link
