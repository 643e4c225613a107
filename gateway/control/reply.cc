#include <utility>

#include "gateway/base/status.h"
#include "gateway/control/request.h"

namespace latchstring::control {
namespace {

constexpr std::size_t kMessageMax = 64 * 1024;  // a line quotes what it was sent

std::string_view code_name(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return "invalid_argument";
    case absl::StatusCode::kNotFound:
      return "not_found";
    case absl::StatusCode::kPermissionDenied:
      return "permission_denied";
    case absl::StatusCode::kFailedPrecondition:
      return "failed_precondition";
    case absl::StatusCode::kUnavailable:
      return "unavailable";
    case absl::StatusCode::kResourceExhausted:
      return "resource_exhausted";
    case absl::StatusCode::kDataLoss:
      return "data_loss";
    default:
      return "internal";
  }
}

}  // namespace

// The one answer that all copies of a Reply share.
struct Reply::Once {
  explicit Once(std::shared_ptr<Target> to) : target(std::move(to)) {}
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;
  ~Once() { give(error_line(internal("the operation ended without an answer"), {})); }

  void give(std::string line) {
    if (target == nullptr) return;
    std::exchange(target, nullptr)->answer(std::move(line));
  }

  std::shared_ptr<Target> target;  // null once answered
};

std::string error_line(const absl::Status& why, std::string_view hint) {
  json::Writer error;
  error.string("code", code_name(why.code()))
      .string("message", message_of(why).substr(0, kMessageMax))
      .optional_string("hint", hint);
  return json::Writer().integer("v", 1).object("error", error).text() + "\n";
}

Reply::Reply(std::shared_ptr<Target> target) : once_(std::make_shared<Once>(std::move(target))) {}

void Reply::ok(const json::Writer& result) const {
  std::string line = json::Writer().integer("v", 1).object("ok", result).text() + "\n";
  if (line.size() > kLineMax) {
    fail(exhausted("the answer is longer than {} bytes; ask for less", kLineMax));
    return;
  }
  once_->give(std::move(line));
}

void Reply::fail(const absl::Status& why, std::string_view hint) const {
  once_->give(error_line(why, hint));
}

}  // namespace latchstring::control
