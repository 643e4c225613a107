// One run of `latchstring-request`: how it speaks, and its exit codes.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "gateway/json/json.h"

namespace latchstring::requester {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kRefused = 3;   // refused, closed or taken back: nothing was released
inline constexpr int kNoAnswer = 4;  // not yet; of `verify`: consistent, signer unknown

// `latchstring-request: error: ...` and, where there is one, `latchstring-request: hint: ...` on
// standard error.
void tell_error(std::string_view error, std::string_view hint = {});
void warn(std::string_view text);  // `latchstring-request: warning: ...`
// Tells it and gives the exit code.
int fail(const absl::Status& status, std::string_view hint = {});
int usage(std::string_view error, std::string_view hint = {});

// A gateway takes no letter of a sender whose clock is minutes off, or whose credential is not the
// agency's, and does not say so.
inline constexpr std::string_view kLookAtTheClock =
    "if it stays so, check this computer's clock (what was submitted while it was ahead has to be "
    "submitted again), ask the household whether the ticket is still right, and the agency whether "
    "the credential is";

void say(std::string_view text);   // to standard output, at once
void note(std::string_view text);  // one line to standard error: how far it is

// Text that others wrote, on one line and without what moves a terminal's cursor: the name of a
// file must not look like a line of ours.
std::string shown(std::string_view text);
std::string size_text(std::uint64_t bytes);  // 1.5 MiB

}  // namespace latchstring::requester
