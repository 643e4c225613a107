#include "gateway/link/bitmap.h"

#include "tests/support/catch.h"

namespace latchstring::link {
namespace {

TEST_CASE("a bitmap counts, finds and survives") {
  Bitmap map(19);
  CHECK(map.first_clear() == 0);
  for (std::uint64_t i = 0; i < 19; ++i) {
    if (i != 16) map.set(i);
  }
  map.set(3);  // twice
  CHECK(map.count() == 18);
  CHECK(map.first_clear() == 16);
  CHECK(map.first_clear(17) == 19);
  CHECK(!map.full());
  const auto again = Bitmap::from_bytes(19, map.bytes());
  REQUIRE(again.ok());
  CHECK(again->count() == 18);
  CHECK(!again->test(16));
  map.set(16);
  CHECK(map.full());
}

TEST_CASE("stored bitmaps that do not fit are refused") {
  CHECK(!Bitmap::from_bytes(19, Bytes(2)).ok());
  CHECK(!Bitmap::from_bytes(19, Bytes(4)).ok());
  CHECK(!Bitmap::from_bytes(19, Bytes{0, 0, 8}).ok());  // bit 19
  CHECK(Bitmap::from_bytes(19, Bytes{0, 0, 7}).ok());
  CHECK(!Bitmap::from_bytes(kChunksMax + 1, {}).ok());
}

}  // namespace
}  // namespace latchstring::link
