// Whatever is appended in whatever order of transactions, proofs hold, and change nothing else.
#include <rapidcheck.h>

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/ledger/house.h"

namespace latchstring::ledger {
namespace {

using test::House;
using test::kHash;
using test::kMay;

// The root by the definition of RFC 6962 section 2.1, apart from the code under test.
crypto::Hash root_by_definition(const std::vector<std::string>& leaves) {
  if (leaves.empty()) return crypto::sha256({});
  if (leaves.size() == 1) return crypto::sha256(as_bytes(std::string(1, '\0') + leaves[0]));
  std::size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(split);
  const crypto::Hash left = root_by_definition({leaves.begin(), middle});
  const crypto::Hash right = root_by_definition({middle, leaves.end()});
  return crypto::sha256(as_bytes("\1" + std::string(as_text(left)) + std::string(as_text(right))));
}

// Appends in transactions of random lengths, some of which are rolled back.
void grow(House& house, std::vector<std::string>& lines, std::size_t size) {
  while (lines.size() < size) {
    const std::size_t batch = std::min(size - lines.size(), *rc::gen::inRange<std::size_t>(1, 9));
    const bool keep = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
    auto transaction = house.database().begin();
    std::vector<std::string> added;
    for (std::size_t i = 0; i < batch; ++i) {
      const std::string about = *rc::gen::element<std::string>("", "rrrrrrrrrr", "ssssssssss");
      const auto leaf = house.ledger().append({kMay, Request{kHash, "received"}, about, about});
      RC_ASSERT(leaf.ok());
      RC_ASSERT(leaf->index == lines.size() + i);
      added.push_back(leaf->line);
    }
    if (!keep) continue;
    RC_ASSERT(transaction->commit().ok());
    lines.insert(lines.end(), added.begin(), added.end());
  }
}

TEST_CASE("trees of any size: root, inclusion, consistency, restart, export") {
  REQUIRE(rc::check("appended, proved, verified", [] {
    House house;
    const auto older = *rc::gen::inRange<std::size_t>(1, 70);
    const auto added = *rc::gen::inRange<std::size_t>(0, 70);
    std::vector<std::string> lines;
    grow(house, lines, older);
    const auto before = house.checkpoint();
    RC_ASSERT(before->root == root_by_definition(lines));
    grow(house, lines, older + added);
    const auto after = house.checkpoint();
    RC_ASSERT(after->size == lines.size());
    RC_ASSERT(after->root == root_by_definition(lines));

    const auto hashes = house.ledger().consistency(older, lines.size());
    RC_ASSERT(hashes.ok());
    RC_ASSERT(
        proof::verify_consistency(older, before->root, lines.size(), after->root, *hashes).ok());
    const auto index = *rc::gen::inRange<std::size_t>(0, lines.size());
    const auto proven = house.ledger().prove_leaf(index, *after);
    const auto key = *proof::NoteKey::parse(house.ledger().vkey());
    const auto leaf = proof::leaf_hash(as_bytes(lines[index]));
    RC_ASSERT(proof::verify_tlog_proof(proven->tlog_proof, key, leaf).ok());
    RC_ASSERT(house.reopen(after->note).ok());
    RC_ASSERT(verify_export(house.export_text(), house.ledger().vkey()).ok());
  }));
}

TEST_CASE("a change of any one byte of an export is found") {
  House house;
  for (int i = 0; i < 9; ++i) house.append(Heartbeat{});
  REQUIRE(house.checkpoint().ok());
  const std::string text = house.export_text();
  REQUIRE(rc::check("one byte", [&] {
    std::string changed = text;
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    changed[at] = *rc::gen::distinctFrom(rc::gen::arbitrary<char>(), text[at]);
    RC_ASSERT(!verify_export(changed, house.ledger().vkey()).ok());
  }));
}

}  // namespace
}  // namespace latchstring::ledger
