#include "gateway/link/byte_budget.h"

#include <thread>
#include <vector>

#include "tests/support/catch.h"

namespace latchstring::link {
namespace {

TEST_CASE("what waits for the loop is limited in bytes, small messages in number") {
  ByteBudget budget;
  std::size_t taken = 0;
  while (budget.take(ByteBudget::cost_of(61'440))) ++taken;
  CHECK(taken == kWaitingBytesMax / 61'440);
  budget.give_back(61'440);
  CHECK(budget.take(61'440));
  CHECK(!budget.take(61'440));

  ByteBudget small;
  std::size_t gets = 0;
  while (small.take(ByteBudget::cost_of(38))) ++gets;
  CHECK(gets == kWaitingBytesMax / kMessageCostMin);
}

TEST_CASE("two threads never take more than there is") {
  ByteBudget budget;
  std::atomic<std::size_t> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (budget.take(kMessageCostMin)) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == kWaitingBytesMax / kMessageCostMin);
}

}  // namespace
}  // namespace latchstring::link
