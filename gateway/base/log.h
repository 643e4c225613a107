// Logging, for programs only: library code returns errors instead. On a terminal lines carry time
// and level; else each begins with the journal's priority prefix (sd-daemon(3)).
// Nothing secret and nothing of a request's words is ever logged.
#pragma once

#include <string_view>

namespace latchstring {

enum class LogLevel { error, warning, info, debug };

void set_up_log(LogLevel level);
void log_line(LogLevel level, std::string_view text);

}  // namespace latchstring
