#include "gateway/proof/note.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/proof/text.h"

namespace latchstring::proof {
namespace {

constexpr std::uint8_t kEd25519 = 0x01;
constexpr std::string_view kSignatureStart = "\xE2\x80\x94 ";  // em dash, space
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kSignatureBytes = 64;

// ASCII only: the names that we and our agencies use, and no Unicode space to be found.
bool is_name(std::string_view name) {
  const auto fits = [](char c) { return c > 0x20 && c < 0x7f && c != '+'; };
  return !name.empty() && name.size() <= kOriginMax && std::all_of(name.begin(), name.end(), fits);
}

Bytes typed_key(const crypto::VerifyKey& key) {
  Bytes bytes;
  bytes.reserve(1 + key.bytes().size());
  bytes.push_back(kEd25519);
  for (const std::uint8_t byte : key.bytes()) bytes.push_back(byte);
  return bytes;
}

std::uint32_t read_id(ByteView bytes) {
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < kKeyIdBytes; ++i) id = id << 8 | bytes[i];
  return id;
}

absl::Status check_text(std::string_view text) {
  if (text.size() > kNoteMax) return invalid("a note over {} bytes", kNoteMax);
  if (text.empty() || text.back() != '\n') return invalid("a note that does not end its last line");
  const auto is_control = [](char c) { return c >= 0 && c < 0x20 && c != '\n'; };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return invalid("a note with control characters");
  }
  return absl::OkStatus();
}

struct SignatureLine {
  std::string_view name;
  std::uint32_t id = 0;
  Bytes signature;
};

absl::StatusOr<SignatureLine> parse_signature(std::string_view line) {
  if (!line.starts_with(kSignatureStart)) return invalid("a note with a malformed signature line");
  line.remove_prefix(kSignatureStart.size());
  const std::size_t space = line.find(' ');
  const bool has_name = space != line.npos && space > 0;
  if (!has_name) return invalid("a note with a malformed signature line");
  LS_ASSIGN(const Bytes bytes, crypto::from_padded_base64(line.substr(space + 1)));
  if (bytes.size() <= kKeyIdBytes) return invalid("a note with a signature that is cut short");
  return SignatureLine{line.substr(0, space), read_id(bytes),
                       Bytes(bytes.begin() + kKeyIdBytes, bytes.end())};
}

}  // namespace

absl::StatusOr<NoteKey> NoteKey::make(std::string_view name, const crypto::VerifyKey& key) {
  if (!is_name(name)) return invalid("`{}` cannot be the name of a log", name.substr(0, 80));
  return NoteKey(std::string(name), key);
}

absl::StatusOr<NoteKey> NoteKey::parse(std::string_view vkey) {
  const std::size_t first = vkey.find('+');
  const std::size_t second = first == vkey.npos ? first : vkey.find('+', first + 1);
  if (second == vkey.npos) return invalid("not a verifier key (`name+hash+key`)");
  LS_ASSIGN(const Bytes bytes, crypto::from_padded_base64(vkey.substr(second + 1)));
  if (bytes.empty() || bytes[0] != kEd25519) return invalid("a verifier key that is not Ed25519");
  LS_ASSIGN(const crypto::VerifyKey key, crypto::VerifyKey::from_bytes(ByteView(bytes).subspan(1)));
  LS_ASSIGN(NoteKey note_key, make(vkey.substr(0, first), key));
  if (note_key.text() != vkey) return invalid("a verifier key whose hash does not fit: mistyped");
  return note_key;
}

std::uint32_t NoteKey::id() const {
  crypto::Sha256 hash;
  hash.update(as_bytes(name_));
  hash.update(as_bytes("\n"));
  hash.update(typed_key(key_));
  return read_id(hash.finish());
}

std::string NoteKey::text() const {
  return fmt::format("{}+{:08x}+{}", name_, id(), crypto::to_padded_base64(typed_key(key_)));
}

absl::StatusOr<std::string> sign_note(std::string_view text, std::string_view name,
                                      const crypto::SigningKey& key) {
  LS_RETURN_IF_ERROR(check_text(text));
  LS_ASSIGN(const NoteKey note_key, NoteKey::make(name, key.verify_key()));
  Bytes signature;
  for (int shift = 24; shift >= 0; shift -= 8) {
    signature.push_back(static_cast<std::uint8_t>(note_key.id() >> shift & 0xff));
  }
  const std::array<std::uint8_t, kSignatureBytes> made = key.sign(as_bytes(text));
  signature.insert(signature.end(), made.begin(), made.end());
  return fmt::format("{}\n{}{} {}\n", text, kSignatureStart, name,
                     crypto::to_padded_base64(signature));
}

absl::StatusOr<std::string> open_note(std::string_view note, const NoteKey& key) {
  LS_RETURN_IF_ERROR(check_text(note));
  const std::size_t gap = note.rfind("\n\n");
  if (gap == note.npos) return invalid("a note without signatures");
  const std::string_view text = note.substr(0, gap + 1);
  std::string_view rest = note.substr(gap + 2);
  bool is_signed = false;
  for (std::size_t count = 0; !rest.empty(); ++count) {
    if (count == kNoteSignaturesMax) return invalid("a note with over {} signatures", count);
    LS_ASSIGN(const std::string_view line, take_line(rest));
    LS_ASSIGN(const SignatureLine signature, parse_signature(line));
    if (signature.name != key.name() || signature.id != key.id()) continue;
    if (!key.key().verify(as_bytes(text), signature.signature)) {
      return denied("the signature of `{}` under the note is wrong", key.name());
    }
    is_signed = true;
  }
  if (!is_signed) return denied("the note is not signed by `{}`", key.name());
  return std::string(text);
}

std::string encode(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                     crypto::to_padded_base64(checkpoint.root));
}

absl::StatusOr<Checkpoint> parse_checkpoint(std::string_view text) {
  Checkpoint checkpoint;
  LS_ASSIGN(const std::string_view origin, take_line(text));
  if (!is_name(origin)) return invalid("a checkpoint with a malformed origin");
  checkpoint.origin = std::string(origin);
  LS_ASSIGN(const std::string_view size, take_line(text));
  LS_ASSIGN(checkpoint.size, parse_decimal(size));
  LS_ASSIGN(const std::string_view root, take_line(text));
  LS_ASSIGN(checkpoint.root, parse_hash(root));
  if (!text.empty()) return invalid("a checkpoint with more than three lines");
  return checkpoint;
}

absl::StatusOr<std::string> sign_checkpoint(const Checkpoint& checkpoint,
                                            const crypto::SigningKey& key) {
  return sign_note(encode(checkpoint), checkpoint.origin, key);
}

absl::StatusOr<Checkpoint> open_checkpoint(std::string_view note, const NoteKey& key) {
  LS_ASSIGN(const std::string text, open_note(note, key));
  LS_ASSIGN(Checkpoint checkpoint, parse_checkpoint(text));
  if (checkpoint.origin == key.name()) return checkpoint;
  return denied("a checkpoint of `{}`, not of `{}`", checkpoint.origin, key.name());
}

}  // namespace latchstring::proof
