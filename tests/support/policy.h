// Rules for tests: a small house whose pieces a test can replace, and questions about it.
#pragma once

#include <fmt/format.h>

#include <string>

#include "gateway/base/ensure.h"
#include "policy/engine/decide.h"

namespace latchstring::test {

// Any path gives some key, a different one for each path.
inline absl::StatusOr<std::string> some_key(std::string_view path) {
  constexpr const char* kKeys[] = {
      R"({"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
      R"({"crv":"Ed25519","kty":"OKP","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"})",
      R"({"crv":"Ed25519","kty":"OKP","x":"_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU"})"};
  if (path == "keys/police.jwk") return kKeys[0];
  if (path == "keys/fire.jwk") return kKeys[1];
  if (path == "keys/court.jwk") return kKeys[2];
  return absl::NotFoundError(fmt::format("no file `{}`", path));
}

// The declarations that most tests share; lines 1 to 14.
inline constexpr std::string_view kHouse = R"(policy_version: 1
household: {timezone: America/Chicago, residents: [alex, sam], rules_end_on: 2027-03-31}
agencies:
  police: {name: "Springfield Police", key_file: keys/police.jwk}
  fire: {name: "County Fire", key_file: keys/fire.jwk}
cameras:
  front: {sharing: by_rule, always_redact: [windows], clock_error: 5 seconds}
  drive: {sharing: by_rule, clock_error: 0 seconds}
  yard: {sharing: warrant_only, clock_error: 5 seconds}
  nursery: {sharing: never}
zones:
  windows: {camera: front, polygon: [[0.7, 0.1], [0.95, 0.1], [0.95, 0.45]]}
  street: {camera: drive, keep_only: yes, polygon: [[0, 0.6], [1, 0.55], [1, 1], [0, 1]]}
)";

inline constexpr std::string_view kScope =
    "who: police, camera: [front, drive], basis: consent, purpose: burglary, "
    "footage_days: every_day, footage_time: \"22:00 to 06:00\"";

inline absl::StatusOr<std::shared_ptr<const policy::Policy>> try_load(std::string_view rules) {
  return policy::load(std::string(kHouse) + std::string(rules), "f.yaml", some_key);
}

inline std::shared_ptr<const policy::Policy> load(std::string_view rules) {
  auto policy = try_load(rules);
  if (!policy.ok()) fmt::print("{}\n", std::string(policy.status().message()));
  ensure(policy.ok());
  return *policy;
}

inline Instant at(std::string_view rfc3339) {
  const auto instant = from_rfc3339(rfc3339);
  ensure(instant.ok());
  return *instant;
}

}  // namespace latchstring::test
