#include "gateway/worker/channel.h"

#include <sys/socket.h>

#include <array>
#include <thread>

#include "gateway/base/ensure.h"
#include "gateway/worker/pack.h"
#include "tests/support/catch.h"

namespace latchstring::worker {
namespace {

std::pair<UniqueFd, UniqueFd> socket_pair() {
  std::array<int, 2> ends{};
  ensure(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

TEST_CASE("messages come out as they went in, however the bytes are cut") {
  const Bytes wire{3, 0, 0, 0, 7, 'a', 'b', 'c', 0, 0, 0, 0, 9};
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    Unframer unframer;
    std::vector<Message> got;
    for (std::size_t at = 0; at < wire.size(); at += step) {
      REQUIRE(unframer.feed(ByteView{wire}.subspan(at, std::min(step, wire.size() - at))).ok());
      while (auto message = unframer.next()) got.push_back(*message);
    }
    CHECK(got == std::vector<Message>{{7, to_bytes("abc")}, {9, {}}});
    CHECK(unframer.empty());
  }
}

TEST_CASE("a length beyond the limit is refused before anything is kept for it") {
  Unframer unframer;
  CHECK(absl::IsDataLoss(unframer.feed(Bytes{255, 255, 255, 255, 1})));
  CHECK(!unframer.next().has_value());
}

TEST_CASE("a large message passes while both ends work") {
  auto [a, b] = socket_pair();
  Channel left{std::move(a), nullptr, std::chrono::seconds{10}};
  Channel right{std::move(b), nullptr, std::chrono::seconds{10}};
  const Bytes large(5'000'000, 42);
  std::thread sender{[&] { CHECK(left.send(3, large).ok()); }};
  const auto got = right.receive();
  sender.join();
  REQUIRE(got.ok());
  CHECK(got->body == large);
  CHECK(absl::IsResourceExhausted(left.send(1, Bytes(kMessageMax + 1))));
  left.close();
  CHECK(absl::IsUnavailable(right.receive().status()));
  CHECK(!right.is_open());
}

TEST_CASE("silence ends after the patience, and a wish to stop at once") {
  auto [a, b] = socket_pair();
  const Cancel cancel;
  Channel channel{std::move(a), &cancel, std::chrono::milliseconds{50}};
  CHECK(absl::IsUnavailable(channel.receive().status()));
  cancel.request();
  CHECK(absl::IsCancelled(channel.receive().status()));
  CHECK(cancel.requested());
}

TEST_CASE("an unpacker is strict: too short, too long, beyond a limit, not a flag") {
  Pack pack;
  pack.u8(1).u16(0x1234).u32(7).i64(-5).f64(0.25).text("name");
  Unpack good{pack.body()};
  CHECK(good.flag());
  CHECK(good.u16() == 0x1234);
  CHECK(good.u32() == 7);
  CHECK(good.i64() == -5);
  CHECK(good.f64() == 0.25);
  CHECK(good.text(4) == "name");
  CHECK(good.done().ok());

  Unpack limited{pack.body()};
  limited.u8(), limited.u16(), limited.u32(), limited.u64(), limited.u64();
  CHECK(limited.text(3).empty());
  CHECK(!limited.done().ok());

  const Bytes two{1, 2};
  Unpack short_one{two};
  CHECK(short_one.u32() == 0);
  CHECK(short_one.u8() == 0);  // nothing more after the first error
  CHECK(!short_one.done().ok());
  Unpack long_one{two};
  long_one.u8();
  CHECK(!long_one.done().ok());
  const Bytes no_flag{2};
  Unpack flag{no_flag};
  CHECK(!flag.flag());
  CHECK(!flag.done().ok());
}

}  // namespace
}  // namespace latchstring::worker
