// Who of the house may answer, and whose yes is enough.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "gateway/release/state.h"

namespace latchstring::release {

struct Household {
  // The residents of each policy that counts, the present one first: all of them must be content.
  std::vector<std::set<std::string>> residents;
  std::set<std::string> leaving;  // were taken out not long ago, and did not agree to it
  std::set<std::string> waiting;  // with a PIN so new that their yes does not count yet

  // May veto, and is asked.
  std::set<std::string> all() const;
  bool has(const std::string& resident) const;
};

// Whether the answers given meet the approval: who said no, or has not answered, counts. A resident
// added not long ago is unknown to the policies of before; one who leaves still counts among all. A
// yes that does not count yet is kept, and counts as soon as it does.
bool is_approved(policy::Approval approval, const std::vector<Answer>& answers,
                 const Household& household);
// Whether the yes of one of them counts by each of these policies.
bool any_counts(const std::set<std::string>& residents, const Household& household);

}  // namespace latchstring::release
