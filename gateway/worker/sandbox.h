// The child's side. Order in a worker: open_channel(), load and warm up everything that would later
// want a file, enter(), say READY, and only then read footage.
// After enter() the process can compute, start threads and use the descriptors it has. Any other
// system call (open, stat, socket, exec, ...) ends it; those that a curious decoder is most likely
// to try are first reported to the parent by number, so that the household can read what it was.
#pragma once

#include <absl/status/status.h>

#include <cstdint>

#include "gateway/worker/channel.h"

namespace latchstring::worker {

// Message type that carries a denied system call's number (i32). No other message may use it.
inline constexpr std::uint8_t kDeniedCall = 255;

// The child's end of the socket pair has this number, in every worker.
inline constexpr int kChildSocket = 3;

// The channel to the parent. FailedPrecondition when the program was not started by a parent of
// ours: it must never run outside its limits.
absl::StatusOr<Channel> open_channel();

// Applies the filter to all threads of the process. There is no way back.
absl::Status enter_sandbox();

}  // namespace latchstring::worker
