// The people of the simulation: one house, two agencies, three officers, and the rules that the
// household may have. Made once; the same for every seed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/sign.h"
#include "gateway/wire/objects.h"
#include "gateway/wire/topics.h"
#include "policy/engine/policy.h"

namespace latchstring::sim {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline const Instant kStart = from_unix_seconds(1'795'600'000);  // 2026-11-25; a month ends soon
inline constexpr Duration kAnswersAfter = days{8};
// Local time at which what may be had of a car's theft ends for an hour: 20:00, in winter.
inline constexpr Duration kTrimmedFrom = hours{3};  // of a UTC day
inline constexpr int kClipsPerMonth = 4;
inline constexpr Duration kTimePerMonth = minutes{60};
inline const std::string kGateway = "gatewaygat";

class SimClock final : public Clock {
 public:
  Instant now() const override {
    if (on_read) on_read();
    return true_now() + (right ? Duration{0} : wrong_by);
  }
  Duration steady() const override { return at; }
  bool is_right() const override { return right; }
  Instant true_now() const { return kStart + at; }

  Duration at{0};
  bool right = true;
  Duration wrong_by{0};
  std::function<void()> on_read;
};

struct Agency {
  std::string id;
  std::string mailbox;
  crypto::SigningKey key = crypto::SigningKey::generate();
  std::string fresh_list;  // revocation lists, compact JWS
};

struct OfficerKeys {
  const Agency* agency = nullptr;
  wire::Peer peer;
  crypto::SigningKey key = crypto::SigningKey::generate();
  crypto::age::Identity identity = crypto::age::Identity::generate();
  std::string credential;
  std::string thumbprint;
};

using Rules = std::shared_ptr<const policy::Policy>;

struct World {
  World();
  wire::Common common(const crypto::SigningKey& key, std::string aud, Instant now,
                      Duration lifetime) const;
  // An officer's request, signed.
  std::string sign(const OfficerKeys& officer, const wire::Request& request) const;
  wire::Request request(const OfficerKeys& officer, std::string purpose, Interval footage,
                        Instant now) const;

  crypto::SigningKey gateway = crypto::SigningKey::generate();
  crypto::SigningKey ledger = crypto::SigningKey::generate();
  crypto::age::Identity inbox = crypto::age::Identity::generate();
  std::vector<std::unique_ptr<Agency>> agencies;
  std::vector<std::unique_ptr<OfficerKeys>> officers;
  // burglary is automatic, vehicle_theft asks one, arson asks all, protest is not permitted; both
  // residents give together.
  Rules rules;
  Rules strict;    // each asks for more, and hides the hedge, in gifts too
  Rules closed;    // nothing is permitted
  Rules one_gone;  // the second agency is not known

 private:
  OfficerKeys& add_officer(const Agency& agency, std::string device);
  // `more`: of `always`, and sections between it and `allow`.
  Rules load(const std::string& allow, const std::string& agencies,
             std::string_view more = "") const;
};

const World& world();

}  // namespace latchstring::sim
