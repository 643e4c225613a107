#include "gateway/worker/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LATCHSTRING_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LATCHSTRING_SHADOW_MEMORY 1
#endif
#endif

namespace latchstring::worker {
namespace {

// Nothing of the parent's environment but this. No registry is read or written, no code is made at
// run time (Orc), no leak report and no shrinking heap (glibc) tries to open files behind the
// filter.
constexpr std::array kEnvironment{"PATH=/usr/bin:/bin",
                                  "LANG=C.UTF-8",
                                  "GST_REGISTRY_DISABLE=yes",
                                  "GST_PLUGIN_SYSTEM_PATH=",
                                  "ORC_CODE=backup",
                                  "MALLOC_ARENA_MAX=2",
                                  "MALLOC_TRIM_THRESHOLD_=1000000000000",
                                  "MALLOC_MMAP_THRESHOLD_=33554432",
                                  "ASAN_OPTIONS=detect_leaks=0:abort_on_error=0",
                                  "TSAN_OPTIONS=ignore_noninstrumented_modules=1",
                                  "HOME=/nonexistent"};

// Runs between fork and exec: async-signal-safe calls only.
bool limit(int which, std::uint64_t value) {
  const rlimit both{value, value};
  return ::setrlimit(static_cast<__rlimit_resource>(which), &both) == 0;
}

[[noreturn]] void become(const char* program, int socket, pid_t parent, const Limits& limits,
                         char* const* arguments, char* const* environment) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  bool good = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent &&
              ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::setpgid(0, 0) == 0;
  // Descriptors 0 to 2 lead nowhere, 3 is the socket, the rest is closed.
  socket = ::fcntl(socket, F_DUPFD, 10);
  const int nowhere = ::open("/dev/null", O_RDWR);
  good = good && nowhere >= 0 && socket >= 10;
  for (int fd = 0; fd < 2; ++fd) good = good && ::dup2(nowhere, fd) == fd;
#ifndef LATCHSTRING_SHADOW_MEMORY  // a sanitizer's report is worth more than a closed stderr
  good = good && ::dup2(nowhere, 2) == 2;
#endif
  good = good && ::dup2(socket, kChildSocket) == kChildSocket &&
         ::syscall(SYS_close_range, kChildSocket + 1, ~0U, 0) == 0;
#ifndef LATCHSTRING_SHADOW_MEMORY  // its shadow alone is 16 TiB
  good = good && limit(RLIMIT_AS, limits.address_space_bytes);
#endif
  good = good && limit(RLIMIT_CPU, limits.cpu_seconds) && limit(RLIMIT_NOFILE, limits.open_files) &&
         limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0);
  if (good) ::execve(program, arguments, environment);
  ::_exit(127);
}

absl::StatusOr<int> fork_into(const Path& program, const Limits& limits, int socket) {
  const std::string name = program.string();
  std::vector<char*> environment;
  for (const char* entry : kEnvironment) environment.push_back(const_cast<char*>(entry));
  environment.push_back(nullptr);
  const std::array<char*, 2> arguments{const_cast<char*>(name.c_str()), nullptr};
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_status("cannot start the worker");
  if (pid == 0) {
    become(name.c_str(), socket, parent, limits, arguments.data(), environment.data());
  }
  return pid;
}

std::string call_in_words(int call) {
  switch (call) {
    case SYS_openat:
#ifdef SYS_open
    case SYS_open:
    case SYS_creat:
#endif
      return "it tried to open a file";
    case SYS_socket:
    case SYS_connect:
    case SYS_bind:
      return "it tried to open a socket";
    case SYS_execve:
    case SYS_execveat:
      return "it tried to run a program";
    case -1:
      return "it tried something that decoding never needs";
    default:
      return fmt::format("it tried system call {}", call);
  }
}

}  // namespace

absl::StatusOr<Path> worker_beside_us() {
  std::error_code failed;
  const Path us = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return not_found("cannot tell where the running program is: {}", failed.message());
  return us.parent_path() / "latchstring-worker";
}

std::string end_in_words(int wait_status, int denied_call) {
  if (WIFEXITED(wait_status)) {
    const int code = WEXITSTATUS(wait_status);
    if (code == 127) return "the worker could not be started";
    return fmt::format("the worker ended with exit code {}", code);
  }
  switch (const int signal = WTERMSIG(wait_status)) {
    case SIGSYS:
      return fmt::format("the worker was killed by the sandbox (SIGSYS): {}",
                         call_in_words(denied_call));
    case SIGXCPU:
      return "the worker was killed: it used up its processor time (SIGXCPU)";
    case SIGXFSZ:
      return "the worker was killed: it tried to write a file (SIGXFSZ)";
    case SIGKILL:
      return "the worker was killed (SIGKILL)";
    default:
      return fmt::format("the worker crashed (signal {}, {})", signal, ::strsignal(signal));
  }
}

absl::StatusOr<std::unique_ptr<Process>> Process::spawn(const Path& program, const Limits& limits,
                                                        const Cancel& cancel, Duration patience) {
  if (::access(program.c_str(), X_OK) != 0) {
    return not_found("no worker program at `{}`: reinstall, or give its path", program.string());
  }
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return errno_status("cannot make the worker's socket");
  }
  UniqueFd ours{ends[0]};
  const UniqueFd theirs{ends[1]};
  const int bytes = 1024 * 1024;  // best effort: fewer switches between the two
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  ::setsockopt(theirs.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  LS_ASSIGN(const pid_t pid, fork_into(program, limits, theirs.get()));
  return std::unique_ptr<Process>(new Process(pid, std::move(ours), cancel, patience));
}

Process::Process(pid_t pid, UniqueFd socket, const Cancel& cancel, Duration patience)
    : pid_(pid), channel_(std::move(socket), &cancel, patience) {}

Process::~Process() {
  reap(Duration::zero());
}

int Process::reap(Duration patience) {
  if (ended_.has_value()) return *ended_;
  const UniqueFd handle{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  pollfd wait{handle.get(), POLLIN, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  if (!handle.valid() || ::poll(&wait, 1, static_cast<int>(milliseconds.count())) <= 0) {
    ::kill(pid_, SIGKILL);
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) ensure(errno == EINTR);
  ended_ = status;
  return status;
}

absl::Status Process::wait_for_end() {
  channel_.close();
  const int status = reap(kLeaving);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return internal("{}", end_in_words(status));
}

absl::Status Process::explain(const absl::Status& symptom) {
  // A closed socket: it has ended, or is about to. Anything else: we end it.
  const bool closed = !channel_.is_open();
  const int status = reap(closed ? kLeaving : Duration::zero());
  const bool by_us = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !closed;
  if (by_us || absl::IsCancelled(symptom)) return symptom;
  const std::string words = end_in_words(status, denied_call_);
  const bool by_others = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;  // memory ran out
  return by_others ? unavailable("{}", words) : internal("{}", words);
}

absl::Status Process::send(std::uint8_t type, ByteView body) {
  const absl::Status sent = channel_.send(type, body);
  return sent.ok() ? sent : explain(sent);
}

absl::StatusOr<Message> Process::receive() {
  for (;;) {
    absl::StatusOr<Message> message = channel_.receive();
    if (!message.ok()) return explain(message.status());
    if (message->type != kDeniedCall) return message;
    // Its last words; the end of the process follows.
    if (denied_call_ != -1) return explain(data_loss("the worker reports a second denied call"));
    Unpack unpack{message->body};
    denied_call_ = static_cast<int>(unpack.u32());
    if (const absl::Status good = unpack.done(); !good.ok()) return explain(good);
  }
}

}  // namespace latchstring::worker
