// age v1 files (C2SP age.md): X25519 recipients; scrypt for backups and USB sticks only.
// Limits: kAgeHeaderMax, kAgeStanzasMax. Unknown stanzas are skipped, their syntax still checked.
// Post-quantum recipients are refused with a clear error, never silently downgraded.
// Errors: InvalidArgument (not an age file, bad header), PermissionDenied (no identity fits, or the
// header MAC is wrong), DataLoss (payload damaged, cut short, reordered, or followed by more).
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/crypto/secret.h"

namespace latchstring::crypto::age {

inline constexpr std::size_t kAgeHeaderMax = 64 * 1024;
inline constexpr std::size_t kAgeStanzasMax = 64;
inline constexpr std::size_t kChunkPlain = 64 * 1024;
inline constexpr std::size_t kChunkSealed = kChunkPlain + 16;

class Recipient {  // age1...
 public:
  static absl::StatusOr<Recipient> parse(std::string_view text);
  static Recipient from_public(ByteView x25519_public);
  std::string text() const;
  ByteView bytes() const { return bytes_; }
  friend bool operator==(const Recipient&, const Recipient&) = default;

 private:
  std::array<std::uint8_t, 32> bytes_{};
};

class Identity {  // AGE-SECRET-KEY-1...
 public:
  static Identity generate();
  static absl::StatusOr<Identity> parse(ByteView text);  // one key line
  static absl::StatusOr<Identity> from_secret(Secret x25519_secret);
  Recipient recipient() const;
  Secret text() const;  // the key line, without newline
  const Secret& secret() const { return secret_; }

 private:
  explicit Identity(Secret secret) : secret_(std::move(secret)) {}
  Secret secret_;
};

// Takes encrypted bytes in order. An error stops the writer for good.
using Sink = std::function<absl::Status(ByteView)>;
// Fills `out` wholly from `offset` of the encrypted file.
using ReadAt = std::function<absl::Status(std::uint64_t offset, std::span<std::uint8_t> out)>;

class Writer {
 public:
  static absl::StatusOr<std::unique_ptr<Writer>> open(const std::vector<Recipient>& to, Sink sink);
  static absl::StatusOr<std::unique_ptr<Writer>> open_with_passphrase(const Secret& passphrase,
                                                                      Sink sink,
                                                                      int log2_work = 18);
  virtual ~Writer() = default;
  virtual absl::Status write(ByteView plain) = 0;
  // Writes the last chunk. Without it the file is not a valid age file.
  virtual absl::Status finish() = 0;
  virtual std::uint64_t plain_bytes() const = 0;
  virtual std::uint64_t sealed_bytes() const = 0;
};

// Random access to the plaintext: decrypts only the chunks that a read touches, keeps the last one.
class Reader {
 public:
  static absl::StatusOr<std::unique_ptr<Reader>> open(std::uint64_t sealed_size, ReadAt read_at,
                                                      std::span<const Identity* const> identities);
  static absl::StatusOr<std::unique_ptr<Reader>> open_with_passphrase(std::uint64_t sealed_size,
                                                                      ReadAt read_at,
                                                                      const Secret& passphrase);
  virtual ~Reader() = default;
  // The size follows from the sealed size; the last chunk has been authenticated at open, so a file
  // that was cut short is refused there.
  virtual std::uint64_t plain_size() const = 0;
  virtual absl::Status read(std::uint64_t offset, std::span<std::uint8_t> out) = 0;
};

// A file that was cut short by a crash: the plaintext of its whole chunks, in order, for recovery.
// Only with the identity; the result is DataLoss as evidence and must be written anew.
absl::StatusOr<Bytes> recover_truncated(std::uint64_t sealed_size, const ReadAt& read_at,
                                        const Identity& identity, std::uint64_t limit_bytes);

// Small things in memory (messages, keys).
absl::StatusOr<Bytes> seal(ByteView plain, const std::vector<Recipient>& to);
// `stanzas_max` is looked at before any key is tried: each stanza costs a scalar multiplication.
absl::StatusOr<Secret> open(ByteView sealed, const Identity& identity, std::size_t limit_bytes,
                            std::size_t stanzas_max = kAgeStanzasMax);

// Size of the sealed file for this many plain bytes after a header of `header_bytes`.
std::uint64_t sealed_size(std::uint64_t plain_bytes, std::uint64_t header_bytes);

}  // namespace latchstring::crypto::age
