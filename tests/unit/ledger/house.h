// A state database with a ledger in it, for the tests of this folder.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/ledger/ledger.h"
#include "gateway/proof/proof.h"
#include "gateway/store/store.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::ledger::test {

inline const Instant kMay = from_unix_seconds(1'777'900'000);
inline const std::string kHash(64, 'a');

inline crypto::SigningKey make_key(std::uint8_t first = 1) {
  Bytes seed(32, 7);
  seed[0] = first;
  return *crypto::SigningKey::from_seed(seed);
}

inline std::unique_ptr<store::Database> open_database(const Path& path) {
  auto database = store::Database::open(path, {"ledger test", {std::string(schema())}});
  ensure(database.ok());
  return *std::move(database);
}

class House {
 public:
  House() : database_(open_database(file())) { ensure(reopen().ok()); }

  Path file() const { return folder_.path() / "state.db"; }
  store::Database& database() { return *database_; }
  Ledger& ledger() { return *ledger_; }

  absl::Status reopen(std::string_view remembered = {}, std::uint8_t key = 1) {
    ledger_.reset();
    auto opened = Ledger::open(*database_, "abcdefghij", make_key(key), remembered);
    if (!opened.ok()) return opened.status();
    ledger_ = *std::move(opened);
    return absl::OkStatus();
  }
  void close() {
    ledger_.reset();
    database_.reset();
  }
  void open_again() { database_ = open_database(file()); }

  Leaf append(Event event, std::string about = {}, std::string detail = {}) {
    auto transaction = database_->begin();
    auto leaf = ledger_->append({kMay, std::move(event), std::move(about), std::move(detail)});
    ensure(leaf.ok() && transaction->commit().ok());
    return *std::move(leaf);
  }
  absl::StatusOr<Checkpoint> checkpoint(Audience audience = Audience::home) {
    auto transaction = database_->begin();
    auto checkpoint = ledger_->checkpoint_now(audience, kMay);
    if (checkpoint.ok()) ensure(transaction->commit().ok());
    return checkpoint;
  }
  absl::StatusOr<std::vector<ProvenLeaf>> prove(std::string_view id) {
    auto transaction = database_->begin();
    auto proven = ledger_->prove(id, kMay);
    if (proven.ok()) ensure(transaction->commit().ok());
    return proven;
  }
  std::string export_text() {
    std::string text;
    ensure(ledger_
               ->export_to([&text](std::string_view part) {
                 text += part;
                 return absl::OkStatus();
               })
               .ok());
    return text;
  }
  // Changes the database behind the ledger's back.
  void tamper(std::string_view sql) { ensure(*database_->change(sql) > 0); }

 private:
  latchstring::test::TemporaryFolder folder_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace latchstring::ledger::test
