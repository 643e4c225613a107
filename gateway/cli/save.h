// Files that come from the daemon through a pipe, and the daemon's reading of files that were
// edited. Thread: main.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "gateway/cli/session.h"

namespace latchstring::cli {

struct Saved {
  control::Answer answer;
  std::uint64_t bytes = 0;
};

// Writes `out` (`-`: standard output), 0600, under another name until it is whole. Where the answer
// is not ok there is no file. FailedPrecondition: the file is there already.
absl::StatusOr<Saved> save_file(const Session& session, control::Call call, const std::string& out);

// `policy.reload`. Unavailable: no daemon. FailedPrecondition: it runs and does not take a file.
absl::Status reload(const Session& session);
// What the answer to `policy.reload` says of it.
absl::Status taken_by_daemon(const json::Value& reloaded);

}  // namespace latchstring::cli
