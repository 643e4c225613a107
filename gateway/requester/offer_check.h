// What must hold of an OFFER before a byte of it is fetched, and certainly before one is decrypted.
#pragma once

#include <absl/status/status.h>

#include <string_view>

#include "gateway/wire/control.h"
#include "gateway/wire/ticket.h"

namespace latchstring::requester {

// The delivery is the gateway's, for this officer, not expired; the transfers are the delivery's
// files; the release stands in the gateway's ledger. PermissionDenied, InvalidArgument.
absl::Status check_offer(const wire::Offer& offer, const wire::Ticket& ticket,
                         std::string_view officer, Instant now);

}  // namespace latchstring::requester
