// The gateway's secret keys on disk, each wrapped by the key-encryption key (XChaCha20-Poly1305,
// the key's name as additional data). One file per key, 0600, written durably.
// Threads: loop only, but day_identity() which a release worker may call.
// Format: docs/ref/keyring.md.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/sign.h"

namespace latchstring::crypto {

// Where the key-encryption key came from, for `status`.
enum class KeySource { credential, passphrase, plain_file };

class Keyring {
 public:
  // Opens `folder`, making it and a first key-encryption key where there is none. Takes the key
  // from $CREDENTIALS_DIRECTORY/latchstring-kek if that is set (systemd LoadCredential), else from
  // `folder`/kek, a 0600 file, which is a warning in `status`.
  static absl::StatusOr<std::unique_ptr<Keyring>> open(const Path& folder);

  KeySource source() const { return source_; }

  // `name` is [a-z0-9-]{1,64}: gateway-signing, ledger-signing, inbox, day-2026-05-04, ...
  absl::Status store(std::string_view name, const Secret& secret);
  absl::StatusOr<Secret> load(std::string_view name) const;  // NotFound, DataLoss
  absl::Status destroy(std::string_view name);               // overwritten, unlinked, verified gone
  std::vector<std::string> names() const;

  absl::StatusOr<SigningKey> signing_key(std::string_view name);  // made at first use
  absl::StatusOr<age::Identity> identity(std::string_view name);  // made at first use

 private:
  Keyring(Path folder, Secret kek, KeySource source);
  const Path folder_;
  const Secret kek_;
  const KeySource source_;
};

}  // namespace latchstring::crypto
