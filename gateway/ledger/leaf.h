// The JSON line of a leaf, written and read. Private to the ledger.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/ledger/events.h"

namespace latchstring::ledger {

// `salt` and `commitment` are lower-case hex; an empty commitment is left out.
// InvalidArgument: a hash, a state or a number of the event is not in its form.
absl::StatusOr<std::string> leaf_line(const Entry& entry, std::string_view salt,
                                      std::string_view commitment);

// The `event` member of a line as it was written by leaf_line(); empty where there is none.
std::string event_of(std::string_view line);

// Of every kind of leaf, as its `event` member has it.
const std::vector<std::string_view>& event_names();

}  // namespace latchstring::ledger
