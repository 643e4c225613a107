#include "gateway/requester/program.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "gateway/base/status.h"

namespace latchstring::requester {
namespace {

constexpr std::string_view kName = "latchstring-request";

void to_standard_error(std::string_view kind, std::string_view text) {
  fmt::print(stderr, "{}: {}: {}\n", kName, kind, text);
}

}  // namespace

void tell_error(std::string_view error, std::string_view hint) {
  to_standard_error("error", error);
  if (!hint.empty()) to_standard_error("hint", hint);
}

void warn(std::string_view text) {
  to_standard_error("warning", text);
}

int fail(const absl::Status& status, std::string_view hint) {
  tell_error(shown(message_of(status)), hint);
  return kFailed;
}

int usage(std::string_view error, std::string_view hint) {
  tell_error(shown(error), hint);
  return kUsage;
}

void say(std::string_view text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

void note(std::string_view text) {
  fmt::print(stderr, "{}\n", text);
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    out += control ? '?' : c;
  }
  return out;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace latchstring::requester
