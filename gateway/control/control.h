// The household's door: a Unix socket, one JSON line each way, and behind it the handlers on the
// loop. A file travels through a pipe whose end the caller passes with the line (SCM_RIGHTS).
// Threads: open() and the destructor on the loop's thread; Options::threads doors of its own, which
// parse, post to the loop and wait; nothing is kept between requests.
// Limits: kLineMax per line, kReadWithin to send it, kBacklog callers waiting besides one per door,
// Operation::answer_within for the answer.
// If it falls behind: callers wait in the backlog, then connect() fails for them; a full mailbox is
// answered with Unavailable and nothing was done.
// Who may call: root, the user the daemon runs as and, where given, members of one group.
// The daemon must ignore SIGPIPE: the reader of a passed pipe may go away.
#pragma once

#include <absl/status/statusor.h>
#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>

#include "gateway/base/files.h"
#include "gateway/base/loop.h"
#include "gateway/control/request.h"

namespace latchstring::control {

inline constexpr std::chrono::seconds kReadWithin{5};
inline constexpr std::chrono::seconds kWriteWithin{5};
inline constexpr int kBacklog = 16;

class Server {
 public:
  struct Options {
    Path socket;
    std::optional<gid_t> group;  // mode 0660 and this group; else 0600
    unsigned threads = 4;
  };
  // Takes the place of a socket that nobody answers on; FailedPrecondition where somebody does:
  // this house's daemon is running already. `loop` must outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> open(Options options, Loop& loop,
                                                      Handlers handlers);
  virtual ~Server() = default;
};

}  // namespace latchstring::control
