// What the checks remember: requests that were taken, and the newest revocation lists.
#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/sign.h"
#include "gateway/store/store.h"
#include "gateway/trust/revocation.h"
#include "gateway/trust/verify.h"

namespace latchstring::trust {

absl::StatusOr<bool> Verifier::was_recorded(std::string_view request_sha256) const {
  LS_ASSIGN(const std::int64_t count,
            database_.one<std::int64_t>("SELECT count(*) FROM trust_seen WHERE sha256 = ?",
                                        {request_sha256}));
  return count > 0;
}

absl::Status Verifier::check_ids_unused(const wire::Request& request) const {
  LS_ASSIGN(
      const std::int64_t count,
      database_.one<std::int64_t>("SELECT count(*) FROM trust_seen WHERE jti = ? OR request_id = ?",
                                  {request.common.jti, request.id}));
  if (count == 0) return absl::OkStatus();
  return denied("replay: another request had the id `{}` or the same jti", request.id);
}

absl::Status Verifier::record(const Verified& verified) {
  ensure(database_.in_transaction());
  if (verified.repeat) return absl::OkStatus();
  LS_RETURN_IF_ERROR(check_ids_unused(verified.request));
  LS_RETURN_IF_ERROR(
      database_.run("INSERT INTO trust_seen (jti, request_id, sha256) VALUES (?, ?, ?)",
                    {verified.request.common.jti, verified.request.id, verified.request_sha256}));
  return record_list(verified);
}

absl::Status Verifier::record_list(const Verified& verified) {
  ensure(database_.in_transaction());
  if (verified.request.revocation_list.empty()) return absl::OkStatus();
  return store_list(database_, verified.request.revocation_list, verified.officer.agency_key);
}

void Strangers::count(const absl::Status& why) {
  if (absl::IsInvalidArgument(why)) {
    ++count_.malformed;
  } else {
    ++count_.denied;
  }
}

Strangers::Count Strangers::take() {
  return std::exchange(count_, Count{});
}

}  // namespace latchstring::trust
