// Days whose key is gone or damaged though their footage is not: told at the start, and while it is
// so. Threads: loop only.
#pragma once

#include <string>

#include "gateway/archive/archive.h"

namespace latchstring::daemon {

inline constexpr std::size_t kDaysNamedMax = 5;

std::string amount_of(const archive::KeylessDay& day);  // some of 12 segments, 340.0 MiB
// Which days, what it means and what can be done; empty: all keys are there. `keyring`: its folder.
std::string lost_keys(archive::Archive& archive, const Path& keyring);

}  // namespace latchstring::daemon
