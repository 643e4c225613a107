#include "gateway/base/log.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>

namespace latchstring {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::debug: return spdlog::level::debug;
  }
  return spdlog::level::info;
}

// Priorities of syslog(3), as the journal reads them at the start of a line.
char journal_priority(LogLevel level) {
  switch (level) {
    case LogLevel::error: return '3';
    case LogLevel::warning: return '4';
    case LogLevel::info: return '6';
    case LogLevel::debug: return '7';
  }
  return '6';
}

bool on_terminal() {
  static const bool terminal = ::isatty(STDERR_FILENO) == 1;
  return terminal;
}

}  // namespace

void set_up_log(LogLevel level) {
  auto logger = std::make_shared<spdlog::logger>(
      "latchstring", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
  logger->set_pattern(on_terminal() ? "%H:%M:%S %^%l%$ %v" : "%v");
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

void log_line(LogLevel level, std::string_view text) {
  if (on_terminal()) {
    spdlog::log(to_spdlog(level), "{}", text);
  } else {
    spdlog::log(to_spdlog(level), "<{}>{}", journal_priority(level), text);
  }
}

}  // namespace latchstring
