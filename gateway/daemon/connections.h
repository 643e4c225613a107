// How many TCP connections stand at a port of this machine. Thread: any.
#pragma once

#include <cstddef>

namespace latchstring::daemon {

// As the kernel lists them, whoever holds them; 0 where it does not say.
std::size_t connections_at(int port);

}  // namespace latchstring::daemon
