#include "gateway/trust/trust.h"

namespace latchstring::trust {

// Times are microseconds since 1970; 0 stands for none.
std::string_view schema() {
  return "CREATE TABLE trust_seen (jti TEXT PRIMARY KEY, request_id TEXT NOT NULL UNIQUE,"
         " sha256 TEXT NOT NULL UNIQUE) STRICT, WITHOUT ROWID;"
         "CREATE TABLE trust_list (issuer TEXT PRIMARY KEY, seq INTEGER NOT NULL,"
         " jws TEXT NOT NULL) STRICT, WITHOUT ROWID;"
         "CREATE TABLE trust_resident (name TEXT PRIMARY KEY, pin_hash TEXT NOT NULL,"
         " added INTEGER NOT NULL, pin_set INTEGER NOT NULL, wrong INTEGER NOT NULL,"
         " locked_until INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
         "CREATE TABLE trust_mailbox (id TEXT PRIMARY KEY, agency TEXT NOT NULL,"
         " password_hash TEXT NOT NULL, made INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
         "CREATE TABLE trust_device (mailbox TEXT NOT NULL, device TEXT NOT NULL,"
         " officer TEXT NOT NULL, credential TEXT NOT NULL, last_seen INTEGER NOT NULL,"
         " PRIMARY KEY (mailbox, device))"
         " STRICT, WITHOUT ROWID;";
}

std::string_view schema_of_new_pins() {
  return "ALTER TABLE trust_resident ADD COLUMN yes_from INTEGER NOT NULL DEFAULT 0;"
         "ALTER TABLE trust_resident ADD COLUMN reset_hash TEXT NOT NULL DEFAULT '';"
         "ALTER TABLE trust_resident ADD COLUMN reset_at INTEGER NOT NULL DEFAULT 0";
}

}  // namespace latchstring::trust
