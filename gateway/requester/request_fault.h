// What is wrong with a request that an officer wrote, in the words of the options of `submit`: the
// wire format's own names are of no use to them.
#pragma once

#include <absl/status/status.h>

#include <string>

namespace latchstring::requester {

struct RequestFault {
  std::string error;
  std::string hint;  // what to do; empty where nothing is known
};

// `why`: of wire::decode_request(), or one that begins with an option, like "`--from`: ...".
RequestFault request_fault(const absl::Status& why);

}  // namespace latchstring::requester
