#include "gateway/worker/sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <thread>

#include "gateway/base/status.h"

namespace latchstring::worker {
namespace {

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

// What computing, threads, timers and talking over an open socket need. Nothing that names a file,
// an address or another process.
constexpr std::array kAllowed{SCMP_SYS(read),
                              SCMP_SYS(write),
                              SCMP_SYS(readv),
                              SCMP_SYS(writev),
                              SCMP_SYS(close),
                              SCMP_SYS(recvfrom),
                              SCMP_SYS(recvmsg),
                              SCMP_SYS(poll),
                              SCMP_SYS(ppoll),
                              SCMP_SYS(eventfd2),
                              SCMP_SYS(futex),
                              SCMP_SYS(munmap),
                              SCMP_SYS(mremap),
                              SCMP_SYS(madvise),
                              SCMP_SYS(brk),
                              SCMP_SYS(set_robust_list),
                              SCMP_SYS(rseq),
                              SCMP_SYS(sched_getaffinity),
                              SCMP_SYS(sched_yield),
                              SCMP_SYS(getpid),
                              SCMP_SYS(gettid),
                              SCMP_SYS(exit),
                              SCMP_SYS(exit_group),
                              SCMP_SYS(rt_sigprocmask),
                              SCMP_SYS(rt_sigreturn),
                              SCMP_SYS(sigaltstack),
                              SCMP_SYS(clock_gettime),
                              SCMP_SYS(clock_getres),
                              SCMP_SYS(clock_nanosleep),
                              SCMP_SYS(nanosleep),
                              SCMP_SYS(gettimeofday),
                              SCMP_SYS(restart_syscall),
                              SCMP_SYS(getrusage),
                              SCMP_SYS(getrandom),
                              SCMP_SYS(sysinfo),
                              SCMP_SYS(getcpu),
                              SCMP_SYS(membarrier)};

// Reported by number before the end. Denied all the same: the call itself never runs.
constexpr std::array kReported{
    SCMP_SYS(open),    SCMP_SYS(openat),   SCMP_SYS(openat2),    SCMP_SYS(creat),
    SCMP_SYS(stat),    SCMP_SYS(lstat),    SCMP_SYS(newfstatat), SCMP_SYS(statx),
    SCMP_SYS(access),  SCMP_SYS(readlink), SCMP_SYS(faccessat),  SCMP_SYS(socket),
    SCMP_SYS(connect), SCMP_SYS(bind),     SCMP_SYS(execve),     SCMP_SYS(execveat),
    SCMP_SYS(fork),    SCMP_SYS(vfork),    SCMP_SYS(unlink),     SCMP_SYS(mkdir),
    SCMP_SYS(rename),  SCMP_SYS(kill)};

// Async-signal-safe. Tells the parent which call it was, then makes one that ends the process, with
// SIGSYS as its cause of death.
void report_and_end(int, siginfo_t* info, void*) {
  const auto call = static_cast<std::uint32_t>(info->si_syscall);
  std::array<std::uint8_t, kMessageHead + 4> message{4, 0, 0, 0, kDeniedCall};
  for (unsigned i = 0; i < 4; ++i) {
    message[kMessageHead + i] = static_cast<std::uint8_t>(call >> (8 * i));
  }
  static_cast<void>(!::write(kChildSocket, message.data(), message.size()));
  ::syscall(SYS_ptrace, 0, 0, 0, 0);
  ::_exit(1);
}

absl::Status refused(const char* what, int error_number) {
  errno = error_number < 0 ? -error_number : error_number;
  return within("the sandbox", errno_status(what));
}

struct Conditional {
  int call;
  scmp_arg_cmp argument;
};

// Allowed only with a certain argument.
std::array<Conditional, 11> conditional() {
  const auto own = static_cast<scmp_datum_t>(::getpid());
  const scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
  return {{
      // Memory is never made executable: no code comes in with footage.
      {SCMP_SYS(mmap), no_code},
      {SCMP_SYS(mprotect), no_code},
      // Threads, not processes.
      {SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)},
      {SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)},
      {SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, own, 0)},  // abort(3)
      {SCMP_SYS(sendto), SCMP_A4(SCMP_CMP_EQ, 0, 0)},    // to nobody but the other end
      // GStreamer wakes its own threads through such a pair.
      {SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)},
      {SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_GETFD, 0)},
      {SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_SETFD, 0)},
      {SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_GETFL, 0)},
      {SCMP_SYS(fcntl), SCMP_A1(SCMP_CMP_EQ, F_SETFL, 0)},
  }};
}

int add_rules(void* filter) {
  int bad = 0;
  for (const int call : kAllowed) {
    if (bad == 0) bad = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
  }
  for (const Conditional& rule : conditional()) {
    if (bad == 0) bad = seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule.call, 1, rule.argument);
  }
  for (const int call : kReported) {
    // Negative: no such call on this machine.
    if (bad == 0 && call >= 0) bad = seccomp_rule_add(filter, SCMP_ACT_TRAP, call, 0);
  }
  // clone3 hides its flags from a filter, so glibc is told that it does not exist.
  if (bad == 0) bad = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  // GLib's thread pool asks for the scheduling it has anyhow: said yes to, and not done.
  if (bad == 0) bad = seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(sched_setattr), 0);
  return bad;
}

}  // namespace

absl::StatusOr<Channel> open_channel() {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(kChildSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
    return not_now("this program is started by latchstring itself, never by hand");
  }
  // The parent decides how long it waits; the child has nobody else to turn to.
  return Channel{UniqueFd{kChildSocket}, nullptr, std::chrono::hours{24}};
}

absl::Status enter_sandbox() {
  // glibc sets up its own signal handlers with the first thread; nobody does so after that.
  std::thread{[] {}}.join();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("no_new_privs", errno);
  struct sigaction action {};
  action.sa_sigaction = report_and_end;
  action.sa_flags = SA_SIGINFO;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return refused("sigaction", errno);

  const Filter filter{seccomp_init(SCMP_ACT_KILL_PROCESS)};
  if (filter == nullptr) return refused("seccomp_init", ENOMEM);
  if (const int bad = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1); bad < 0) {
    return refused("thread synchronisation", bad);
  }
  if (const int bad = add_rules(filter.get()); bad < 0) return refused("a rule", bad);
  if (const int bad = seccomp_load(filter.get()); bad < 0) return refused("seccomp_load", bad);
  return absl::OkStatus();
}

}  // namespace latchstring::worker
