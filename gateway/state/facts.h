// What is true outside a request's own rows: the house as the daemon knows it, and the facts
// gathered inside the transaction of a step (which only this module does).
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/ledger/ledger.h"
#include "gateway/release/release.h"
#include "gateway/state/rows.h"

namespace latchstring::state {

// What the daemon knows and the database does not.
struct House {
  std::shared_ptr<const policy::Policy> rules;       // null while the file is broken
  std::shared_ptr<const policy::Policy> last_valid;  // pins and due times meanwhile; may be null
  std::map<std::string, std::string> labels;         // published label -> camera
  std::function<std::set<int>(const std::string& request)> in_work;
  std::function<bool()> no_archive;  // the footage asked for may lie elsewhere; may be empty
};

// Also settles the dates of a request that came while the clock was not right: by the rules, it
// comes now.
absl::StatusOr<release::Facts> gather_facts(store::Database& database, const Clock& clock,
                                            const std::string& gateway_id, const House& house,
                                            const ledger::Ledger& ledger, StoredRequest& request);

// Why nothing is judged or released now; empty: nothing blocks.
absl::StatusOr<std::string> why_blocked(store::Database& database, const Clock& clock,
                                        const House& house, const ledger::Ledger& ledger);

// The cameras a request means: ids, or labels that the household publishes; none named: all that
// share by rule. What is unknown is left out, and so refused.
std::vector<std::string> resolve_cameras(const policy::Policy& policy, const House& house,
                                         const std::vector<std::string>& asked);

}  // namespace latchstring::state
