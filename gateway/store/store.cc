#include "gateway/store/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>

#include <limits>
#include <map>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::store {
namespace {

absl::StatusCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::StatusCode::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::Status damaged(const Path& path, std::string_view what) {
  return data_loss(
      "database `{}` is damaged: {}; stop the program, keep a copy of the file, then "
      "restore it from a backup or repair it",
      path.string(), what);
}

absl::Status status_of(const Path& path, const SQLite::Exception& e) {
  const absl::StatusCode code = code_of(e.getErrorCode());
  if (code == absl::StatusCode::kDataLoss) return damaged(path, e.what());
  if ((e.getErrorCode() & 0xff) == SQLITE_FULL) {
    return exhausted("cannot write to `{}`: the disk is full; make room on it, then try again",
                     path.string());
  }
  return error(code, "database `{}`: {}", path.string(), e.what());
}

// FNV-1a of the schema's name, kept in the header of the file: tells one kind of file from another.
std::int64_t application_id(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
  return static_cast<std::int32_t>(hash | 1u);  // never 0, which is SQLite's "unset"
}

void bind(SQLite::Statement& statement, Params params) {
  int index = 0;
  for (const Param& param : params) {
    ++index;
    const Param::Value& value = param.value();
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      statement.bind(index, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      statement.bind(index, std::string(*text));
    } else if (const auto* bytes = std::get_if<ByteView>(&value)) {
      // A null pointer would bind NULL: an empty blob is a value.
      const void* data = bytes->empty() ? "" : static_cast<const void*>(bytes->data());
      ensure(bytes->size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
      statement.bind(index, data, static_cast<int>(bytes->size()));
    } else {
      statement.bind(index);
    }
  }
}

}  // namespace

struct Database::Connection {
  Connection(const Path& path, int flags)
      : sqlite(path.string(), flags, static_cast<int>(kBusyTimeout.count())) {}

  // A statement is taken out while it runs, so that a callback may run the same SQL again.
  std::unique_ptr<SQLite::Statement> take(const std::string& sql) {
    auto node = idle.extract(sql);
    if (!node.empty()) return std::move(node.mapped());
    return std::make_unique<SQLite::Statement>(sqlite, sql);
  }
  void give_back(std::unique_ptr<SQLite::Statement> statement) {
    if (statement->tryReset() != SQLite::OK) return;
    statement->clearBindings();
    if (idle.size() >= kStatementsMax) idle.clear();
    const std::string sql = statement->getQuery();
    idle.insert_or_assign(sql, std::move(statement));
  }

  SQLite::Database sqlite;
  std::map<std::string, std::unique_ptr<SQLite::Statement>, std::less<>> idle;
};

bool Row::is_null(int column) const {
  return statement_.getColumn(column).isNull();
}

void Row::read(int column, std::int64_t& out) const {
  const SQLite::Column value = statement_.getColumn(column);
  if (value.isInteger()) {
    out = value.getInt64();
  } else {
    mismatch_ = true;
  }
}

void Row::read(int column, int& out) const {
  std::int64_t wide = 0;
  read(column, wide);
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    mismatch_ = true;
  } else {
    out = static_cast<int>(wide);
  }
}

void Row::read(int column, bool& out) const {
  std::int64_t wide = 0;
  read(column, wide);
  if (wide != 0 && wide != 1) mismatch_ = true;
  out = wide == 1;
}

void Row::read(int column, std::string& out) const {
  const SQLite::Column value = statement_.getColumn(column);
  if (value.isText()) {
    out = value.getString();
  } else {
    mismatch_ = true;
  }
}

void Row::read(int column, Bytes& out) const {
  const SQLite::Column value = statement_.getColumn(column);
  if (!value.isBlob()) {
    mismatch_ = true;
    return;
  }
  const auto* data = static_cast<const std::uint8_t*>(value.getBlob());
  if (data != nullptr) out.assign(data, data + value.getBytes());
}

Database::Database(Path path, std::unique_ptr<Connection> connection)
    : path_(std::move(path)), connection_(std::move(connection)) {}

Database::~Database() {
  ensure(!in_transaction_);
}

absl::StatusOr<std::unique_ptr<Database>> Database::open(const Path& path, const Schema& schema) {
  // Made here so that nobody else may read it; -wal and -shm take its mode.
  LS_RETURN_IF_ERROR(open_file(path, O_RDWR | O_CREAT).status());
  try {
    auto connection =
        std::make_unique<Connection>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_FULLMUTEX);
    std::unique_ptr<Database> db(new Database(path, std::move(connection)));
    LS_RETURN_IF_ERROR(db->set_up(schema));
    return db;
  } catch (const SQLite::Exception& e) {
    return status_of(path, e);
  }
}

absl::Status Database::set_up(const Schema& schema) {
  LS_RETURN_IF_ERROR(adopt_kind(schema));
  LS_ASSIGN(const std::string mode, one<std::string>("PRAGMA journal_mode = WAL"));
  if (mode != "wal") {
    return not_now(
        "database `{}`: its file system cannot keep a write-ahead log (journal mode "
        "`{}`); put it on a local disk",
        path_.string(), mode);
  }
  for (const char* pragma :
       {"PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF"}) {
    LS_RETURN_IF_ERROR(run(pragma));
  }
  LS_RETURN_IF_ERROR(find<std::int64_t>("PRAGMA secure_delete = ON").status());
  std::error_code ignored;
  if (std::filesystem::file_size(path_, ignored) <= kCheckAtOpenBytesMax) {
    LS_RETURN_IF_ERROR(check());
  }
  return migrate(schema);
}

absl::Status Database::adopt_kind(const Schema& schema) {
  const std::int64_t wanted = application_id(schema.name);
  LS_ASSIGN(const std::int64_t found, one<std::int64_t>("PRAGMA application_id"));
  if (found == wanted) return absl::OkStatus();
  LS_ASSIGN(const std::int64_t objects, one<std::int64_t>("SELECT count(*) FROM sqlite_master"));
  if (found != 0 || objects != 0) {
    return not_now(
        "`{}` is a database, but not the {} of this program; give another path, or move "
        "the file away",
        path_.string(), schema.name);
  }
  return run(fmt::format("PRAGMA application_id = {}", wanted));
}

absl::Status Database::migrate(const Schema& schema) {
  LS_ASSIGN(const std::int64_t found, one<std::int64_t>("PRAGMA user_version"));
  const auto known = static_cast<std::int64_t>(schema.migrations.size());
  if (found < 0 || found > known) {
    return not_now(
        "the {} `{}` has version {}, and this program knows versions up to {}: a newer "
        "program wrote it; install that one again",
        schema.name, path_.string(), found, known);
  }
  for (std::int64_t version = found; version < known; ++version) {
    LS_ASSIGN(Transaction transaction, begin());
    try {
      connection_->sqlite.exec(schema.migrations[static_cast<std::size_t>(version)]);
      connection_->sqlite.exec(fmt::format("PRAGMA user_version = {}", version + 1));
    } catch (const SQLite::Exception& e) {
      return within(fmt::format("version {} of the {}", version + 1, schema.name),
                    status_of(path_, e));
    }
    LS_RETURN_IF_ERROR(transaction.commit());
  }
  return absl::OkStatus();
}

absl::Status Database::step_through(SQLite::Statement& statement, const Each& each) {
  while (statement.executeStep()) {
    const Row row(statement);
    LS_RETURN_IF_ERROR(each(row));
    if (row.mismatch_) {
      return damaged(path_,
                     fmt::format("a column of `{}` has the wrong type", statement.getQuery()));
    }
  }
  return absl::OkStatus();
}

absl::Status Database::execute(std::string_view sql, Params params, const Each& each,
                               std::int64_t* changed) {
  // SQLite ends a transaction by itself after some errors (disk full, I/O): what comes after must
  // not be written without what came before.
  if (in_transaction_ && sqlite3_get_autocommit(connection_->sqlite.getHandle()) != 0) {
    return unavailable("database `{}`: the transaction was rolled back by an earlier error",
                       path_.string());
  }
  try {
    std::unique_ptr<SQLite::Statement> statement = connection_->take(std::string(sql));
    bind(*statement, params);
    LS_RETURN_IF_ERROR(step_through(*statement, each));
    if (changed != nullptr) *changed = statement->getChanges();
    connection_->give_back(std::move(statement));
    return absl::OkStatus();
  } catch (const SQLite::Exception& e) {
    return status_of(path_, e);
  }
}

absl::StatusOr<std::int64_t> Database::change(std::string_view sql, Params params) {
  std::int64_t changed = 0;
  LS_RETURN_IF_ERROR(execute(
      sql, params, [](const Row&) { return absl::OkStatus(); }, &changed));
  return changed;
}

absl::Status Database::query(std::string_view sql, Params params, const Each& each) {
  return execute(sql, params, each, nullptr);
}

absl::StatusOr<Transaction> Database::begin() {
  ensure(!in_transaction_);
  LS_RETURN_IF_ERROR(run("BEGIN IMMEDIATE"));
  in_transaction_ = true;
  return Transaction(*this);
}

void Database::roll_back() noexcept {
  in_transaction_ = false;
  // SQLite has rolled back by itself after some errors (disk full, I/O): then there is nothing to
  // do.
  if (sqlite3_get_autocommit(connection_->sqlite.getHandle()) == 0) {
    connection_->sqlite.tryExec("ROLLBACK");
    ensure(sqlite3_get_autocommit(connection_->sqlite.getHandle()) != 0);
  }
}

std::int64_t Database::last_insert_id() const {
  return connection_->sqlite.getLastInsertRowid();
}

absl::Status Database::check() {
  LS_ASSIGN(const std::string answer, one<std::string>("PRAGMA quick_check(1)"));
  if (answer != "ok") return damaged(path_, answer);
  return absl::OkStatus();
}

Transaction::~Transaction() {
  if (db_ != nullptr) db_->roll_back();
}

absl::Status Transaction::commit() {
  ensure(db_ != nullptr);
  LS_RETURN_IF_ERROR(db_->run("COMMIT"));
  std::exchange(db_, nullptr)->in_transaction_ = false;
  return absl::OkStatus();
}

}  // namespace latchstring::store
