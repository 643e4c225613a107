// Revocation lists: the newest one of each agency is kept, and no older one is believed again.
// Private to trust.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>

#include "gateway/store/store.h"
#include "gateway/trust/verify.h"

namespace latchstring::trust {

struct List {
  wire::RevocationList list;
  std::string compact;

  bool revokes(const wire::Credential& credential) const;
  // In date. Never while the clock is not right.
  bool is_fresh(const Arrival& arrival) const;
};

// A list under this agency key; PermissionDenied or InvalidArgument for anything else.
absl::StatusOr<List> read_list(std::string_view compact, const crypto::VerifyKey& agency_key,
                               const Arrival& arrival);

// nullopt: none was seen yet. DataLoss: what is stored is not a list of this key.
absl::StatusOr<std::optional<List>> stored_list(store::Database& database,
                                                const crypto::VerifyKey& agency_key);

struct Lists {
  std::optional<List> newest;  // of the known and the stapled one: this one revokes
  bool fresh = false;
};
// What a stapled list (empty: none) means beside the known one. An older one than the known is
// stale, and so is none; equal in seq but with other bytes is PermissionDenied. `for_release`: the
// request was judged fresh or not when it came; now the newest that is known counts.
absl::StatusOr<Lists> weigh(const std::optional<List>& known, std::string_view stapled,
                            const crypto::VerifyKey& agency_key, const Arrival& arrival,
                            bool for_release);

// Keeps the list if it is newer than what is stored.
absl::Status store_list(store::Database& database, std::string_view compact,
                        const crypto::VerifyKey& agency_key);

}  // namespace latchstring::trust
