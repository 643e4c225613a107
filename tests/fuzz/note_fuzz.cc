// Checkpoints, notes, verifier keys and log proofs: what parses prints to the same bytes.
#include "gateway/base/ensure.h"
#include "gateway/proof/proof.h"

using namespace latchstring;

namespace {

const crypto::SigningKey& test_key() {
  static const Bytes seed(32, 1);
  static const crypto::SigningKey key = *crypto::SigningKey::from_seed(seed);
  return key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  const auto log = proof::NoteKey::make("abcdefghij/latchstring/log1", test_key().verify_key());
  if (const auto key = proof::NoteKey::parse(text); key.ok()) ensure(key->text() == text);
  if (const auto checkpoint = proof::parse_checkpoint(text); checkpoint.ok()) {
    ensure(proof::encode(*checkpoint) == text);
  }
  if (const auto shown = proof::parse_tlog_proof(text); shown.ok()) {
    ensure(proof::encode(*shown) == text);
    (void)proof::verify_tlog_proof(text, *log, proof::empty_root());
  }
  (void)proof::open_checkpoint(text, *log);
  if (const auto note = proof::sign_note(text, log->name(), test_key()); note.ok()) {
    const auto opened = proof::open_note(*note, *log);
    ensure(!opened.ok() || *opened == text);
    ensure(opened.ok() || note->size() > proof::kNoteMax);
  }
  return 0;
}
