#include "gateway/daemon/broker_certificates.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/link/mqtt.h"
#include "gateway/state/schema.h"

namespace latchstring::daemon {
namespace {

constexpr Duration kAuthorityYears = std::chrono::days{3650};
constexpr Duration kServerDays = std::chrono::days{365};
constexpr Duration kBackdate = std::chrono::days{1};  // requesters' clocks may be behind

std::vector<std::string> hosts_of(const config::Broker& broker) {
  std::vector<std::string> hosts{"localhost", "127.0.0.1"};
  const auto add = [&](const std::string& host) {
    if (!host.empty() && host != "0.0.0.0" && host != "::" &&
        std::find(hosts.begin(), hosts.end(), host) == hosts.end()) {
      hosts.push_back(host);
    }
  };
  add(broker.managed->listen);
  for (const std::string& url : broker.reach_at) {
    const auto address = link::parse_broker_url(url);
    if (address.ok()) add(address->host);
  }
  return hosts;
}

}  // namespace

absl::StatusOr<crypto::CertifiedKey> broker_authority(crypto::Keyring& keyring,
                                                      store::Database& database, Instant now) {
  LS_ASSIGN(const auto certificate, state::find_setting(database, "broker-ca"));
  if (certificate) {
    LS_ASSIGN(crypto::Secret key, keyring.load("broker-ca"));
    return crypto::CertifiedKey{*certificate, std::move(key)};
  }
  LS_ASSIGN(crypto::CertifiedKey made,
            crypto::make_authority("Latchstring house", {now - kBackdate, now + kAuthorityYears}));
  LS_RETURN_IF_ERROR(keyring.store("broker-ca", made.key_pem));
  LS_RETURN_IF_ERROR(state::keep_setting(database, "broker-ca", made.certificate_pem));
  return made;
}

Interval certificate_term(Instant now) {
  return {now - kBackdate, now + kServerDays};
}

bool is_due(const Interval& term, Instant now) {
  return now < term.from || term.to - now < term.length() / 2;
}

absl::StatusOr<crypto::CertifiedKey> make_broker_certificate(const crypto::CertifiedKey& authority,
                                                             const config::Broker& broker,
                                                             const Interval& term) {
  return crypto::make_server_certificate(authority, hosts_of(broker), term);
}

}  // namespace latchstring::daemon
