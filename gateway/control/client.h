// The other end of the household's door, for the command line: one call, one answer.
// Waits as long as the operation's row says. Thread: any.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/control/request.h"
#include "gateway/json/json.h"

namespace latchstring::control {

struct Call {
  std::string operation;
  json::Writer arguments;
  std::vector<SignedBy> pins;
  Pin new_pin;
  Pin passphrase;
};

struct Answer {
  absl::Status status;  // Unavailable: no daemon there, or it did not answer
  std::string hint;     // what to do, where the daemon knows
  json::Value result;   // an object, where status is ok
};

// Takes the file's bytes as they come. An error ends the call.
using FileSink = std::function<absl::Status(ByteView)>;

// `sink` exactly where the operation takes a pipe. A file is whole only when the answer is ok.
Answer call(const Path& socket, Call call, const FileSink& sink = {});

}  // namespace latchstring::control
