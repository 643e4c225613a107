// The certificates of the managed broker: the authority of the house, kept for its life, and the
// server's below it, made at each start and again before it ends.
// Threads: loop only.
#pragma once

#include <absl/status/statusor.h>

#include "gateway/base/time.h"
#include "gateway/config/config.h"
#include "gateway/crypto/keyring.h"
#include "gateway/crypto/x509.h"
#include "gateway/store/store.h"

namespace latchstring::daemon {

// The one that stands in every ticket; made where there is none yet.
absl::StatusOr<crypto::CertifiedKey> broker_authority(crypto::Keyring& keyring,
                                                      store::Database& database, Instant now);

// Of a server's certificate that is made now.
Interval certificate_term(Instant now);
// Less than half of its life is left, or the clock was set to a time that it does not cover.
bool is_due(const Interval& term, Instant now);

// For localhost, the address that is listened on, and those that tickets name.
absl::StatusOr<crypto::CertifiedKey> make_broker_certificate(const crypto::CertifiedKey& authority,
                                                             const config::Broker& broker,
                                                             const Interval& term);

}  // namespace latchstring::daemon
