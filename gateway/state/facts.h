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

// Rules that were replaced not long ago: they still refuse what they refused. See RulesHistory.
struct Earlier {
  std::shared_ptr<const policy::Policy> rules;  // null: cannot be read any more, and refuses all
  std::set<std::string> strange_cameras;        // whose source is another one by now
  Instant until;                                // Instant{}: not known before the clock is right
  std::optional<Place> home = std::nullopt;     // where the house stood
};

// What the daemon knows and the database does not.
struct House {
  std::shared_ptr<const policy::Policy> rules;       // null while the file is broken
  std::shared_ptr<const policy::Policy> last_valid;  // pins and due times meanwhile; may be null
  std::vector<Earlier> earlier;                      // count beside `rules`
  std::optional<Place> home;                         // where the house stands
  std::set<std::string> leaving;                     // release::Household says what it means
  std::set<std::string> left;                        // agreed to be gone, also by earlier rules
  std::map<std::string, std::string> labels;         // published label -> camera
  // Whose PIN is so new that their yes does not count yet, and from when it does; Instant{}: not
  // known before the clock is right.
  std::map<std::string, Instant> waiting;
  std::function<std::set<int>(const std::string& request)> in_work;
  std::function<bool()> no_archive;  // the footage asked for may lie elsewhere; may be empty
  // Whether the clock is right by how it was trusted not long ago; empty: as now.
  std::function<bool()> clock_of_before;

  const std::shared_ptr<const policy::Policy>& terms() const {  // null: none were ever valid
    return rules != nullptr ? rules : last_valid;
  }
  // All that count, the present one first; empty while the file is broken.
  std::vector<const policy::Policy*> policies() const;
};

// Whether the requester is told why, and when it is asked to delete: the strictest of all rules
// that count. Not while the file is broken.
bool says_why(const House& house);
Duration delete_after(const House& house);
// Who may answer, by all the rules that count.
release::Household household_of(const House& house);
// As the household's clock shows it, where there are rules that say which.
std::string time_text(const House& house, Instant instant);
// PermissionDenied: the yes of one of them does not count yet; says from when.
absl::Status check_yes_counts(const House& house, const std::vector<std::string>& residents);

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
