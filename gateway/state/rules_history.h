// Rules that were accepted, with the bytes of their key files and the part of gateway.yaml that can
// widen what they give: the newest ones, and those that were replaced within 24 hours. The latter
// are for comparison only: an instant gets the strictest answer of all. Also who was taken out of
// the rules within seven days. Threads: loop only. Every function that writes runs inside the
// caller's transaction. Limit: kReplacedMax.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/time.h"
#include "gateway/store/store.h"

namespace latchstring::state {

inline constexpr Duration kReplacedCountFor = std::chrono::hours{24};
inline constexpr Duration kLeavesFor = std::chrono::days{7};
inline constexpr std::size_t kReplacedMax = 128;

struct AcceptedRules {
  std::string text;
  std::map<std::string, std::string> key_files;  // bytes, by the path that the rules give
  std::map<std::string, std::string> sources;    // where each camera's pictures come from
  std::string clock;                             // how it is trusted
  std::string home;                              // where the house stands; empty: not said

  friend bool operator==(const AcceptedRules&, const AcceptedRules&) = default;
};

struct ReplacedRules {
  AcceptedRules rules;
  Instant at;  // Instant{}: while the clock was not right; pass() dates it
};

class RulesHistory {
 public:
  explicit RulesHistory(store::Database& database) : database_(database) {}

  absl::StatusOr<std::optional<AcceptedRules>> newest() const;
  absl::StatusOr<std::vector<ReplacedRules>> replaced() const;  // oldest first
  // Replaces the newest, where these are others. `now`: Instant{} where the clock is not right.
  // ResourceExhausted: kReplacedMax count already; nothing was changed.
  absl::Status accept(const AcceptedRules& rules, Instant now);

  // Taken out of the rules; the first time counts. Or they agree to it, before or after.
  absl::Status leave(std::string_view resident, Instant now);
  absl::Status agree_to_leave(std::string_view resident, Instant now);
  absl::Status stay(std::string_view resident);  // named again
  struct Leaving {
    Instant since;
    bool agreed = false;
  };
  absl::StatusOr<std::map<std::string, Leaving>> leaving() const;

  // The clock is right: dates what was not dated, and forgets what counts no more.
  absl::Status pass(Instant now);
  // All residents agreed: the newest rules act at once, and who left is gone.
  absl::Status forget_replaced();

 private:
  absl::StatusOr<AcceptedRules> load(std::int64_t number) const;

  store::Database& database_;
};

}  // namespace latchstring::state
