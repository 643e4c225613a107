#include "gateway/cli/session.h"

#include <cstdio>
#include <cstdlib>

#include "gateway/base/status.h"
#include "gateway/cli/format.h"

namespace latchstring::cli {
namespace {

constexpr std::string_view kInstalled = "/etc/latchstring";

void tell(std::string_view kind, std::string_view text) {
  const std::string line = fmt::format("latchstring: {}: {}\n", kind, text);
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

}  // namespace

Path Session::house() const {
  if (!house_option.empty()) return house_option;
  const char* variable = std::getenv("LATCHSTRING_HOUSE");
  if (variable != nullptr && *variable != '\0') return variable;
  std::error_code ignored;
  if (std::filesystem::exists("gateway.yaml", ignored)) return ".";
  return kInstalled;
}

absl::StatusOr<config::Config> Session::config() const {
  absl::StatusOr<config::Config> config = config::read(gateway_yaml());
  if (absl::IsNotFound(config.status()))
    return not_found(
        "there is no house in `{}`: say where with --house DIR, or make one with "
        "`latchstring init DIR`",
        house().string());
  return config;
}

Path Session::socket() const {
  const absl::StatusOr<config::Config> config = config::read(gateway_yaml());
  return config.ok() ? config->socket() : house() / "state" / "latchstring.sock";
}

control::Answer Session::call(control::Call call, const control::FileSink& sink) const {
  control::Answer answer = control::call(socket(), std::move(call), sink);
  if (!absl::IsUnavailable(answer.status)) return answer;
  const absl::Status house = config().status();
  if (absl::IsNotFound(house)) answer = {house, {}, {}};
  return answer;
}

int fail(const absl::Status& status, std::string_view hint) {
  tell("error", shown_lines(message_of(status)));
  if (!hint.empty()) tell("hint", shown_lines(hint));
  return absl::IsPermissionDenied(status) ? kRefused : kFailed;
}

int fail(const control::Answer& answer) {
  const int code = fail(answer.status, answer.hint);
  return absl::IsInvalidArgument(answer.status) ? kUsage : code;
}

int usage(std::string_view error, std::string_view hint) {
  tell("error", shown_lines(error));
  if (!hint.empty()) tell("hint", hint);
  return kUsage;
}

void warn(std::string_view text) {
  tell("warning", shown_lines(text));
}

void say(std::string_view text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stdout));
}

void say_json(const json::Value& value) {
  say(json::to_text(value) + "\n");
}

absl::Status flush_output() {
  if (std::fflush(stdout) != 0) return errno_status("cannot write to the standard output");
  if (std::ferror(stdout) != 0)  // an earlier write; the system's reason is gone by now
    return unavailable("cannot write to the standard output: it is full or closed");
  return absl::OkStatus();
}

control::Call call_of(std::string operation) {
  control::Call call;
  call.operation = std::move(operation);
  return call;
}

}  // namespace latchstring::cli
