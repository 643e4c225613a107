// Private to redact: the worker process's side.
#pragma once

#include <absl/status/status.h>

#include "gateway/worker/sandbox.h"

namespace latchstring::redact {

// Runs a small clip made on the spot through the very core, with all that can be asked of it, so
// that every library has its files, threads and tables before the sandbox closes.
absl::Status warm_up();

// One job: asks for footage, gives results, says how it ended. An error only when the parent is
// gone.
absl::Status serve(worker::Channel& channel);

}  // namespace latchstring::redact
