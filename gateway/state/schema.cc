#include "gateway/state/schema.h"

#include "gateway/base/status.h"
#include "gateway/ledger/ledger.h"
#include "gateway/trust/trust.h"

namespace latchstring::state {
namespace {

// Times are microseconds since 1970 (UTC); 0: not set. Lists are one entry a line.
constexpr std::string_view kTables = R"sql(
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE requests (
  id TEXT PRIMARY KEY,
  agency TEXT NOT NULL, officer TEXT NOT NULL, badge TEXT NOT NULL,
  mailbox TEXT NOT NULL, device TEXT NOT NULL, recipients TEXT NOT NULL,
  compact TEXT NOT NULL, sha256 TEXT NOT NULL, credential TEXT NOT NULL,
  basis TEXT NOT NULL, purpose TEXT NOT NULL, case_number TEXT NOT NULL,
  title TEXT NOT NULL, description TEXT NOT NULL, contact TEXT NOT NULL,
  cameras TEXT NOT NULL, footage_from INTEGER NOT NULL, footage_to INTEGER NOT NULL,
  want_audio INTEGER NOT NULL, want_native INTEGER NOT NULL,
  received INTEGER NOT NULL, dates_pending INTEGER NOT NULL, gift INTEGER NOT NULL,
  phase TEXT NOT NULL, outcome TEXT NOT NULL,
  answer_by INTEGER NOT NULL, close_at INTEGER NOT NULL, closed_sent INTEGER NOT NULL,
  decision_leaf TEXT NOT NULL);
CREATE INDEX requests_open ON requests (phase, closed_sent);
CREATE INDEX requests_agency ON requests (agency, received);

CREATE TABLE pieces (
  request TEXT NOT NULL REFERENCES requests (id), number INTEGER NOT NULL,
  camera TEXT NOT NULL, footage_from INTEGER NOT NULL, footage_to INTEGER NOT NULL,
  approval TEXT NOT NULL, state TEXT NOT NULL, expires INTEGER NOT NULL, reason TEXT NOT NULL,
  hidden TEXT NOT NULL, committed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (request, number));
CREATE INDEX pieces_committed ON pieces (committed);

CREATE TABLE deliveries (
  sha256 TEXT PRIMARY KEY,
  request TEXT NOT NULL, piece INTEGER NOT NULL, part INTEGER NOT NULL,
  clip INTEGER NOT NULL,
  jws TEXT NOT NULL, manifest_sha256 TEXT NOT NULL, receipt TEXT NOT NULL DEFAULT '',
  UNIQUE (request, piece, part),
  FOREIGN KEY (request, piece) REFERENCES pieces (request, number));

CREATE TABLE answers (
  request TEXT NOT NULL REFERENCES requests (id), resident TEXT NOT NULL,
  yes INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (request, resident));

CREATE TABLE transfers (
  id TEXT PRIMARY KEY, request TEXT NOT NULL, piece INTEGER NOT NULL, part INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, chunks INTEGER NOT NULL,
  sha256 TEXT NOT NULL, merkle_root TEXT NOT NULL,
  sent BLOB NOT NULL, revoked INTEGER NOT NULL,
  FOREIGN KEY (request, piece) REFERENCES pieces (request, number));
CREATE INDEX transfers_piece ON transfers (request, piece);

CREATE TABLE outgoing (
  mailbox TEXT NOT NULL, device TEXT NOT NULL, seq INTEGER NOT NULL,
  request TEXT NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (mailbox, device, seq)) WITHOUT ROWID;
CREATE TABLE outgoing_seq (
  mailbox TEXT NOT NULL, device TEXT NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (mailbox, device)) WITHOUT ROWID;

CREATE TABLE incoming_seq (
  officer TEXT NOT NULL, device TEXT NOT NULL, high INTEGER NOT NULL, bitmap INTEGER NOT NULL,
  PRIMARY KEY (officer, device)) WITHOUT ROWID;
)sql";

constexpr std::string_view kAskedDeletion =
    "ALTER TABLE deliveries ADD COLUMN delete_after INTEGER NOT NULL DEFAULT 0";

// Those that were taken before are at most five minutes ahead of when a device was seen last.
constexpr std::string_view kNewestHello =
    "ALTER TABLE incoming_seq ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;"
    "UPDATE incoming_seq SET newest = 300000000 +"
    " coalesce((SELECT max(last_seen) FROM trust_device), 0)";

// What was the last valid file becomes the newest that was accepted. It had no record of sources:
// its first change counts every camera as another one for a day.
constexpr std::string_view kAcceptedRules =
    "CREATE TABLE accepted_rules (number INTEGER PRIMARY KEY AUTOINCREMENT, text BLOB NOT NULL,"
    " clock TEXT NOT NULL, replaced INTEGER NOT NULL);"
    "CREATE TABLE accepted_part ("
    " number INTEGER NOT NULL REFERENCES accepted_rules (number) ON DELETE CASCADE,"
    " kind TEXT NOT NULL, name TEXT NOT NULL, content BLOB NOT NULL,"
    " PRIMARY KEY (number, kind, name)) WITHOUT ROWID;"
    "CREATE TABLE leaving_resident (name TEXT PRIMARY KEY, since INTEGER NOT NULL,"
    " agreed INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO accepted_rules SELECT 1, CAST(value AS BLOB), '', -1 FROM settings"
    " WHERE name = 'last-valid-rules';"
    "INSERT INTO accepted_part SELECT 1, 'key', substr(name, 16), CAST(value AS BLOB)"
    " FROM settings WHERE name LIKE 'last-valid-key:%';"
    "DELETE FROM settings WHERE name LIKE 'last-valid-%'";

// What a request about a place names.
constexpr std::string_view kAreas = "ALTER TABLE requests ADD COLUMN area TEXT NOT NULL DEFAULT ''";

}  // namespace

absl::StatusOr<std::unique_ptr<store::Database>> open_database(const Path& path) {
  std::string first{kTables};
  first += ledger::schema();
  first += trust::schema();
  return store::Database::open(
      path, {"state",
             {std::move(first), std::string(kAskedDeletion), std::string(kNewestHello),
              std::string(kAcceptedRules), std::string(kAreas),
              std::string(trust::schema_of_new_pins())}});
}

absl::StatusOr<std::optional<std::string>> find_setting(store::Database& database,
                                                        std::string_view name) {
  return database.find<std::string>("SELECT value FROM settings WHERE name = ?", {name});
}

absl::Status keep_setting(store::Database& database, std::string_view name,
                          std::string_view value) {
  return database.run(
      "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      {name, value});
}

absl::Status drop_setting(store::Database& database, std::string_view name) {
  return database.run("DELETE FROM settings WHERE name = ?", {name});
}

}  // namespace latchstring::state
