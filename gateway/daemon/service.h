// What systemd is told: READY=1, STATUS=..., WATCHDOG=1 (sd_notify(3)). Nothing where it did not
// start us. Any thread.
#pragma once

#include <string_view>

namespace latchstring::daemon {

void notify_service(std::string_view state);

}  // namespace latchstring::daemon
