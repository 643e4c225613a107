#include "gateway/requester/book.h"

#include <array>
#include <bit>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"

namespace latchstring::requester {
namespace {

constexpr std::array<std::string_view, 6> kStates{"offered", "received", "done",
                                                  "revoked", "expired",  "refused"};

const store::Schema& schema() {
  static const store::Schema kSchema{
      "officer of latchstring-request",
      {"CREATE TABLE device (id TEXT NOT NULL);"
       "CREATE TABLE numbers (gateway TEXT PRIMARY KEY, next_seq INTEGER NOT NULL,"
       " seen_high INTEGER NOT NULL, seen_bitmap INTEGER NOT NULL);"
       "CREATE TABLE requests (number INTEGER PRIMARY KEY, gateway TEXT NOT NULL,"
       " id TEXT NOT NULL UNIQUE, jws TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL);"
       "CREATE TABLE offers (delivery TEXT PRIMARY KEY, gateway TEXT NOT NULL,"
       " request TEXT NOT NULL, piece INTEGER NOT NULL, part INTEGER NOT NULL,"
       " offer TEXT NOT NULL, state TEXT NOT NULL, receipt TEXT NOT NULL, folder TEXT NOT NULL);"
       "CREATE TABLE checkpoints (gateway TEXT NOT NULL, position INTEGER NOT NULL,"
       " note TEXT NOT NULL, PRIMARY KEY (gateway, position));",
       "CREATE TABLE daily (gateway TEXT PRIMARY KEY, size INTEGER NOT NULL,"
       " since INTEGER NOT NULL);"}};
  return kSchema;
}

// An offer is kept as the control message that brought it would say it.
std::string text_of(const wire::Offer& offer) {
  wire::Control control;
  control.common.iss = std::string(43, 'A');
  control.common.jti = std::string(22, 'A');
  control.common.iat = from_unix_seconds(1);
  control.common.exp = from_unix_seconds(2);
  control.command = offer;
  return wire::encode(control);
}

absl::StatusOr<wire::Offer> offer_from(std::string_view text) {
  LS_ASSIGN(wire::Control control, wire::decode_control(text));
  auto* offer = std::get_if<wire::Offer>(&control.command);
  if (offer == nullptr) return data_loss("a kept offer is none");
  return std::move(*offer);
}

OfferState state_from(std::string_view text) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == text) return static_cast<OfferState>(i);
  }
  return OfferState::refused;
}

absl::StatusOr<KeptRequest> request_from(const store::Row& row) {
  KeptRequest kept{row.get<std::string>(0),
                   row.get<std::string>(1),
                   row.get<std::string>(2),
                   row.get<std::string>(3),
                   {}};
  LS_ASSIGN(const crypto::Jws jws, crypto::peek_jws(kept.jws));
  LS_ASSIGN(kept.request, wire::decode_request(jws.payload));
  return kept;
}

}  // namespace

std::string_view to_string(OfferState state) {
  return kStates[static_cast<std::size_t>(state)];
}

absl::StatusOr<std::unique_ptr<Book>> Book::open(const Path& file) {
  LS_ASSIGN(auto database, store::Database::open(file, schema()));
  std::unique_ptr<Book> book(new Book(std::move(database)));
  LS_RETURN_IF_ERROR(book->draw_device());
  return book;
}

absl::Status Book::draw_device() {
  LS_ASSIGN(store::Transaction transaction, database_->begin());
  LS_ASSIGN(const auto found, database_->find<std::string>("SELECT id FROM device"));
  device_ = found ? *found : crypto::random_id();
  if (!found) LS_RETURN_IF_ERROR(database_->run("INSERT INTO device VALUES (?)", {device_}));
  return transaction.commit();
}

absl::StatusOr<std::uint64_t> Book::draw_seq(const std::string& gateway) {
  LS_ASSIGN(const auto seq, database_->one<std::int64_t>(
                                "INSERT INTO numbers VALUES (?,2,0,0) ON CONFLICT (gateway)"
                                " DO UPDATE SET next_seq = next_seq + 1"
                                " RETURNING next_seq - 1",
                                {gateway}));
  return static_cast<std::uint64_t>(seq);
}

absl::StatusOr<link::SeqWindow> Book::seen(const std::string& gateway) const {
  link::SeqWindow seen;
  LS_RETURN_IF_ERROR(
      database_->query("SELECT seen_high, seen_bitmap FROM numbers WHERE gateway = ?", {gateway},
                       [&seen](const store::Row& row) {
                         seen.high = static_cast<std::uint64_t>(row.get<std::int64_t>(0));
                         seen.bitmap = std::bit_cast<std::uint64_t>(row.get<std::int64_t>(1));
                         return absl::OkStatus();
                       }));
  return seen;
}

absl::Status Book::take(const std::string& gateway, std::uint64_t seq) {
  LS_ASSIGN(store::Transaction transaction, database_->begin());
  LS_ASSIGN(link::SeqWindow now, seen(gateway));
  now.take(seq);
  LS_RETURN_IF_ERROR(
      database_->run("INSERT INTO numbers VALUES (?,1,?,?) ON CONFLICT (gateway) DO UPDATE SET"
                     " seen_high = excluded.seen_high, seen_bitmap = excluded.seen_bitmap",
                     {gateway, now.high, std::bit_cast<std::int64_t>(now.bitmap)}));
  return transaction.commit();
}

absl::Status Book::add(const std::string& gateway, const KeptRequest& request) {
  return database_->run("INSERT INTO requests (gateway, id, jws, state, reason) VALUES (?,?,?,?,?)",
                        {gateway, request.id, request.jws, request.state, request.reason});
}

absl::Status Book::set_state(const std::string& request, std::string_view state,
                             std::string_view reason) {
  return database_->run("UPDATE requests SET state = ?, reason = ? WHERE id = ?",
                        {state, reason, request});
}

absl::StatusOr<std::vector<KeptRequest>> Book::requests(const std::string& gateway) const {
  std::vector<KeptRequest> all;
  LS_RETURN_IF_ERROR(database_->query(
      "SELECT id, jws, state, reason FROM requests WHERE gateway = ? ORDER BY number", {gateway},
      [&all](const store::Row& row) -> absl::Status {
        LS_ASSIGN(all.emplace_back(), request_from(row));
        return absl::OkStatus();
      }));
  return all;
}

absl::StatusOr<std::optional<KeptRequest>> Book::request(const std::string& gateway,
                                                         const std::string& id) const {
  std::optional<KeptRequest> found;
  LS_RETURN_IF_ERROR(
      database_->query("SELECT id, jws, state, reason FROM requests WHERE gateway = ? AND id = ?",
                       {gateway, id}, [&found](const store::Row& row) -> absl::Status {
                         LS_ASSIGN(found.emplace(), request_from(row));
                         return absl::OkStatus();
                       }));
  return found;
}

absl::Status Book::check_first(const std::string& gateway, const KeptOffer& offer) const {
  LS_ASSIGN(const std::vector<KeptOffer> all, offers(gateway, offer.offer.request_id));
  for (const KeptOffer& kept : all) {
    const bool same_place =
        kept.offer.piece == offer.offer.piece && kept.offer.part == offer.offer.part;
    const bool stands = kept.state == OfferState::offered || kept.state == OfferState::received ||
                        kept.state == OfferState::done;
    if (same_place && stands && kept.delivery_sha256 != offer.delivery_sha256) {
      return denied(
          "piece {} part {} was released before, as something else; no piece is made twice",
          offer.offer.piece, offer.offer.part);
    }
  }
  return absl::OkStatus();
}

absl::Status Book::add(const std::string& gateway, const KeptOffer& kept) {
  const wire::Offer& offer = kept.offer;
  return database_->run("INSERT OR IGNORE INTO offers VALUES (?,?,?,?,?,?,?,?,?)",
                        {kept.delivery_sha256, gateway, offer.request_id, offer.piece, offer.part,
                         text_of(offer), to_string(kept.state), kept.receipt, kept.folder});
}

absl::Status Book::set_state(const KeptOffer& offer, OfferState state) {
  return database_->run("UPDATE offers SET state = ? WHERE delivery = ?",
                        {to_string(state), offer.delivery_sha256});
}

absl::Status Book::set_received(const KeptOffer& offer, std::string_view receipt,
                                const Path& folder) {
  return database_->run(
      "UPDATE offers SET state = ?, receipt = ?, folder = ? WHERE delivery = ?",
      {to_string(OfferState::received), receipt, folder.string(), offer.delivery_sha256});
}

absl::StatusOr<std::vector<KeptOffer>> Book::offers(const std::string& gateway,
                                                    const std::string& id) const {
  std::vector<KeptOffer> all;
  LS_RETURN_IF_ERROR(database_->query(
      "SELECT delivery, offer, state, receipt, folder FROM offers"
      " WHERE gateway = ?1 AND (?2 = '' OR request = ?2) ORDER BY request, piece, part",
      {gateway, id}, [&all](const store::Row& row) -> absl::Status {
        KeptOffer& kept = all.emplace_back();
        kept.delivery_sha256 = row.get<std::string>(0);
        LS_ASSIGN(kept.offer, offer_from(row.get<std::string>(1)));
        kept.state = state_from(row.get<std::string>(2));
        kept.receipt = row.get<std::string>(3);
        kept.folder = row.get<std::string>(4);
        return absl::OkStatus();
      }));
  return all;
}

absl::StatusOr<std::vector<std::string>> Book::checkpoints(const std::string& gateway) const {
  std::vector<std::string> notes;
  LS_RETURN_IF_ERROR(
      database_->query("SELECT note FROM checkpoints WHERE gateway = ? ORDER BY position",
                       {gateway}, [&notes](const store::Row& row) {
                         notes.push_back(row.get<std::string>(0));
                         return absl::OkStatus();
                       }));
  return notes;
}

absl::Status Book::keep_checkpoints(const std::string& gateway,
                                    const std::vector<std::string>& notes) {
  LS_ASSIGN(store::Transaction transaction, database_->begin());
  LS_RETURN_IF_ERROR(database_->run("DELETE FROM checkpoints WHERE gateway = ?", {gateway}));
  int position = 0;
  for (const std::string& note : notes) {
    LS_RETURN_IF_ERROR(
        database_->run("INSERT INTO checkpoints VALUES (?,?,?)", {gateway, position++, note}));
  }
  return transaction.commit();
}

absl::StatusOr<Instant> Book::see_daily(const std::string& gateway, std::uint64_t size,
                                        Instant now) {
  LS_RETURN_IF_ERROR(
      database_->run("INSERT INTO daily VALUES (?,?,?) ON CONFLICT (gateway) DO UPDATE SET"
                     " size = excluded.size, since = excluded.since WHERE excluded.size > size",
                     {gateway, size, to_unix_seconds(now)}));
  LS_ASSIGN(const auto since,
            database_->one<std::int64_t>("SELECT since FROM daily WHERE gateway = ?", {gateway}));
  return from_unix_seconds(since);
}

}  // namespace latchstring::requester
