#include "gateway/requester/checkpoints.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/requester/book.h"
#include "tests/support/catch.h"

namespace latchstring::requester {
namespace {

// A ledger that can also lie: `twist` changes its leaves from there on.
struct Ledger {
  explicit Ledger(std::uint64_t twist = 1'000'000) {
    for (std::uint64_t i = 0; i < 1024; ++i) {
      const std::string leaf = fmt::format("{} {}", i, i >= twist ? "twisted" : "as it was");
      tree.append(proof::leaf_hash(as_bytes(leaf)));
    }
  }
  std::string note(std::uint64_t size) const {
    return *proof::sign_checkpoint({"aaaaaaaaaa/latchstring/log1", size, *proof::root(tree, size)},
                                   key());
  }
  std::vector<std::string> consistency(std::uint64_t from, std::uint64_t to) const {
    std::vector<std::string> texts;
    const proof::Proof hashes = *proof::consistency_proof(tree, from, to);
    for (const proof::Hash& hash : hashes) {
      texts.push_back(crypto::to_hex(hash));
    }
    return texts;
  }
  static const crypto::SigningKey& key() {
    static const crypto::SigningKey kKey = crypto::SigningKey::generate();
    return kKey;
  }
  static std::string vkey() {
    return proof::NoteKey::make("aaaaaaaaaa/latchstring/log1", key().verify_key())->text();
  }
  proof::MemoryTree tree;
};

TEST_CASE("a larger checkpoint with its proof takes the place of the oldest") {
  const Ledger ledger;
  auto seen = *Checkpoints::open(Ledger::vkey(), {});
  CHECK(seen.oldest_size() == 0);
  CHECK(seen.newest().empty());
  REQUIRE(seen.see(ledger.note(256), {}, 0).ok());
  REQUIRE(seen.see(ledger.note(288)).ok());
  CHECK(seen.oldest_size() == 256);
  CHECK(seen.newest() == ledger.note(288));
  REQUIRE(seen.see(ledger.note(512), ledger.consistency(256, 512), 256).ok());
  CHECK(seen.notes() == std::vector<std::string>{ledger.note(288), ledger.note(512)});
  // The next HELLO names 288, and so on until all are proven.
  REQUIRE(seen.see(ledger.note(512), ledger.consistency(288, 512), seen.oldest_size()).ok());
  CHECK(seen.notes() == std::vector<std::string>{ledger.note(512)});
  // Said again after a reconnect, when what HELLO named is proven already.
  CHECK(seen.see(ledger.note(512), ledger.consistency(256, 512), 256).ok());
  CHECK(Checkpoints::open(Ledger::vkey(), seen.notes())->newest() == ledger.note(512));
}

TEST_CASE("a rewritten ledger is found out") {
  const Ledger ledger;
  const Ledger liar(100);
  auto seen = *Checkpoints::open(Ledger::vkey(), {ledger.note(256)});
  CHECK(absl::IsPermissionDenied(seen.see(liar.note(256))));
  CHECK(absl::IsPermissionDenied(seen.see(liar.note(512), liar.consistency(256, 512), 256)));
  auto other = *Checkpoints::open(Ledger::vkey(), {ledger.note(256)});
  CHECK(absl::IsPermissionDenied(other.see(ledger.note(512), {}, 256)));
  CHECK(other.notes().front() == ledger.note(256));  // kept, as what was promised
}

TEST_CASE("two signed checkpoints of one size with different roots are both kept: the proof") {
  const Ledger ledger;
  const Ledger liar(100);
  auto seen = *Checkpoints::open(Ledger::vkey(), {ledger.note(256)});
  CHECK(!seen.conflict());
  CHECK(absl::IsPermissionDenied(seen.see(liar.note(256))));
  CHECK(seen.conflict());
  const std::vector<std::string> both{ledger.note(256), liar.note(256)};
  CHECK(seen.notes() == both);
  // In later runs, too, whatever is shown: it stays, and is said again.
  auto later = *Checkpoints::open(Ledger::vkey(), seen.notes());
  CHECK(later.conflict());
  CHECK(later.notes() == both);
  CHECK(absl::IsPermissionDenied(later.see(ledger.note(256))));
  CHECK(absl::IsPermissionDenied(later.see(liar.note(512), liar.consistency(256, 512), 256)));
  CHECK(later.notes() ==
        std::vector<std::string>{ledger.note(256), liar.note(256), liar.note(512)});
}

TEST_CASE("where there is no more room one from the middle goes, never the oldest or the proof") {
  const Ledger ledger;
  const Ledger liar(100);
  auto seen = *Checkpoints::open(Ledger::vkey(), {});
  REQUIRE(seen.see(ledger.note(400)).ok());
  REQUIRE(absl::IsPermissionDenied(seen.see(liar.note(400))));
  for (std::uint64_t size = 201; size < 201 + 2 * kPoolMax; ++size) {
    if (size != 400) REQUIRE(seen.see(ledger.note(size)).ok());
  }
  const std::vector<std::string> notes = seen.notes();
  CHECK(notes.size() == kPoolMax);
  CHECK(seen.oldest_size() == 201);
  CHECK(seen.newest() == ledger.note(200 + 2 * kPoolMax));
  CHECK(seen.conflict());
  CHECK(std::count(notes.begin(), notes.end(), liar.note(400)) == 1);
  CHECK(std::count(notes.begin(), notes.end(), ledger.note(400)) == 1);
}

TEST_CASE("only this ledger's signature counts") {
  const Ledger ledger;
  const auto stranger = crypto::SigningKey::generate();
  const auto forged = proof::sign_checkpoint(
      {"aaaaaaaaaa/latchstring/log1", 64, *proof::root(ledger.tree, 64)}, stranger);
  auto seen = *Checkpoints::open(Ledger::vkey(), {});
  CHECK(!seen.see(*forged).ok());
  CHECK(!seen.see("").ok());
  CHECK(seen.notes().empty());
}

TEST_CASE("an older checkpoint is no step back") {
  const Ledger ledger;
  auto seen = *Checkpoints::open(Ledger::vkey(), {ledger.note(512)});
  CHECK(seen.see(ledger.note(256), {}, 512).ok());
  CHECK(seen.newest() == ledger.note(512));
}

}  // namespace
}  // namespace latchstring::requester
