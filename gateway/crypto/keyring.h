// The gateway's secret keys on disk, each wrapped by the key-encryption key (XChaCha20-Poly1305,
// the key's name as additional data). One file per key, 0600, written durably.
// Threads: load() and names() on any; all else on the loop.
// Limits: kKeyringSecretMax bytes of one secret.
// Format: docs/ref/keyring.md.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/sign.h"

namespace latchstring::crypto {

inline constexpr std::size_t kKeyringSecretMax = 64 * 1024;

// Where the key-encryption key came from, for `status`.
enum class KeySource { credential, passphrase, plain_file };

class Keyring {
 public:
  // Opens `folder`, making it and a first key-encryption key where there is none. Takes the key
  // from $CREDENTIALS_DIRECTORY/latchstring-kek if that is there (systemd LoadCredential; 32
  // bytes), else from `folder`/kek, a 0600 file, which is a warning in `status`.
  // FailedPrecondition: the keys were wrapped by another one, or need a passphrase, or others may
  // read the folder's key.
  static absl::StatusOr<std::unique_ptr<Keyring>> open(const Path& folder);
  // The key-encryption key is wrapped by the passphrase (Argon2id); made so at first use.
  // PermissionDenied: a wrong passphrase. FailedPrecondition: the folder has a plain one.
  static absl::StatusOr<std::unique_ptr<Keyring>> open_with_passphrase(const Path& folder,
                                                                       const Secret& passphrase);

  KeySource source() const { return source_; }

  // `name` is [a-z0-9-]{1,64}: gateway-signing, ledger-signing, inbox, day-2026-05-04, ...
  absl::Status store(std::string_view name, const Secret& secret);
  absl::StatusOr<Secret> load(std::string_view name) const;  // NotFound, DataLoss
  absl::Status destroy(std::string_view name);               // overwritten, unlinked, verified gone
  std::vector<std::string> names() const;                    // sorted

  absl::StatusOr<SigningKey> signing_key(std::string_view name);  // made at first use
  absl::StatusOr<age::Identity> identity(std::string_view name);  // made at first use

 private:
  Keyring(Path folder, Secret kek, KeySource source);
  static absl::StatusOr<std::unique_ptr<Keyring>> check(Path folder, Secret kek, KeySource source);
  absl::StatusOr<Secret> load_or_make(std::string_view name);
  Path file_of(std::string_view name) const;

  const Path folder_;
  const Secret kek_;
  const KeySource source_;
};

}  // namespace latchstring::crypto
