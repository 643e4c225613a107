// The days' keys: an X25519 identity for the footage of each local day, in the keyring as `day-`
// and the day. A day is forgotten by destroying its keys. Where the key of a day that has footage
// is gone or cannot be loaded, recording goes on with a further one (`day-2026-05-04-2`, ...):
// under the lost one's name, it would be lost in turn as soon as somebody puts that back from a
// copy. Key files are read anew for every segment, so that what happens to them is noticed.
// Threads: any; one lock, held while key files are read and written. Nobody else may use names that
// begin with `day-`.
// Limits: kDayKeysMax keys of one day.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/crypto/age.h"
#include "gateway/crypto/keyring.h"

namespace latchstring::archive {

inline constexpr int kDayKeysMax = 99;

// The first key of a day that is not there as it was.
struct KeyFault {
  std::string file;        // day-2026-05-04.key
  std::string what;        // is missing, is damaged, cannot be read
  bool has_other = false;  // some of the day's footage can be opened
};

class DayKeys {
 public:
  explicit DayKeys(crypto::Keyring& keyring) : keyring_(keyring) {}

  // There is footage of this day, so it had a key.
  void expect(const std::string& day);
  // For writing; makes a key where none can be used.
  absl::StatusOr<crypto::age::Recipient> recipient(const std::string& day);
  // For reading: the one of the day's keys that opens `file`. NotFound: none that is there does,
  // for the day was forgotten, or a key of it is lost or damaged.
  absl::StatusOr<crypto::age::Identity> identity(const std::string& day, const Path& file) const;
  std::optional<KeyFault> fault(const std::string& day) const;  // of a day that has footage
  absl::Status destroy(const std::string& day);                 // all keys of it
  std::vector<std::string> days() const;                        // sorted, each once

 private:
  // All with mutex_ held.
  absl::StatusOr<crypto::age::Identity> load(const std::string& day, int number) const;
  int highest(const std::string& day) const;

  crypto::Keyring& keyring_;  // its day keys are guarded by mutex_
  mutable std::mutex mutex_;
  std::map<std::string, int> known_;  // the day's highest number so far; guarded by mutex_
};

}  // namespace latchstring::archive
