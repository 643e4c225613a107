// Errors are values: absl::Status and absl::StatusOr<T>. The code says what a caller can do:
//   InvalidArgument    the input is wrong; the message says what, where and what to do
//   PermissionDenied   not allowed; nothing was released
//   NotFound           no such thing
//   FailedPrecondition not now: something else must happen first (say what)
//   Unavailable        try again later
//   ResourceExhausted  a named limit was reached
//   DataLoss           stored or received bytes are not what they should be
//   Internal           a library failed in a way that has no better name
// Messages: lower case, no full stop, the user's own words in back-ticks.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace latchstring {

template <class... Args>
absl::Status error(absl::StatusCode code, fmt::format_string<Args...> format, Args&&... args) {
  return {code, fmt::format(format, std::forward<Args>(args)...)};
}

template <class... Args>
absl::Status invalid(fmt::format_string<Args...> format, Args&&... args) {
  return error(absl::StatusCode::kInvalidArgument, format, std::forward<Args>(args)...);
}

template <class... Args>
absl::Status denied(fmt::format_string<Args...> format, Args&&... args) {
  return error(absl::StatusCode::kPermissionDenied, format, std::forward<Args>(args)...);
}

template <class... Args>
absl::Status not_found(fmt::format_string<Args...> format, Args&&... args) {
  return error(absl::StatusCode::kNotFound, format, std::forward<Args>(args)...);
}

template <class... Args>
absl::Status not_now(fmt::format_string<Args...> format, Args&&... args) {
  return error(absl::StatusCode::kFailedPrecondition, format, std::forward<Args>(args)...);
}

template <class... Args>
absl::Status unavailable(fmt::format_string<Args...> format, Args&&... args) {
  return error(absl::StatusCode::kUnavailable, format, std::forward<Args>(args)...);
}

template <class... Args>
absl::Status exhausted(fmt::format_string<Args...> format, Args&&... args) {
  return error(absl::StatusCode::kResourceExhausted, format, std::forward<Args>(args)...);
}

template <class... Args>
absl::Status data_loss(fmt::format_string<Args...> format, Args&&... args) {
  return error(absl::StatusCode::kDataLoss, format, std::forward<Args>(args)...);
}

template <class... Args>
absl::Status internal(fmt::format_string<Args...> format, Args&&... args) {
  return error(absl::StatusCode::kInternal, format, std::forward<Args>(args)...);
}

// `context: message`, same code. Context is added on the way up.
absl::Status within(std::string_view context, const absl::Status& status);

// The message as std::string_view (absl's own string_view differs from it on Debian 12).
inline std::string_view message_of(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// `action: strerror(errno)` with the code that fits the errno.
absl::Status errno_status(std::string_view action);

}  // namespace latchstring

#define LS_CONCAT_INNER(a, b) a##b
#define LS_CONCAT(a, b) LS_CONCAT_INNER(a, b)

// Returns early when the expression is not ok.
#define LS_RETURN_IF_ERROR(expression)                                   \
  do {                                                                   \
    if (absl::Status ls_status_ = (expression); !ls_status_.ok()) return ls_status_; \
  } while (false)

// LS_ASSIGN(auto value, function()): assigns the value, or returns its error.
#define LS_ASSIGN(target, expression) \
  LS_ASSIGN_INNER(LS_CONCAT(ls_result_, __LINE__), target, expression)
#define LS_ASSIGN_INNER(result, target, expression) \
  auto result = (expression);                       \
  if (!result.ok()) return std::move(result).status(); \
  target = *std::move(result)
