// Who may ask and who may answer: officers under pinned agencies, their mailboxes, the residents.
// Format of the tables: docs/ref/trust.md.
#pragma once

#include <string_view>

#include "gateway/trust/mailboxes.h"
#include "gateway/trust/residents.h"
#include "gateway/trust/verify.h"

namespace latchstring::trust {

// SQL that makes this module's tables, for the state database's first version.
std::string_view schema();
// And a later one: since when a new PIN counts, and resets that are waited for.
std::string_view schema_of_new_pins();

}  // namespace latchstring::trust
