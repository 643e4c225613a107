// SQLite, behind values and Status: one file, one connection, one schema that only moves forward.
// Threads: a Database belongs to the thread that uses it; two connections to one file may wait for
// each other, up to kBusyTimeout.
// Durability: WAL and synchronous=FULL, so what commit() said is on disk after a power cut. Deleted
// rows are overwritten (secure_delete).
// Limits: kStatementsMax prepared statements are kept; kCheckAtOpenBytesMax is checked at open.
// Errors: FailedPrecondition (a constraint, or a file that is newer or of another kind), DataLoss
// (damaged file, or a column that is not of the type asked for), ResourceExhausted (disk full),
// Unavailable (locked, or the disk fails), Internal (wrong SQL).
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/store/row.h"

namespace latchstring::store {

inline constexpr std::chrono::milliseconds kBusyTimeout{5'000};
inline constexpr std::size_t kStatementsMax = 256;
// Larger files are not read through at open (about 100 ms); check() does it when somebody asks.
inline constexpr std::uint64_t kCheckAtOpenBytesMax = 64 * 1024 * 1024;

// `migrations[i]` takes version i to i + 1; never change one that was shipped, only add. `name`
// says what kind of file it is (`archive index`): a file of another kind is refused.
struct Schema {
  std::string name;
  std::vector<std::string> migrations;
};

class Database;

// BEGIN IMMEDIATE now; rolled back unless commit() succeeded. One at a time: nesting is a bug.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  absl::Status commit();  // once

 private:
  friend class Database;
  explicit Transaction(Database& db) : db_(&db) {}
  Database* db_;
};

class Database {
 public:
  // Opens or makes the file (0600) and brings its schema up to date.
  static absl::StatusOr<std::unique_ptr<Database>> open(const Path& path, const Schema& schema);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A statement without an answer. The number of rows it changed.
  absl::StatusOr<std::int64_t> change(std::string_view sql, Params params = {});
  absl::Status run(std::string_view sql, Params params = {}) {
    return change(sql, params).status();
  }

  // Calls `each` for every row. An error from it ends the query and is returned.
  using Each = std::function<absl::Status(const Row&)>;
  absl::Status query(std::string_view sql, Params params, const Each& each);

  // The first column of the first row, or nullopt where there is none.
  template <class T>
  absl::StatusOr<std::optional<T>> find(std::string_view sql, Params params = {});
  // The same, NotFound where there is none.
  template <class T>
  absl::StatusOr<T> one(std::string_view sql, Params params = {});

  absl::StatusOr<Transaction> begin();
  bool in_transaction() const { return in_transaction_; }
  std::int64_t last_insert_id() const;

  // Reads the whole file: DataLoss where it is damaged.
  absl::Status check();
  const Path& path() const { return path_; }

 private:
  friend class Transaction;
  struct Connection;
  Database(Path path, std::unique_ptr<Connection> connection);
  absl::Status set_up(const Schema& schema);
  absl::Status adopt_kind(const Schema& schema);
  absl::Status migrate(const Schema& schema);
  absl::Status step_through(SQLite::Statement& statement, const Each& each);
  absl::Status execute(std::string_view sql, Params params, const Each& each,
                       std::int64_t* changed);
  void roll_back() noexcept;

  const Path path_;
  const std::unique_ptr<Connection> connection_;
  bool in_transaction_ = false;
};

template <class T>
absl::StatusOr<std::optional<T>> Database::find(std::string_view sql, Params params) {
  std::optional<T> found;
  absl::Status status = query(sql, params, [&found](const Row& row) {
    if (!found) found = row.get<T>(0);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return found;
}

template <class T>
absl::StatusOr<T> Database::one(std::string_view sql, Params params) {
  absl::StatusOr<std::optional<T>> found = find<T>(sql, params);
  if (!found.ok()) return found.status();
  if (!*found) return absl::NotFoundError("no such row");
  return **std::move(found);
}

}  // namespace latchstring::store
