// What root writes into somebody else's folder: theirs to read.
#pragma once

#include <absl/status/status.h>

#include "gateway/base/files.h"

namespace latchstring {

// As root, gives the file or folder to the owner of the folder around it; else does nothing.
absl::Status give_to_owner(const Path& path);

}  // namespace latchstring
