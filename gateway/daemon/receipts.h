// What officers signed for having received: shown with the request, and told where it does not
// promise the deletion that the household asked for. Such a receipt is kept all the same: it is
// evidence. Threads: loop only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/json/json.h"
#include "gateway/state/docket.h"

namespace latchstring::daemon {

// Of the parts of one piece.
std::vector<json::Writer> receipts_json(const std::multimap<int, state::KeptReceipt>& receipts,
                                        int piece);

// Until the request is closed, or the asked time has come.
void warn_of_promises(const state::Docket& docket,
                      const std::vector<state::StoredRequest>& requests, Instant now,
                      std::vector<std::string>& warnings);

}  // namespace latchstring::daemon
