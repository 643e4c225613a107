// The sandboxed child process, seen from its parent: spawn, speak, kill, say how it ended.
// Owns the process and one end of a socket pair; the child holds the other end and nothing else.
// Threads: one thread spawns, speaks and destroys: the child is killed when that thread ends
// (PR_SET_PDEATHSIG), so it must be one that outlives the work.
// Limits: Limits, set before the program starts; kPatience without a message kills it.
// If the child falls behind or misbehaves: it is killed, and the work fails.
#pragma once

#include <absl/status/statusor.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "gateway/base/files.h"
#include "gateway/worker/cancel.h"
#include "gateway/worker/channel.h"
#include "gateway/worker/pack.h"
#include "gateway/worker/sandbox.h"

namespace latchstring::worker {

inline constexpr Duration kPatience = std::chrono::seconds{30};
// How long a child that has closed its end may take to leave before it is killed.
inline constexpr Duration kLeaving = std::chrono::milliseconds{500};

struct Limits {
  std::uint64_t address_space_bytes = 4ULL * 1024 * 1024 * 1024;
  std::uint64_t cpu_seconds = 4 * 3600;
  std::uint64_t open_files = 64;
};

// `latchstring-worker` beside the running program. NotFound names the place.
absl::StatusOr<Path> worker_beside_us();

class Process {
 public:
  // `cancel` outlives the process. NotFound when there is no such program.
  static absl::StatusOr<std::unique_ptr<Process>> spawn(const Path& program, const Limits& limits,
                                                        const Cancel& cancel,
                                                        Duration patience = kPatience);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  // kills what still runs

  pid_t pid() const { return pid_; }

  // As Channel's; when they fail the child is dead, and the error says what happened to it, such as
  // `the worker was killed by the sandbox (SIGSYS): it tried to open a file`. Unavailable where
  // that need not be its own doing: it was silent, or killed from outside.
  absl::Status send(std::uint8_t type, ByteView body);
  absl::StatusOr<Message> receive();
  // After the child's last message: ok when it left with exit code 0 by itself.
  absl::Status wait_for_end();

 private:
  Process(pid_t pid, UniqueFd socket, const Cancel& cancel, Duration patience);
  int reap(Duration patience);  // wait status; kills when the time is over
  absl::Status explain(const absl::Status& symptom);

  const pid_t pid_;
  Channel channel_;
  std::optional<int> ended_;  // wait status, once reaped
  int denied_call_ = -1;      // what the sandbox reported
};

// How a process ended, in words. `denied_call`: the system call the sandbox reported, -1 if none.
std::string end_in_words(int wait_status, int denied_call = -1);

}  // namespace latchstring::worker
