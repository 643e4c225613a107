// Files into a caller's pipe, whose reader may be slow, or have stopped for good.
// Threads: any but the loop's, for it waits.
// Limits: kPipePatience for a reader that takes nothing; a stop is seen within kPipeLook.
#pragma once

#include <absl/status/status.h>

#include <atomic>

#include "gateway/base/bytes.h"
#include "gateway/base/time.h"

namespace latchstring::daemon {

inline constexpr Duration kPipePatience = std::chrono::seconds{60};
inline constexpr Duration kPipeLook = std::chrono::milliseconds{500};

// All of the bytes, however slowly they are taken. Unavailable: nothing was taken for as long as
// `patience`, or `stopping` became true. Afterwards the pipe is non-blocking for whoever has it.
absl::Status write_to_pipe(int pipe, ByteView bytes, const std::atomic<bool>& stopping,
                           Duration patience = kPipePatience);

}  // namespace latchstring::daemon
