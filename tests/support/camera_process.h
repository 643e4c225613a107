// The test camera as a child process of a test: started with its flags, told its faults, gone at
// the end. It needs the film (ctest fixture `film`).
#pragma once

#include <string>
#include <vector>

#include "gateway/base/files.h"

namespace latchstring::test {

class CameraProcess {
 public:
  explicit CameraProcess(const std::vector<std::string>& flags);
  CameraProcess(const CameraProcess&) = delete;
  CameraProcess& operator=(const CameraProcess&) = delete;
  ~CameraProcess();

  // Of channel 1, 2, ...
  const std::string& url(std::size_t channel = 1) const { return urls_.at(channel - 1); }
  // A command of camera/main.cc; returns when it has been obeyed.
  void tell(const std::string& command);
  void kill();

 private:
  std::string read_line();

  pid_t pid_ = -1;
  UniqueFd input_;
  UniqueFd output_;
  std::vector<std::string> urls_;
};

}  // namespace latchstring::test
