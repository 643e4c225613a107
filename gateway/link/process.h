// Child processes of this module. Private to gateway/link.
#pragma once

#include <absl/status/statusor.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "gateway/base/files.h"

namespace latchstring::link {

struct Child {
  pid_t pid = 0;
  UniqueFd exit_fd;  // a pidfd: readable when it has ended
};

// Finds argv[0] in PATH and in the sbin folders. The child is killed when the calling thread ends;
// it gets no signal mask of ours and no standard input.
absl::StatusOr<Child> spawn(const std::vector<std::string>& argv);

// Waits for it. "exit code 3" or "signal 9"; empty for exit code 0.
std::string reap(Child& child);

}  // namespace latchstring::link
