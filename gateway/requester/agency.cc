#include "gateway/requester/agency.h"

#include "gateway/base/status.h"
#include "gateway/crypto/jws.h"
#include "gateway/requester/secret_file.h"
#include "gateway/wire/envelope.h"

namespace latchstring::requester {
namespace {

const store::Schema& schema() {
  static const store::Schema kSchema{
      "agency of latchstring-request",
      {"CREATE TABLE agency (name TEXT NOT NULL);"
       "CREATE TABLE credentials (id TEXT PRIMARY KEY, badge TEXT NOT NULL, officer TEXT NOT NULL,"
       " issued INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER NOT NULL);"
       "CREATE TABLE lists (seq INTEGER PRIMARY KEY, next_update INTEGER NOT NULL,"
       " jws TEXT NOT NULL);"}};
  return kSchema;
}

Path key_file(const Path& folder) {
  return folder / "agency.key";
}

Path database_file(const Path& folder) {
  return folder / "agency.db";
}

}  // namespace

Agency::Agency(crypto::SigningKey key, std::unique_ptr<store::Database> database)
    : key_(std::move(key)), database_(std::move(database)) {}

absl::StatusOr<std::unique_ptr<Agency>> Agency::init(const Path& folder, std::string_view name,
                                                     Instant now) {
  LS_RETURN_IF_ERROR(make_folder(folder, 0700));
  if (std::filesystem::exists(database_file(folder))) {
    return not_now("`{}` holds an agency already", folder.string());
  }
  crypto::SigningKey key = crypto::SigningKey::generate();
  LS_RETURN_IF_ERROR(write_new_secret(key_file(folder), key.seed()));
  LS_RETURN_IF_ERROR(write_file_durably(public_key_file(folder), key.verify_key().to_jwk() + "\n"));
  LS_ASSIGN(auto database, store::Database::open(database_file(folder), schema()));
  std::unique_ptr<Agency> agency(new Agency(std::move(key), std::move(database)));
  LS_ASSIGN(store::Transaction transaction, agency->database_->begin());
  LS_RETURN_IF_ERROR(agency->database_->run("INSERT INTO agency VALUES (?)", {name}));
  LS_RETURN_IF_ERROR(agency->renew_list(now).status());
  LS_RETURN_IF_ERROR(transaction.commit());
  return agency;
}

absl::StatusOr<std::unique_ptr<Agency>> Agency::open(const Path& folder) {
  if (!std::filesystem::exists(database_file(folder))) {
    return not_found("`{}` holds no agency", folder.string());
  }
  LS_ASSIGN(crypto::SigningKey key, read_signing_key(key_file(folder)));
  LS_ASSIGN(auto database, store::Database::open(database_file(folder), schema()));
  return std::unique_ptr<Agency>(new Agency(std::move(key), std::move(database)));
}

absl::Status Agency::issue(const Public& officer, std::string_view badge, int days, Instant now,
                           const HandOver& hand_over) {
  LS_ASSIGN(const auto officer_key, crypto::VerifyKey::from_jwk(officer.jwk));
  if (officer_key == key()) return invalid("an agency's own key cannot be an officer's");
  wire::Credential credential;
  credential.common = wire::new_common(key_, "any", now, std::chrono::days{days});
  credential.sub = badge;
  credential.officer_jwk = officer.jwk;
  credential.recipients = officer.recipients;
  credential.nbf = from_unix_seconds(to_unix_seconds(now));
  // Exactly `days`: no fraction of a second may push it over what a gateway accepts.
  credential.common.exp = credential.nbf + std::chrono::days{days};
  const std::string payload = wire::encode(credential);
  if (const auto fits = wire::decode_credential(payload); !fits.ok()) {
    return invalid("badge `{}`, or the officer's PUB.json: {}", badge, message_of(fits.status()));
  }

  LS_ASSIGN(store::Transaction transaction, database_->begin());
  LS_RETURN_IF_ERROR(
      database_->run("INSERT INTO credentials VALUES (?,?,?,?,?,0)",
                     {credential.common.jti, badge, officer_key.thumbprint(), to_unix_seconds(now),
                      to_unix_seconds(credential.common.exp)}));
  Credentials paper;
  paper.agency_jwk = key_.verify_key().to_jwk();
  paper.credential = crypto::sign_jws(key_, wire::kTypCredential, payload);
  LS_ASSIGN(paper.revocations, current_list(now));
  LS_RETURN_IF_ERROR(hand_over(encode(paper)));
  return transaction.commit();
}

absl::Status Agency::revoke(std::string_view id, Instant now, const HandOver& hand_over) {
  LS_ASSIGN(store::Transaction transaction, database_->begin());
  LS_ASSIGN(const auto revoked,
            database_->find<bool>("SELECT revoked FROM credentials WHERE id = ?", {id}));
  if (!revoked) return not_found("no credential `{}` was issued here", id);
  LS_RETURN_IF_ERROR(database_->run("UPDATE credentials SET revoked = 1 WHERE id = ?", {id}));
  LS_ASSIGN(const std::string list, *revoked ? current_list(now) : renew_list(now));
  LS_RETURN_IF_ERROR(hand_over(list));
  return transaction.commit();
}

bool Agency::is_own_file(const Path& folder, const Path& file) {
  std::error_code fault;
  const Path real = std::filesystem::weakly_canonical(file, fault);
  if (fault || real.parent_path() != std::filesystem::weakly_canonical(folder, fault)) return false;
  return real.filename().string().starts_with("agency.");  // SQLite's files beside it, too
}

// What has expired need not be named any more.
absl::StatusOr<std::string> Agency::renew_list(Instant now) {
  wire::RevocationList list;
  LS_RETURN_IF_ERROR(database_->query(
      "SELECT id FROM credentials WHERE revoked = 1 AND expires > ? ORDER BY issued, rowid",
      {to_unix_seconds(now)}, [&list](const store::Row& row) {
        list.revoked.push_back(row.get<std::string>(0));
        return absl::OkStatus();
      }));
  if (list.revoked.size() > wire::kRevokedMax) {
    return exhausted("more than {} revoked credentials are still in date", wire::kRevokedMax);
  }
  LS_ASSIGN(const std::int64_t last,
            database_->one<std::int64_t>("SELECT coalesce(max(seq), 0) FROM lists"));
  list.common = wire::new_common(key_, "any", now, kListLifetime);
  list.seq = static_cast<std::uint64_t>(last) + 1;
  list.next_update = now + kListLifetime;
  std::string jws = crypto::sign_jws(key_, wire::kTypRevocation, wire::encode(list));
  LS_RETURN_IF_ERROR(database_->run("INSERT INTO lists VALUES (?,?,?)",
                                    {last + 1, to_unix_seconds(list.next_update), jws}));
  return jws;
}

absl::StatusOr<std::string> Agency::current_list(Instant now) {
  LS_ASSIGN(const auto jws,
            database_->find<std::string>("SELECT jws FROM lists WHERE seq = (SELECT max(seq) FROM"
                                         " lists) AND next_update >= ?",
                                         {to_unix_seconds(now + kListRenewBefore)}));
  if (jws) return *jws;
  return renew_list(now);
}

absl::StatusOr<std::vector<Issued>> Agency::list() const {
  std::vector<Issued> all;
  LS_RETURN_IF_ERROR(database_->query(
      "SELECT id, badge, officer, issued, expires, revoked FROM credentials ORDER BY issued, rowid",
      {}, [&all](const store::Row& row) {
        all.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
                       from_unix_seconds(row.get<std::int64_t>(3)),
                       from_unix_seconds(row.get<std::int64_t>(4)), row.get<bool>(5)});
        return absl::OkStatus();
      }));
  return all;
}

}  // namespace latchstring::requester
