// What is true outside a request's own rows, gathered inside the transaction of its step. Private
// to the module.
#pragma once

#include <absl/status/statusor.h>

#include "gateway/state/docket.h"
#include "gateway/state/rows.h"

namespace latchstring::state {

// Also settles the dates of a request that came while the clock was not right.
absl::StatusOr<release::Facts> gather_facts(store::Database& database, const Clock& clock,
                                            const std::string& gateway_id, const House& house,
                                            StoredRequest& request);

// Why nothing is judged or released now; empty: nothing blocks.
absl::StatusOr<std::string> why_blocked(store::Database& database, const Clock& clock,
                                        const House& house);

// The cameras a request means: ids, or labels that the household publishes; none named: all that
// share by rule. What is unknown is left out, and so refused.
std::vector<std::string> resolve_cameras(const policy::Policy& policy, const House& house,
                                         const std::vector<std::string>& asked);

}  // namespace latchstring::state
