// Outcomes, cases and times of arrival as the household reads them. Pure; any thread.
#pragma once

#include "gateway/json/json.h"
#include "policy/analysis/cases.h"
#include "policy/analysis/timeline.h"

namespace latchstring::policy {

// `one resident must agree within 2 days`, `refused`.
std::string approval_words(const Outcome& outcome);
// The same with all that goes with it: what is hidden, the picture, the longest clip.
std::string in_words(const Policy& policy, const Outcome& outcome);
// Only what differs: `hidden: audio and faces -> audio`.
std::string difference_words(const Policy& before, const Outcome& was, const Policy& after,
                             const Outcome& is);
json::Writer to_json(const Outcome& outcome);

// `burglary, theft`; `any purpose`; `any other purpose`.
std::string purpose_words(const Fields& fields, const std::set<std::string>& purposes);
// `officer 4711`; empty where it is any.
std::string officer_words(const Fields& fields, const std::set<std::string>& officers);
std::string bases_words(const std::set<Basis>& bases);
// `asked Mon 08:00 to 18:00`, `asked from Fri 2027-01-01 00:00 on`; empty where it is always. By
// the clock of `policy`.
std::string asked_words(const Policy& policy, const Timeline& timeline,
                        const std::set<std::size_t>& arrivals);

// The command that asks this; the names quoted where a shell needs it.
std::string explain_command(const Policy& policy, const std::string& file, const Case& one,
                            const Interval& footage, Instant now);

}  // namespace latchstring::policy
