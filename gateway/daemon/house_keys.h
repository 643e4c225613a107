// The keys a gateway is known by, from its keyring; made at the first start. Their public halves
// are remembered in the state database: tickets and evidence name them. Invariant: none of them is
// ever replaced by a new one.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "gateway/config/config.h"
#include "gateway/crypto/keyring.h"
#include "gateway/store/store.h"

namespace latchstring::daemon {

struct HouseKeys {
  std::string gateway_id;
  crypto::SigningKey signing;
  crypto::SigningKey ledger;
  crypto::age::Identity inbox;
  crypto::age::Recipient archive;  // the household's, off this box
};

// FailedPrecondition: there is no archive recipient: `latchstring init` was not run; or a key is
// missing, or another one than before.
absl::StatusOr<std::unique_ptr<HouseKeys>> open_house_keys(const config::Config& config,
                                                           crypto::Keyring& keyring,
                                                           store::Database& database);

}  // namespace latchstring::daemon
