#include "gateway/link/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::link {
namespace {

constexpr int kExecFailed = 127;

// Debian keeps mosquitto in /usr/sbin, which a plain user's PATH leaves out.
absl::StatusOr<std::string> find_program(const std::string& name) {
  const char* from_environment = std::getenv("PATH");
  std::string folders = from_environment == nullptr ? "" : from_environment;
  folders += ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";
  for (std::size_t at = 0; at <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    const std::string path = folders.substr(at, end - at) + "/" + name;
    if (path[0] == '/' && path.size() > name.size() + 1 && ::access(path.c_str(), X_OK) == 0) {
      return path;
    }
    at = end + 1;
  }
  return unavailable("`{}` is not installed; apt-get install mosquitto", name);
}

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const char* path, char* const* argv, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kExecFailed);  // it ended before the line above
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  ::execv(path, argv);
  ::_exit(kExecFailed);
}

}  // namespace

absl::StatusOr<Child> spawn(const std::vector<std::string>& argv) {
  ensure(!argv.empty());
  LS_ASSIGN(const std::string path, find_program(argv[0]));
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return errno_status(fmt::format("cannot start `{}`", argv[0]));
  if (pid == 0) become(path.c_str(), arguments.data(), parent);
  Child child{pid, UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
  if (child.exit_fd.valid()) return child;
  const absl::Status why = errno_status("cannot watch a child process");
  ::kill(pid, SIGKILL);
  reap(child);
  return why;
}

std::string reap(Child& child) {
  int how = 0;
  while (::waitpid(child.pid, &how, 0) < 0 && errno == EINTR) {
  }
  child.pid = 0;
  child.exit_fd.reset();
  if (WIFSIGNALED(how)) return fmt::format("signal {}", WTERMSIG(how));
  return WEXITSTATUS(how) == 0 ? "" : fmt::format("exit code {}", WEXITSTATUS(how));
}

}  // namespace latchstring::link
