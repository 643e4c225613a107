// One run of `latchstring`: which house is meant, how to reach its daemon, how errors are told.
// Exit codes: 0 done, 1 failed, 2 usage, 3 refused (nothing was released), 4 no answer yet.
// Thread: main.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <string_view>

#include "gateway/config/config.h"
#include "gateway/control/client.h"

namespace latchstring::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kRefused = 3;

struct Session {
  std::string house_option;  // --house
  std::function<int()> run;  // set by the command that was chosen

  // --house, else $LATCHSTRING_HOUSE, else the current folder if it holds a gateway.yaml, else
  // /etc/latchstring.
  Path house() const;
  Path gateway_yaml() const { return house() / "gateway.yaml"; }
  absl::StatusOr<config::Config> config() const;
  // Also of a house whose gateway.yaml is broken just now: then where `init` puts it.
  Path socket() const;
  control::Answer call(control::Call call, const control::FileSink& sink = {}) const;
};

// `latchstring: error: ...` and, where there is one, `latchstring: hint: ...` on standard error.
// Gives the exit code that fits.
int fail(const absl::Status& status, std::string_view hint = {});
int fail(const control::Answer& answer);
int usage(std::string_view error, std::string_view hint = {});
void warn(std::string_view text);

// To standard output. Whether all of it arrived, flush_output() tells; main() asks at the end.
void say(std::string_view text);
void say_json(const json::Value& value);
absl::Status flush_output();

control::Call call_of(std::string operation);

}  // namespace latchstring::cli
