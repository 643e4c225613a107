#include "gateway/ledger/ledger.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/ledger/leaf.h"
#include "gateway/ledger/tree.h"
#include "gateway/proof/proof.h"
#include "gateway/store/store.h"

namespace latchstring::ledger {
namespace {

using crypto::Hash;

constexpr std::size_t kLeafSaltBytes = 16;
constexpr std::size_t kDetailSaltBytes = 32;

// What a checkpoint row is for. `seen` is one that somebody else showed and that this tree does not
// continue: it keeps the refusal over a restart.
constexpr std::string_view kSeen = "seen";

std::string_view to_string(Audience audience) {
  switch (audience) {
    case Audience::home:
      return "home";
    case Audience::offer:
      return "offer";
    case Audience::daily:
      return "daily";
  }
  return "";
}

std::uint64_t fill_of(Audience audience) {
  switch (audience) {
    case Audience::home:
      return 1;
    case Audience::offer:
      return kOfferFill;
    case Audience::daily:
      return kDailyFill;
  }
  return kDailyFill;
}

std::string commitment_of(ByteView salt, std::string_view record) {
  crypto::Sha256 hash;
  hash.update(salt);
  hash.update(as_bytes(record));
  return crypto::to_hex(hash.finish());
}

Leaf make_leaf(std::uint64_t index, std::string line) {
  std::string sha256 = crypto::sha256_hex(line);
  return {index, std::move(line), std::move(sha256)};
}

absl::Status already_refused() {
  return data_loss(
      "ledger: this tree does not continue one that was signed before, so nothing is signed; the "
      "database was replaced by an older or a changed copy");
}

// A name that no leaf can have is a slip of the pen, not a search without a find.
absl::Status check_event(const std::string& name) {
  const auto& known = event_names();
  if (name.empty() || std::find(known.begin(), known.end(), name) != known.end())
    return absl::OkStatus();
  return invalid("there is no event `{}`; there are {}", name, fmt::join(known, ", "));
}

}  // namespace

std::string_view schema() {
  return "CREATE TABLE ledger_leaf (idx INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT;"
         "CREATE TABLE ledger_node (level INTEGER NOT NULL, idx INTEGER NOT NULL,"
         " hash BLOB NOT NULL, PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID;"
         "CREATE TABLE ledger_about (leaf INTEGER PRIMARY KEY, id TEXT NOT NULL) STRICT;"
         "CREATE INDEX ledger_about_id ON ledger_about (id, leaf);"
         "CREATE TABLE ledger_detail (leaf INTEGER PRIMARY KEY, salt BLOB NOT NULL,"
         " record TEXT NOT NULL) STRICT;"
         "CREATE TABLE ledger_checkpoint (audience TEXT PRIMARY KEY, size INTEGER NOT NULL,"
         " note TEXT NOT NULL) STRICT, WITHOUT ROWID;";
}

Ledger::Ledger(store::Database& database, std::string origin, crypto::SigningKey key,
               std::string vkey)
    : database_(database),
      origin_(std::move(origin)),
      key_(std::move(key)),
      vkey_(std::move(vkey)) {}

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::open(store::Database& database,
                                                     std::string_view gateway_id,
                                                     crypto::SigningKey key,
                                                     std::string_view remembered) {
  std::string origin = fmt::format("{}/latchstring/log1", gateway_id);
  LS_ASSIGN(const proof::NoteKey note_key, proof::NoteKey::make(origin, key.verify_key()));
  std::unique_ptr<Ledger> ledger(
      new Ledger(database, std::move(origin), std::move(key), note_key.text()));
  LS_RETURN_IF_ERROR(ledger->verify());
  if (!remembered.empty()) LS_RETURN_IF_ERROR(ledger->check_remembered(remembered));
  return ledger;
}

absl::Status Ledger::check_remembered(std::string_view note) const {
  const absl::StatusOr<Checkpoint> checkpoint = read_note(note);
  if (!checkpoint.ok())
    return invalid("not a checkpoint that this ledger signed: {}", message_of(checkpoint.status()));
  return continues(*checkpoint);
}

absl::Status Ledger::verify() const {
  LS_RETURN_IF_ERROR(StoredTree(database_).verify());
  std::vector<std::string> notes;
  LS_RETURN_IF_ERROR(
      database_.query("SELECT note FROM ledger_checkpoint", {}, [&notes](const store::Row& row) {
        notes.push_back(row.get<std::string>(0));
        return absl::OkStatus();
      }));
  for (const std::string& note : notes) {
    const absl::StatusOr<Checkpoint> checkpoint = read_note(note);
    if (!checkpoint.ok()) {
      return data_loss("ledger: the last checkpoint is not signed by this gateway's ledger key: {}",
                       message_of(checkpoint.status()));
    }
    LS_RETURN_IF_ERROR(continues(*checkpoint));
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> Ledger::read_note(std::string_view note) const {
  LS_ASSIGN(const proof::NoteKey key, proof::NoteKey::parse(vkey_));
  LS_ASSIGN(const proof::Checkpoint opened, proof::open_checkpoint(note, key));
  return Checkpoint{opened.size, opened.root, std::string(note)};
}

absl::Status Ledger::continues(const Checkpoint& checkpoint) const {
  const StoredTree tree(database_);
  LS_ASSIGN(const std::uint64_t size, tree.size());
  if (size < checkpoint.size) {
    return data_loss(
        "ledger: it has {} entries, and a checkpoint was signed over {}: the database was replaced "
        "by an older copy",
        size, checkpoint.size);
  }
  LS_ASSIGN(const Hash root, proof::root(tree, checkpoint.size));
  if (root != checkpoint.root) {
    return data_loss("ledger: its first {} entries are not those that a checkpoint was signed over",
                     checkpoint.size);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Ledger::size() const {
  return StoredTree(database_).size();
}

absl::StatusOr<Leaf> Ledger::append(const Entry& entry) {
  ensure(database_.in_transaction());
  if (entry.detail.size() > kDetailMax) {
    return exhausted("the detail record of a ledger entry has {} bytes; at most {} are kept",
                     entry.detail.size(), kDetailMax);
  }
  Bytes detail_salt;
  std::string commitment;
  if (!entry.detail.empty()) {
    detail_salt = crypto::random_bytes(kDetailSaltBytes);
    commitment = commitment_of(detail_salt, entry.detail);
  }
  const std::string salt = crypto::to_hex(crypto::random_bytes(kLeafSaltBytes));
  LS_ASSIGN(std::string line, leaf_line(entry, salt, commitment));
  if (line.size() > kLeafMax) {
    return exhausted("a ledger entry has {} bytes; at most {} fit", line.size(), kLeafMax);
  }
  LS_ASSIGN(const std::uint64_t index, StoredTree(database_).append(line));
  if (!entry.detail.empty()) {
    LS_RETURN_IF_ERROR(
        database_.run("INSERT INTO ledger_detail (leaf, salt, record) VALUES (?, ?, ?)",
                      {index, detail_salt, entry.detail}));
  }
  if (!entry.about.empty()) {
    LS_RETURN_IF_ERROR(
        database_.run("INSERT INTO ledger_about (leaf, id) VALUES (?, ?)", {index, entry.about}));
  }
  return make_leaf(index, std::move(line));
}

absl::Status Ledger::forget_detail(std::uint64_t index) {
  return database_.run("DELETE FROM ledger_detail WHERE leaf = ?", {index});
}

absl::Status Ledger::forget_details_about(std::string_view id) {
  return database_.run(
      "DELETE FROM ledger_detail WHERE leaf IN (SELECT leaf FROM ledger_about WHERE id = ?)", {id});
}

absl::Status Ledger::fill(Audience audience, Instant at) {
  LS_ASSIGN(std::uint64_t size, StoredTree(database_).size());
  for (; size % fill_of(audience) != 0; ++size) {
    LS_RETURN_IF_ERROR(append({at, Filler{}, "", ""}).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> Ledger::checkpoint_now(Audience audience, Instant at) {
  ensure(database_.in_transaction());
  if (refused_) return already_refused();
  LS_RETURN_IF_ERROR(fill(audience, at));
  const StoredTree tree(database_);
  LS_ASSIGN(const std::uint64_t size, tree.size());
  // Checked again at every signature: open() was long ago.
  LS_ASSIGN(const std::optional<Checkpoint> before, newest());
  if (before) {
    if (const absl::Status status = continues(*before); !status.ok()) {
      refused_ = true;
      return status;
    }
  }
  LS_ASSIGN(const Hash root, proof::root(tree, size));
  LS_ASSIGN(std::string note, proof::sign_checkpoint({origin_, size, root}, key_));
  LS_RETURN_IF_ERROR(store_note(to_string(audience), size, note));
  return Checkpoint{size, root, std::move(note)};
}

absl::Status Ledger::store_note(std::string_view audience, std::uint64_t size,
                                std::string_view note) const {
  return database_.run(
      "INSERT INTO ledger_checkpoint (audience, size, note) VALUES (?, ?, ?)"
      " ON CONFLICT (audience) DO UPDATE SET size = excluded.size, note = excluded.note",
      {audience, size, note});
}

absl::StatusOr<std::optional<Checkpoint>> Ledger::newest(std::optional<Audience> audience) const {
  LS_ASSIGN(const std::optional<std::string> note,
            database_.find<std::string>(
                "SELECT note FROM ledger_checkpoint WHERE audience <> ? AND (? OR audience = ?)"
                " ORDER BY size DESC LIMIT 1",
                {kSeen, !audience.has_value(), audience ? to_string(*audience) : ""}));
  if (!note) return std::optional<Checkpoint>{};
  absl::StatusOr<Checkpoint> checkpoint = read_note(*note);
  if (!checkpoint.ok()) {
    return data_loss("ledger: a stored checkpoint is damaged: {}", message_of(checkpoint.status()));
  }
  return std::optional<Checkpoint>(*std::move(checkpoint));
}

absl::Status Ledger::check_seen(std::string_view note) {
  LS_ASSIGN(const Checkpoint checkpoint, read_note(note));
  const absl::Status status = continues(checkpoint);
  if (!absl::IsDataLoss(status)) return status;
  refused_ = true;
  LS_RETURN_IF_ERROR(store_note(kSeen, checkpoint.size, note));
  return status;
}

absl::StatusOr<std::vector<Hash>> Ledger::consistency(std::uint64_t from, std::uint64_t to) const {
  const StoredTree tree(database_);
  LS_ASSIGN(const std::uint64_t size, tree.size());
  if (to > size) return invalid("the ledger has {} entries, not {}", size, to);
  return proof::consistency_proof(tree, from, to);
}

absl::StatusOr<Leaf> Ledger::leaf(std::uint64_t index) const {
  LS_ASSIGN(std::optional<std::string> line,
            database_.find<std::string>("SELECT line FROM ledger_leaf WHERE idx = ?", {index}));
  if (!line) return not_found("the ledger has no entry {}", index);
  return make_leaf(index, *std::move(line));
}

absl::StatusOr<ProvenLeaf> Ledger::prove_leaf(std::uint64_t index,
                                              const Checkpoint& checkpoint) const {
  LS_ASSIGN(Leaf proven, leaf(index));
  LS_ASSIGN(proof::Proof hashes,
            proof::inclusion_proof(StoredTree(database_), index, checkpoint.size));
  return ProvenLeaf{std::move(proven),
                    proof::encode(proof::TlogProof{index, std::move(hashes), checkpoint.note})};
}

absl::StatusOr<std::vector<ProvenLeaf>> Ledger::prove(std::string_view id, Instant at) {
  std::vector<std::uint64_t> indices;
  LS_RETURN_IF_ERROR(database_.query(
      "SELECT leaf FROM ledger_about WHERE id = ? ORDER BY leaf", {id},
      [&indices](const store::Row& row) {
        if (indices.size() == kProofLeavesMax) {
          return exhausted("more than {} ledger entries are about this", kProofLeavesMax);
        }
        indices.push_back(static_cast<std::uint64_t>(row.get<std::int64_t>(0)));
        return absl::OkStatus();
      }));
  if (indices.empty()) return not_found("the ledger has no entry about `{}`", id);
  LS_ASSIGN(const Checkpoint checkpoint, checkpoint_now(Audience::home, at));
  std::vector<ProvenLeaf> proven;
  for (const std::uint64_t index : indices) {
    LS_ASSIGN(ProvenLeaf one, prove_leaf(index, checkpoint));
    proven.push_back(std::move(one));
  }
  return proven;
}

absl::StatusOr<std::vector<ShownLeaf>> Ledger::show(const Query& query) const {
  LS_RETURN_IF_ERROR(check_event(query.event));
  const std::size_t count = std::min(query.count, kPageMax);
  const bool from_end = query.newest_first && query.from == 0;
  const std::string sql = fmt::format(
      "SELECT l.idx, l.line, a.id, d.salt, d.record FROM ledger_leaf l"
      " LEFT JOIN ledger_about a ON a.leaf = l.idx LEFT JOIN ledger_detail d ON d.leaf = l.idx"
      " WHERE (? OR l.idx {} ?)"
      " AND (? OR instr(l.line, '\"event\":\"' || ? || '\"') > 0)"
      " AND (? OR instr(l.line, '\"event\":\"filler\"') = 0){} ORDER BY l.idx {} LIMIT ?",
      query.newest_first ? "<" : ">=", query.about.empty() ? " AND ? = ''" : " AND a.id = ?",
      query.newest_first ? "DESC" : "ASC");
  std::vector<ShownLeaf> shown;
  LS_RETURN_IF_ERROR(database_.query(
      sql,
      {from_end, query.from, query.event.empty(), query.event,
       query.with_filler || query.event == "filler", query.about, count},
      [&shown](const store::Row& row) {
        ShownLeaf one;
        one.leaf = make_leaf(static_cast<std::uint64_t>(row.get<std::int64_t>(0)),
                             row.get<std::string>(1));
        one.about = row.get<std::optional<std::string>>(2).value_or("");
        one.detail = row.get<std::optional<std::string>>(4);
        const Bytes salt = row.get<std::optional<Bytes>>(3).value_or(Bytes{});
        if (one.detail &&
            one.leaf.line.find(commitment_of(salt, *one.detail)) == std::string::npos) {
          return data_loss("ledger: the detail record of entry {} is not the one it commits to",
                           one.leaf.index);
        }
        shown.push_back(std::move(one));
        return absl::OkStatus();
      }));
  return shown;
}

}  // namespace latchstring::ledger
