// An agency with officers, a second agency, and a gateway's trust database, for the tests here.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/hash.h"
#include "gateway/crypto/jws.h"
#include "gateway/store/store.h"
#include "gateway/trust/trust.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::trust::test {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr hours kDay{24};
inline const Instant kNow = from_unix_seconds(1'777'900'000);
inline const std::string kGateway = "gatewaygat";

inline wire::Common common(const crypto::SigningKey& key, std::string aud, Duration lifetime,
                           Instant now = kNow) {
  return {key.verify_key().thumbprint(), std::move(aud),
          crypto::to_base64url(crypto::random_bytes(16)), now, now + lifetime};
}

struct Agent {  // an officer
  crypto::SigningKey key = crypto::SigningKey::generate();
  std::vector<std::string> recipients{
      crypto::age::Recipient::from_public(crypto::random_bytes(32)).text()};
};

class Town {
 public:
  Town() {
    auto database = store::Database::open(
        folder_.path() / "state.db",
        {"trust test", {std::string(schema()), std::string(schema_of_new_pins())}});
    ensure(database.ok());
    database_ = *std::move(database);
    verifier_ = std::make_unique<Verifier>(*database_);
  }

  store::Database& database() { return *database_; }
  Verifier& verifier() { return *verifier_; }
  Agencies agencies() const {
    return {{"county_fire", fire.verify_key()}, {"springfield_pd", police.verify_key()}};
  }
  Arrival arrival(Instant now = kNow, bool clock_right = true) const {
    return {kGateway, "springfield_pd", now, clock_right, "dddddddddd"};
  }

  wire::Credential credential(const Agent& agent) const {
    wire::Credential credential;
    credential.common = common(police, "any", 30 * kDay);
    credential.sub = "4711";
    credential.officer_jwk = agent.key.verify_key().to_jwk();
    credential.recipients = agent.recipients;
    credential.nbf = kNow - kDay;
    return credential;
  }
  std::string issue(const wire::Credential& credential) const {
    return crypto::sign_jws(police, wire::kTypCredential, encode(credential));
  }

  wire::Request request(const Agent& agent) const {
    wire::Request request;
    request.common = common(agent.key, kGateway, 7 * kDay);
    request.id = crypto::random_id();
    request.purpose = "burglary";
    request.footage = {kNow - hours(3), kNow - hours(2)};
    request.recipients = agent.recipients;
    request.credential = issue(credential(agent));
    request.revocation_list = list(1);
    return request;
  }
  static std::string sign(const Agent& agent, const wire::Request& request) {
    return crypto::sign_jws(agent.key, wire::kTypRequest, encode(request));
  }

  wire::RevocationList revocations(std::uint64_t seq, std::vector<std::string> revoked) const {
    wire::RevocationList list;
    list.common = common(police, "any", 30 * kDay);
    list.seq = seq;
    list.next_update = kNow + 7 * kDay;
    list.revoked = std::move(revoked);
    return list;
  }
  std::string sign_list(const wire::RevocationList& list) const {
    return crypto::sign_jws(police, wire::kTypRevocation, encode(list));
  }
  // The same bytes for the same number.
  std::string list(std::uint64_t seq) const {
    wire::RevocationList list = revocations(seq, {});
    list.common.jti = std::string(21, 'A') + "Q";
    return sign_list(list);
  }

  absl::StatusOr<Verified> verify(const std::string& compact) {
    return verifier().verify_request(compact, agencies(), arrival());
  }
  absl::StatusOr<Verified> take(const std::string& compact) {
    auto verified = verify(compact);
    if (!verified.ok()) return verified;
    const absl::Status status = record(*verified);
    if (!status.ok()) return status;
    return verified;
  }
  absl::Status record(const Verified& verified) {
    auto transaction = database_->begin();
    LS_RETURN_IF_ERROR(verifier_->record(verified));
    return transaction->commit();
  }

  const crypto::SigningKey police = crypto::SigningKey::generate();
  const crypto::SigningKey fire = crypto::SigningKey::generate();
  const Agent officer;

 private:
  latchstring::test::TemporaryFolder folder_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<Verifier> verifier_;
};

}  // namespace latchstring::trust::test
