// Signed notes (C2SP signed-note.md) with one Ed25519 key, and checkpoints of a log
// (C2SP tlog-checkpoint.md): who, how many leaves, which root.
// Limits: kNoteMax bytes, kNoteSignaturesMax signature lines, kOriginMax.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/crypto/sign.h"
#include "gateway/proof/merkle.h"

namespace latchstring::proof {

inline constexpr std::size_t kNoteMax = 16 * 1024;
inline constexpr std::size_t kNoteSignaturesMax = 16;
inline constexpr std::size_t kOriginMax = 255;

// A key's public half and the name it signs under: `name+hash+base64(0x01 || key)`, a "vkey".
class NoteKey {
 public:
  // InvalidArgument for a name that is empty, too long, or holds spaces, `+` or control characters.
  static absl::StatusOr<NoteKey> make(std::string_view name, const crypto::VerifyKey& key);
  static absl::StatusOr<NoteKey> parse(std::string_view vkey);

  std::string text() const;
  const std::string& name() const { return name_; }
  const crypto::VerifyKey& key() const { return key_; }
  std::uint32_t id() const;  // first four bytes of SHA-256(name || LF || 0x01 || key)
  friend bool operator==(const NoteKey&, const NoteKey&) = default;

 private:
  NoteKey(std::string name, const crypto::VerifyKey& key) : name_(std::move(name)), key_(key) {}
  std::string name_;
  crypto::VerifyKey key_;
};

// `text` ends in a newline. InvalidArgument for text that a note cannot hold.
absl::StatusOr<std::string> sign_note(std::string_view text, std::string_view name,
                                      const crypto::SigningKey& key);
// The text, once a signature of `key` was found right. A wrong one of it refuses the note; those of
// other keys are passed over. PermissionDenied, InvalidArgument.
absl::StatusOr<std::string> open_note(std::string_view note, const NoteKey& key);

struct Checkpoint {
  std::string origin;  // <gateway id>/latchstring/log1
  std::uint64_t size = 0;
  Hash root{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

std::string encode(const Checkpoint& checkpoint);
// Extension lines are refused: we write none.
absl::StatusOr<Checkpoint> parse_checkpoint(std::string_view text);

absl::StatusOr<std::string> sign_checkpoint(const Checkpoint& checkpoint,
                                            const crypto::SigningKey& key);
// The origin must be the key's name.
absl::StatusOr<Checkpoint> open_checkpoint(std::string_view note, const NoteKey& key);

}  // namespace latchstring::proof
