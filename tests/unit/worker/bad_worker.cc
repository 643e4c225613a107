// Enters the sandbox like the real worker, says READY, and then does what the first message says.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <thread>

#include "gateway/worker/sandbox.h"

namespace latchstring::worker {
namespace {

constexpr std::uint8_t kReady = 1;

// Keeps the compiler from leaving out what nobody looks at.
volatile char sink = 0;

void flood_memory() {
  constexpr std::size_t step = 64 * 1024 * 1024;
  for (;;) {
    char* const block = static_cast<char*>(std::malloc(step));
    if (block == nullptr) std::abort();
    for (std::size_t i = 0; i < step; i += 4096) block[i] = 1;
    sink = block[step - 1];
  }
}

void misbehave(std::string_view how) {
  if (how == "open") static_cast<void>(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  if (how == "open in a thread") {
    std::thread{[] { static_cast<void>(::open("/etc/passwd", O_RDONLY | O_CLOEXEC)); }}.join();
  }
  struct stat about {};
  if (how == "stat") sink = static_cast<char>(::stat("/etc/passwd", &about));
  if (how == "socket") static_cast<void>(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (how == "exec") ::execl("/bin/true", "true", nullptr);
  if (how == "fork") static_cast<void>(::fork());
  if (how == "signal the parent") ::kill(::getppid(), 0);
  if (how == "executable memory") {
    ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  if (how == "crash") std::abort();
  if (how == "flood memory") flood_memory();
  if (how == "burn time") {
    for (;;) sink = static_cast<char>(sink + 1);
  }
  if (how == "hang") ::pause();
  if (how == "sleep") std::this_thread::sleep_for(std::chrono::hours{1});
  if (how == "exit") ::_exit(7);
}

int run() {
  absl::StatusOr<Channel> channel = open_channel();
  if (!channel.ok()) return 2;
  if (!enter_sandbox().ok()) return 3;
  if (!channel->send(kReady, {}).ok()) return 4;
  const absl::StatusOr<Message> order = channel->receive();
  if (!order.ok()) return 5;
  const std::string how{as_text(order->body)};
  if (how == "lie about length") {
    const Bytes head{255, 255, 255, 255, 1};
    static_cast<void>(!::write(kChildSocket, head.data(), head.size()));
    std::this_thread::sleep_for(std::chrono::hours{1});
  }
  if (how == "last words twice") {
    const Bytes denied{4, 0, 0, 0, kDeniedCall, 2, 0, 0, 0};
    for (int i = 0; i < 2; ++i) {
      static_cast<void>(!::write(kChildSocket, denied.data(), denied.size()));
    }
    std::this_thread::sleep_for(std::chrono::hours{1});
  }
  misbehave(how);
  // A thread, memory and an answer are what it may have.
  std::thread{[] { sink = 1; }}.join();
  return channel->send(kReady, as_bytes("still here")).ok() ? 0 : 6;
}

}  // namespace
}  // namespace latchstring::worker

int main() {
  return latchstring::worker::run();
}
