#include "gateway/worker/worker.h"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "tests/support/catch.h"

namespace latchstring::worker {
namespace {

const Path kBadWorker = "./latchstring-bad-worker";

Limits small_limits() {
  Limits limits;
  limits.address_space_bytes = 256ULL << 20;
  limits.cpu_seconds = 3;
  return limits;
}

// What the parent hears when the worker does this after it got ready.
absl::StatusOr<Message> after(std::string_view how, const Cancel& cancel,
                              Duration patience = std::chrono::seconds{20}) {
  auto process = Process::spawn(kBadWorker, small_limits(), cancel, patience);
  if (!process.ok()) return process.status();
  if (const auto ready = (*process)->receive(); !ready.ok()) return ready;
  if (const absl::Status sent = (*process)->send(1, as_bytes(how)); !sent.ok()) return sent;
  return (*process)->receive();
}

std::string words_after(std::string_view how) {
  const Cancel cancel;
  const auto answer = after(how, cancel);
  return answer.ok() ? "it got away with it" : answer.status().ToString();
}

TEST_CASE("a worker that behaves may compute, start threads and answer") {
  const Cancel cancel;
  auto process = Process::spawn(kBadWorker, small_limits(), cancel);
  REQUIRE(process.ok());
  REQUIRE((*process)->receive().ok());
  REQUIRE((*process)->send(1, as_bytes("nothing")).ok());
  const auto answer = (*process)->receive();
  INFO(answer.status().ToString());
  REQUIRE(answer.ok());
  CHECK(as_text(answer->body) == "still here");
  CHECK((*process)->wait_for_end().ok());
}

TEST_CASE("a worker that leaves its sandbox is killed, and it is said why") {
  CHECK(words_after("open").find("(SIGSYS): it tried to open a file") != std::string::npos);
  CHECK(words_after("open in a thread").find("open a file") != std::string::npos);
  CHECK(words_after("socket").find("(SIGSYS): it tried to open a socket") != std::string::npos);
  CHECK(words_after("exec").find("(SIGSYS): it tried to run a program") != std::string::npos);
  CHECK(words_after("stat").find("SIGSYS") != std::string::npos);
  CHECK(words_after("fork").find("SIGSYS") != std::string::npos);
  CHECK(words_after("signal the parent").find("SIGSYS") != std::string::npos);
  CHECK(words_after("executable memory").find("SIGSYS") != std::string::npos);
}

TEST_CASE("a worker that crashes, exits, burns time or talks nonsense ends in an error") {
  CHECK(words_after("crash").find("crashed") != std::string::npos);
  CHECK(words_after("exit").find("exit code 7") != std::string::npos);
  CHECK(words_after("burn time").find("worker was killed") != std::string::npos);
  CHECK(words_after("lie about length").find("more than") != std::string::npos);
  CHECK(words_after("last words twice").find("second denied call") != std::string::npos);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a worker that floods the memory dies of it") {
  CHECK(words_after("flood memory").find("crashed") != std::string::npos);
}
#endif

TEST_CASE("a silent worker is killed when the patience ends") {
  const Cancel cancel;
  const auto answer = after("sleep", cancel, std::chrono::milliseconds{300});
  CHECK(absl::IsUnavailable(answer.status()));
}

TEST_CASE("a worker that somebody else killed is not called faulty") {
  const Cancel cancel;
  auto process = Process::spawn(kBadWorker, small_limits(), cancel);
  REQUIRE(process.ok());
  REQUIRE((*process)->receive().ok());
  REQUIRE(::kill((*process)->pid(), SIGKILL) == 0);
  const auto answer = (*process)->receive();
  CHECK(absl::IsUnavailable(answer.status()));
  CHECK(answer.status().message() == "the worker was killed (SIGKILL)");
}

TEST_CASE("a wish to stop kills the worker within a second") {
  const Cancel cancel;
  std::thread stopper{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    cancel.request();
  }};
  const auto start = std::chrono::steady_clock::now();
  const auto answer = after("sleep", cancel);
  const auto took = std::chrono::steady_clock::now() - start;
  stopper.join();
  CHECK(absl::IsCancelled(answer.status()));
  CHECK(took < std::chrono::milliseconds{1300});
}

TEST_CASE("the process is gone when its handle is") {
  const Cancel cancel;
  pid_t pid = 0;
  {
    auto process = Process::spawn(kBadWorker, small_limits(), cancel);
    REQUIRE(process.ok());
    REQUIRE((*process)->receive().ok());
    pid = (*process)->pid();
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("no program, no worker; and a worker started by hand refuses to run") {
  const Cancel cancel;
  CHECK(absl::IsNotFound(Process::spawn("./none", small_limits(), cancel).status()));
  const int status = std::system("./latchstring-bad-worker 3<&- 2>/dev/null");
  CHECK(WEXITSTATUS(status) == 2);
}

}  // namespace
}  // namespace latchstring::worker
