#include "gateway/seal/padding.h"

#include "tests/support/catch.h"

namespace latchstring::seal {
namespace {

TEST_CASE("Padmé sizes") {
  // Worked out by hand from the paper's algorithm 1.
  CHECK(padme(0) == 0);
  CHECK(padme(1) == 1);
  CHECK(padme(8) == 8);
  CHECK(padme(9) == 10);
  CHECK(padme(100) == 104);
  CHECK(padme(1'000) == 1'024);
  CHECK(padme(1'025) == 1'088);
  CHECK(padme(1'000'000) == 1'015'808);
  for (std::uint64_t size = 2; size < 100'000; size += 37) {
    const std::uint64_t padded = padme(size);
    CHECK(padded >= size);
    CHECK(static_cast<double>(padded) <= static_cast<double>(size) * 1.12);
    CHECK(padme(padded) == padded);
  }
}

TEST_CASE("a free box fills a file up to a Padmé size") {
  for (std::uint64_t size = 1; size < 70'000; size += 13) {
    const FreeBox box = free_box_after(size);
    const std::uint64_t total = size + box.header.size() + box.zeros;
    INFO(size);
    CHECK(padme(total) == total);
    if (box.header.empty()) {
      CHECK(total == size);
      continue;
    }
    const std::uint64_t stated = std::uint64_t{box.header[0]} << 24 |
                                 std::uint64_t{box.header[1]} << 16 |
                                 std::uint64_t{box.header[2]} << 8 | box.header[3];
    CHECK(stated == box.header.size() + box.zeros);
    CHECK(as_text(ByteView(box.header).subspan(4)) == "free");
  }
}

TEST_CASE("a box of more than 4 GiB has a long size") {
  const std::uint64_t size = (std::uint64_t{1} << 39) + 1;
  const FreeBox box = free_box_after(size);
  REQUIRE(box.header.size() == 16);
  CHECK(box.header[3] == 1);
  const std::uint64_t total = size + 16 + box.zeros;
  CHECK(padme(total) == total);
}

}  // namespace
}  // namespace latchstring::seal
