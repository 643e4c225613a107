// The state database of a house: requests, offers, outgoing messages, and the tables of the ledger
// and of trust. One file, so that a state change and its ledger entry are one transaction.
// Tables: docs/ref/state-database.md.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/store/store.h"

namespace latchstring::state {

// Opens or makes it, 0600, and brings its schema up to date.
absl::StatusOr<std::unique_ptr<store::Database>> open_database(const Path& path);

// Single facts of a house: `gateway-id`, `paused-by`, ...
absl::StatusOr<std::optional<std::string>> find_setting(store::Database& database,
                                                        std::string_view name);
absl::Status keep_setting(store::Database& database, std::string_view name, std::string_view value);
absl::Status drop_setting(store::Database& database, std::string_view name);

}  // namespace latchstring::state
