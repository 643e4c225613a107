// Past requests, as `latchstring request list --json` prints them, judged by other rules. Pure; any
// thread. Limits: kReplayBytesMax, kReplayRequestsMax.
#pragma once

#include <absl/status/statusor.h>

#include "policy/engine/decide.h"

namespace latchstring::policy {

inline constexpr std::size_t kReplayBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kReplayRequestsMax = 1000;  // as many as the daemon lists

struct Replayed {
  std::string id;
  Question question;  // for one of its cameras
  std::string had;    // what became of it: its outcome, else its phase
  Decision decision;  // of these rules, when it arrived
};

struct Replay {
  std::vector<Replayed> requests;
  std::size_t others = 0;  // of other agencies
  std::size_t gifts = 0;   // nobody asked for them
};
// InvalidArgument says what is wrong with the text.
absl::StatusOr<Replay> replay(const Policy& policy, const std::string& agency,
                              std::string_view text);

}  // namespace latchstring::policy
