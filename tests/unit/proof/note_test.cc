#include "gateway/proof/note.h"

#include "gateway/crypto/encoding.h"
#include "gateway/proof/tlog_proof.h"
#include "tests/support/catch.h"

namespace latchstring::proof {
namespace {

using crypto::SigningKey;

constexpr std::string_view kOrigin = "abcdefghij/latchstring/log1";

struct Log {
  SigningKey key = SigningKey::generate();
  NoteKey note_key = *NoteKey::make(kOrigin, key.verify_key());
  MemoryTree tree;

  Checkpoint checkpoint() const { return {std::string(kOrigin), tree.size(), tree.root()}; }
  std::string note() const { return *sign_checkpoint(checkpoint(), key); }
};

TEST_CASE("a verifier key survives its text, mistyped ones do not") {
  const Log log;
  const std::string vkey = log.note_key.text();
  CHECK(*NoteKey::parse(vkey) == log.note_key);
  std::string mistyped = vkey;
  mistyped[0] = 'b';
  CHECK(!NoteKey::parse(mistyped).ok());
  for (const std::string& wrong : {std::string(), std::string("a+b"), vkey + "=",
                                   vkey.substr(0, vkey.size() - 4), vkey + "+"}) {
    CHECK(absl::IsInvalidArgument(NoteKey::parse(wrong).status()));
  }
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a+b"),
                                  std::string("a\nb"), std::string(256, 'a')}) {
    CHECK(!NoteKey::make(name, log.key.verify_key()).ok());
  }
}

TEST_CASE("a checkpoint is signed and opened again") {
  Log log;
  for (int i = 0; i < 5; ++i) log.tree.append(leaf_hash(as_bytes("x")));
  const auto opened = open_checkpoint(log.note(), log.note_key);
  REQUIRE(opened.ok());
  CHECK(*opened == log.checkpoint());
  CHECK(absl::IsPermissionDenied(open_checkpoint(log.note(), Log().note_key).status()));
}

TEST_CASE("every changed byte of a checkpoint is noticed") {
  const Log log;
  const std::string note = log.note();
  for (std::size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(!open_checkpoint(changed, log.note_key).ok());
  }
}

TEST_CASE("signatures of others are passed over, a wrong one of ours is not") {
  const Log log;
  const SigningKey witness = SigningKey::generate();
  const std::string text = encode(log.checkpoint());
  const std::string theirs = sign_note(text, "witness.example", witness)->substr(text.size() + 1);
  const std::string note = log.note();
  CHECK(open_checkpoint(note + theirs, log.note_key).ok());
  CHECK(open_checkpoint(text + "\n" + theirs + note.substr(text.size() + 1), log.note_key).ok());
  CHECK(absl::IsPermissionDenied(open_checkpoint(text + "\n" + theirs, log.note_key).status()));
  const std::string other = sign_note("other\n", kOrigin, log.key)->substr(7);
  CHECK(absl::IsPermissionDenied(open_checkpoint(note + other, log.note_key).status()));
  std::string many = note;
  for (std::size_t i = 0; i < kNoteSignaturesMax; ++i) many += theirs;
  CHECK(absl::IsInvalidArgument(open_checkpoint(many, log.note_key).status()));
}

TEST_CASE("a checkpoint of another log under our name is refused") {
  const Log log;
  Checkpoint other = log.checkpoint();
  other.origin = "klmnopqrst/latchstring/log1";
  const std::string note = *sign_note(encode(other), kOrigin, log.key);
  CHECK(absl::IsPermissionDenied(open_checkpoint(note, log.note_key).status()));
}

TEST_CASE("malformed checkpoints and notes are InvalidArgument") {
  const Log log;
  const std::string root = crypto::to_padded_base64(empty_root());
  CHECK(parse_checkpoint("a\n0\n" + root + "\n").ok());
  for (const std::string& wrong :
       {std::string(), std::string("a\n"), std::string("a\n0\n"), "\n0\n" + root + "\n",
        "a\n00\n" + root + "\n", "a\n-1\n" + root + "\n", "a\n+1\n" + root + "\n",
        "a\n0x1\n" + root + "\n", "a\n\n" + root + "\n", "a\n18446744073709551616\n" + root + "\n",
        "a\n0\n" + root, "a\n0\n" + root.substr(4) + "\n", "a\n0\n" + root + "\nextension\n",
        "a b\n0\n" + root + "\n"}) {
    INFO(wrong);
    CHECK(absl::IsInvalidArgument(parse_checkpoint(wrong).status()));
  }
  const std::string note = log.note();
  for (const std::string& wrong :
       {std::string(), std::string("\n"), encode(log.checkpoint()), note.substr(0, note.size() - 1),
        note + "\n", note + "x\n", note + "— \n", note + "— a AAAA\n", "\r" + note}) {
    INFO(wrong);
    CHECK(!open_note(wrong, log.note_key).ok());
  }
  CHECK(!sign_note("no end of line", "a", log.key).ok());
  CHECK(!sign_note("tab\t\n", "a", log.key).ok());
  CHECK(!sign_note(std::string(kNoteMax, 'a') + "\n", "a", log.key).ok());
}

TEST_CASE("a log proof shows its leaf, and no other") {
  Log log;
  for (int i = 0; i < 11; ++i) log.tree.append(leaf_hash(as_bytes(std::to_string(i))));
  const TlogProof proof{6, log.tree.inclusion_proof(6), log.note()};
  const std::string text = encode(proof);
  CHECK(*parse_tlog_proof(text) == proof);
  const auto shown = verify_tlog_proof(text, log.note_key, leaf_hash(as_bytes("6")));
  REQUIRE(shown.ok());
  CHECK(shown->size == 11);
  CHECK(absl::IsPermissionDenied(
      verify_tlog_proof(text, log.note_key, leaf_hash(as_bytes("7"))).status()));
  CHECK(absl::IsPermissionDenied(
      verify_tlog_proof(text, Log().note_key, leaf_hash(as_bytes("6"))).status()));
  TlogProof moved = proof;
  moved.index = 7;
  CHECK(absl::IsPermissionDenied(
      verify_tlog_proof(encode(moved), log.note_key, leaf_hash(as_bytes("6"))).status()));
}

TEST_CASE("a proof of a tree with one leaf has no hashes") {
  Log log;
  log.tree.append(leaf_hash(as_bytes("only")));
  const std::string text = encode(TlogProof{0, {}, log.note()});
  CHECK(text.starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nabcdefghij/"));
  CHECK(verify_tlog_proof(text, log.note_key, leaf_hash(as_bytes("only"))).ok());
}

TEST_CASE("malformed log proofs are InvalidArgument") {
  const std::string hash = crypto::to_padded_base64(empty_root()) + "\n";
  const std::string start = "c2sp.org/tlog-proof@v1\n";
  std::string flood = start + "index 0\n";
  for (unsigned i = 0; i <= kTreeLevelsMax; ++i) flood += hash;
  for (const std::string& wrong :
       {std::string(), start, std::string("c2sp.org/tlog-proof@v2\nindex 0\n\n"),
        start + "index \n\n", start + "index 01\n\n", start + "index -1\n\n",
        start + "extra AAAA\nindex 0\n\n", start + "index 0\n" + hash, start + "index 0\nAAAA\n\n",
        flood + "\n", std::string(kTlogProofMax + 1, 'a')}) {
    INFO(wrong.substr(0, 100));
    CHECK(absl::IsInvalidArgument(parse_tlog_proof(wrong).status()));
  }
}

}  // namespace
}  // namespace latchstring::proof
