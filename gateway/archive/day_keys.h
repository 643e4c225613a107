// The days' keys: one X25519 identity for the footage of each local day, in the keyring as `day-`
// and the day. A day is forgotten by destroying its key.
// Threads: any; one lock, held while a key file is written (once a day). Nobody else may use names
// that begin with `day-`.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/crypto/age.h"
#include "gateway/crypto/keyring.h"

namespace latchstring::archive {

class DayKeys {
 public:
  explicit DayKeys(crypto::Keyring& keyring) : keyring_(keyring) {}

  // For writing; makes the day's key at its first use.
  absl::StatusOr<crypto::age::Recipient> recipient(const std::string& day);
  // For reading; NotFound: the day was forgotten, or its key lost.
  absl::StatusOr<crypto::age::Identity> identity(const std::string& day) const;
  absl::Status destroy(const std::string& day);
  std::vector<std::string> days() const;  // sorted

 private:
  bool exists(const std::string& name) const;  // with mutex_ held

  crypto::Keyring& keyring_;  // its day keys are guarded by mutex_
  mutable std::mutex mutex_;
  std::map<std::string, crypto::age::Recipient> recipients_;  // guarded by mutex_
};

}  // namespace latchstring::archive
