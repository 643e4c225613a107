#include "tests/support/camera_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/base/ensure.h"

namespace latchstring::test {

CameraProcess::CameraProcess(const std::vector<std::string>& flags) {
  int to[2], from[2];
  ensure(::pipe2(to, O_CLOEXEC) == 0 && ::pipe2(from, O_CLOEXEC) == 0);
  UniqueFd child_in(to[0]), child_out(from[1]);
  input_ = UniqueFd(to[1]);
  output_ = UniqueFd(from[0]);
  std::vector<std::string> words = {LATCHSTRING_TEST_CAMERA};
  words.insert(words.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, child_in.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, child_out.get(), 1);
  ensure(::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  child_out.reset();
  const auto channels = std::find(words.begin(), words.end(), "--channels");
  const std::size_t count = channels == words.end() ? 1 : std::stoul(*(channels + 1));
  while (urls_.size() < count) {
    const std::string line = read_line();
    ensure(line.rfind("ready ", 0) == 0);
    urls_.push_back(line.substr(6));
  }
}

CameraProcess::~CameraProcess() {
  kill();
}

void CameraProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void CameraProcess::tell(const std::string& command) {
  ensure(write_all(input_.get(), as_bytes(command + "\n")).ok());
  ensure(read_line().rfind("ok ", 0) == 0);
}

std::string CameraProcess::read_line() {
  std::string line;
  char byte = 0;
  while (::read(output_.get(), &byte, 1) == 1 && byte != '\n') line += byte;
  return line;
}

}  // namespace latchstring::test
