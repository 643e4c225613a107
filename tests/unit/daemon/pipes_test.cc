#include "gateway/daemon/pipes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "gateway/base/files.h"
#include "gateway/base/status.h"
#include "gateway/daemon/chores.h"
#include "tests/support/catch.h"

namespace latchstring::daemon {
namespace {

struct Pipe {
  UniqueFd reading;
  UniqueFd writing;

  Pipe() {
    ::signal(SIGPIPE, SIG_IGN);  // as the daemon does
    int ends[2] = {-1, -1};
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    reading = UniqueFd(ends[0]);
    writing = UniqueFd(ends[1]);
  }
  // Returns once who writes cannot go on.
  void wait_full() const {
    for (;;) {
      pollfd looked{writing.get(), POLLOUT, 0};
      if (::poll(&looked, 1, 0) == 0) return;
      std::this_thread::yield();
    }
  }
};

// More than any pipe holds, and no two parts of it alike.
Bytes much() {
  Bytes bytes(4 * 1024 * 1024);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(i ^ (i >> 8) ^ (i >> 16));
  }
  return bytes;
}

TEST_CASE("all of it arrives, in the order in which it was written") {
  Pipe pipe;
  const Bytes sent = much();
  absl::Status written;
  std::thread writer([&] {
    const std::atomic<bool> never{false};
    written = write_to_pipe(pipe.writing.get(), sent, never);
    pipe.writing.reset();
  });
  Bytes got(sent.size());
  std::size_t at = 0;
  for (ssize_t count = 1; count > 0 && at < got.size(); at += static_cast<std::size_t>(count)) {
    count = ::read(pipe.reading.get(), got.data() + at, got.size() - at);
    REQUIRE(count >= 0);
  }
  writer.join();
  CHECK(written.ok());
  CHECK(got == sent);
}

TEST_CASE("who reads nothing is given up, and told what to do") {
  Pipe pipe;
  const std::atomic<bool> never{false};
  const absl::Status written = write_to_pipe(pipe.writing.get(), much(), never, Duration{0});
  CHECK(absl::IsUnavailable(written));
  CHECK(message_of(written).find("written to disk") != std::string_view::npos);
}

TEST_CASE("a pipe that nobody has the other end of is an error") {
  Pipe pipe;
  pipe.reading.reset();
  const std::atomic<bool> never{false};
  CHECK(!write_to_pipe(pipe.writing.get(), much(), never).ok());
}

TEST_CASE("a stop ends what nobody reads") {
  Pipe pipe;
  std::atomic<bool> stopping{false};
  absl::Status written;
  std::thread writer([&] { written = write_to_pipe(pipe.writing.get(), much(), stopping); });
  pipe.wait_full();
  stopping = true;
  writer.join();
  CHECK(absl::IsUnavailable(written));
  CHECK(message_of(written).find("stopped") != std::string_view::npos);
}

TEST_CASE("a chore whose file nobody reads does not hold up the end") {
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  Pipe pipe;
  absl::Status written;
  {
    Chores chores(loop);
    REQUIRE(chores.run(
        [&, &stopping = chores.stopping()] {
          written = write_to_pipe(pipe.writing.get(), much(), stopping);
        },
        [] {}));
    pipe.wait_full();
  }
  CHECK(absl::IsUnavailable(written));
}

TEST_CASE("where there is room for a chore, it is taken") {
  const SystemClock clock(ClockTrust::assumed);
  Loop loop(clock);
  std::atomic<bool> is_begun{false};
  Chores chores(loop);
  REQUIRE(chores.run(
      [&is_begun, &stopping = chores.stopping()] {
        is_begun = true;
        while (!stopping) std::this_thread::yield();
      },
      [] {}));
  while (!is_begun) std::this_thread::yield();
  for (std::size_t i = 0; i < kChoresMax; ++i) {
    CHECK(chores.has_room());
    CHECK(chores.run([] {}, [] {}));
  }
  CHECK(!chores.has_room());
  CHECK(!chores.run([] {}, [] {}));
}

}  // namespace
}  // namespace latchstring::daemon
