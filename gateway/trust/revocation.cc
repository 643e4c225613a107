#include "gateway/trust/revocation.h"

#include <algorithm>
#include <cstdint>

#include "gateway/base/status.h"
#include "gateway/crypto/jws.h"

namespace latchstring::trust {
namespace {

absl::StatusOr<List> parse_list(std::string_view compact, const crypto::VerifyKey& agency_key) {
  LS_ASSIGN(const crypto::Jws jws, crypto::verify_jws(compact, wire::kTypRevocation, agency_key));
  LS_ASSIGN(wire::RevocationList list, wire::decode_revocation_list(jws.payload));
  if (list.common.iss != jws.kid) return denied("`iss` is not the key that signed the list");
  if (list.seq > INT64_MAX) return invalid("the list's `seq` is beyond any that can be kept");
  return List{std::move(list), std::string(compact)};
}

}  // namespace

bool List::revokes(const wire::Credential& credential) const {
  return std::find(list.revoked.begin(), list.revoked.end(), credential.common.jti) !=
         list.revoked.end();
}

bool List::is_fresh(const Arrival& arrival) const {
  return arrival.clock_right && list.common.iat <= arrival.now + kSkewMax &&
         arrival.now < list.next_update && arrival.now < list.common.exp &&
         list.next_update - list.common.iat <= kListLifetimeMax;
}

absl::StatusOr<List> read_list(std::string_view compact, const crypto::VerifyKey& agency_key,
                               const Arrival& arrival) {
  absl::StatusOr<List> list = parse_list(compact, agency_key);
  if (!list.ok()) return within("revocation list", list.status());
  const std::string& aud = list->list.common.aud;
  if (aud != "any" && aud != arrival.gateway) {
    return denied("revocation list: it is meant for `{}`, not for this gateway", aud);
  }
  return list;
}

absl::StatusOr<std::optional<List>> stored_list(store::Database& database,
                                                const crypto::VerifyKey& agency_key) {
  LS_ASSIGN(const std::optional<std::string> compact,
            database.find<std::string>("SELECT jws FROM trust_list WHERE issuer = ?",
                                       {agency_key.thumbprint()}));
  if (!compact) return std::optional<List>{};
  absl::StatusOr<List> list = parse_list(*compact, agency_key);
  if (!list.ok()) {
    return data_loss("the stored revocation list is damaged: {}", message_of(list.status()));
  }
  return std::optional<List>(*std::move(list));
}

absl::StatusOr<Lists> weigh(const std::optional<List>& known, std::string_view stapled,
                            const crypto::VerifyKey& agency_key, const Arrival& arrival,
                            bool for_release) {
  Lists lists{known, false};
  bool is_newest = false;
  if (!stapled.empty()) {
    LS_ASSIGN(List list, read_list(stapled, agency_key, arrival));
    if (known && list.list.seq == known->list.seq && list.compact != known->compact) {
      return denied("revocation list: there are two different ones with number {}", list.list.seq);
    }
    is_newest = !known || list.list.seq >= known->list.seq;
    if (is_newest) lists.newest = std::move(list);
  }
  lists.fresh = lists.newest && (is_newest || for_release) && lists.newest->is_fresh(arrival);
  return lists;
}

absl::Status store_list(store::Database& database, std::string_view compact,
                        const crypto::VerifyKey& agency_key) {
  LS_ASSIGN(const List list, parse_list(compact, agency_key));
  const auto seq = static_cast<std::int64_t>(list.list.seq);
  return database.run(
      "INSERT INTO trust_list (issuer, seq, jws) VALUES (?, ?, ?) ON CONFLICT (issuer)"
      " DO UPDATE SET seq = excluded.seq, jws = excluded.jws WHERE excluded.seq > trust_list.seq",
      {agency_key.thumbprint(), seq, compact});
}

}  // namespace latchstring::trust
