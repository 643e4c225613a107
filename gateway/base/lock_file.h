// A file that says by its lock that somebody is at work: one process at a time.
#pragma once

#include <absl/status/statusor.h>

#include <string_view>

#include "gateway/base/files.h"

namespace latchstring {

// Held as long as the descriptor is open: a killed process leaves no lock. The file is made where
// it is missing, and stays: who removed it could remove another's lock. FailedPrecondition, with
// the words `held`: somebody else holds it.
absl::StatusOr<UniqueFd> lock_file(const Path& file, std::string_view held);

}  // namespace latchstring
