#include "gateway/ledger/ledger.h"

#include <set>

#include "tests/support/catch.h"
#include "tests/unit/ledger/house.h"

namespace latchstring::ledger {
namespace {

using test::House;
using test::kHash;
using test::kMay;

proof::NoteKey key_of(const Ledger& ledger) {
  return *proof::NoteKey::parse(ledger.vkey());
}

TEST_CASE("an entry and its state change are one transaction") {
  House house;
  {
    auto transaction = house.database().begin();
    REQUIRE(house.ledger().append({kMay, Start{true}, "", ""}).ok());
    CHECK(*house.ledger().size() == 1);
  }  // rolled back
  CHECK(*house.ledger().size() == 0);
  CHECK(house.append(Start{true}).index == 0);
  CHECK(house.append(Stop{}).index == 1);
  CHECK(house.reopen().ok());
}

TEST_CASE("what every requester sees is the ledger's name, a size and a root") {
  House house;
  house.append(Start{});
  const auto checkpoint = house.checkpoint();
  REQUIRE(checkpoint.ok());
  const auto opened = proof::open_checkpoint(checkpoint->note, key_of(house.ledger()));
  REQUIRE(opened.ok());
  CHECK(opened->origin == "abcdefghij/latchstring/log1");
  CHECK(opened->size == 1);
  CHECK(house.ledger().vkey().starts_with("abcdefghij/latchstring/log1+"));
}

TEST_CASE("checkpoints that leave the house are filled, so that sizes tell nothing") {
  House house;
  for (int i = 0; i < 33; ++i) house.append(Heartbeat{});
  CHECK(house.checkpoint(Audience::home)->size == 33);
  CHECK(house.checkpoint(Audience::offer)->size == 64);
  CHECK(house.checkpoint(Audience::offer)->size == 64);  // full already
  CHECK(house.checkpoint(Audience::daily)->size == 256);
  CHECK((*house.ledger().newest(Audience::offer))->size == 64);
  CHECK((*house.ledger().newest())->size == 256);
  house.append(Stop{});
  CHECK(house.checkpoint(Audience::offer)->size == 320);
  CHECK((*house.ledger().newest(Audience::daily))->size == 256);
  CHECK(house.reopen().ok());

  const auto shown = house.ledger().show({});
  CHECK(shown->size() == 34);  // filler is left out
  const auto filler = house.ledger().show({.count = 500, .event = "filler"});
  REQUIRE(filler->size() == 320 - 34);
  std::set<std::string> different;
  for (const ShownLeaf& leaf : *filler) different.insert(leaf.leaf.line);
  CHECK(different.size() == filler->size());  // salted
}

TEST_CASE("the leaves about a request are proved against one checkpoint") {
  House house;
  house.append(Start{});
  house.append(Request{kHash, "received"}, "rrrrrrrrrr");
  house.append(Request{kHash, "received"}, "ssssssssss");
  const Leaf last = house.append(Request{kHash, "closed"}, "rrrrrrrrrr");
  const auto proven = house.prove("rrrrrrrrrr");
  REQUIRE(proven.ok());
  REQUIRE(proven->size() == 2);
  CHECK((*proven)[1].leaf.line == last.line);
  CHECK((*proven)[1].leaf.sha256 == crypto::sha256_hex(last.line));
  for (const ProvenLeaf& one : *proven) {
    const auto leaf = proof::leaf_hash(as_bytes(one.leaf.line));
    CHECK(proof::verify_tlog_proof(one.tlog_proof, key_of(house.ledger()), leaf).ok());
    const auto other = proof::leaf_hash(as_bytes(one.leaf.line + " "));
    CHECK(!proof::verify_tlog_proof(one.tlog_proof, key_of(house.ledger()), other).ok());
  }
  CHECK(absl::IsNotFound(house.prove("nnnnnnnnnn").status()));
}

TEST_CASE("consistency is shown from any size that was seen") {
  House house;
  for (int i = 0; i < 20; ++i) house.append(Heartbeat{});
  const auto before = house.checkpoint();
  for (int i = 0; i < 20; ++i) house.append(Heartbeat{});
  const auto after = house.checkpoint();
  const auto hashes = house.ledger().consistency(before->size, after->size);
  REQUIRE(hashes.ok());
  CHECK(proof::verify_consistency(20, before->root, 40, after->root, *hashes).ok());
  CHECK(!house.ledger().consistency(20, 41).ok());
  CHECK(!house.ledger().consistency(0, 40).ok());
  CHECK(!house.ledger().consistency(30, 20).ok());
}

TEST_CASE("a detail record can be deleted; what it committed to stays") {
  House house;
  const Leaf leaf = house.append(Approval{kHash, "no"}, "rrrrrrrrrr", "alex: not our street");
  const Leaf other = house.append(Approval{kHash, "no"}, "ssssssssss", "alex: not our street");
  CHECK(leaf.line.find("alex") == std::string::npos);
  CHECK(leaf.line.find("\"detail\":\"") != std::string::npos);
  // The same words, another commitment: nobody can try words against a leaf.
  const auto commitment = [](const Leaf& of) { return of.line.substr(of.line.find("detail"), 74); };
  CHECK(commitment(leaf) != commitment(other));

  CHECK((*house.ledger().show({}))[0].detail == "alex: not our street");
  REQUIRE(house.ledger().forget_details_about("rrrrrrrrrr").ok());
  auto shown = *house.ledger().show({});
  CHECK(!shown[0].detail);
  CHECK(shown[0].leaf.line == leaf.line);
  CHECK(shown[1].detail.has_value());
  REQUIRE(house.ledger().forget_detail(1).ok());
  CHECK(!(*house.ledger().show({}))[1].detail);
  CHECK(house.reopen().ok());
}

TEST_CASE("show pages both ways and filters") {
  House house;
  for (int i = 0; i < 10; ++i) house.append(Heartbeat{});
  house.append(Request{kHash, "received"}, "rrrrrrrrrr");
  house.append(Request{kHash, "closed"}, "rrrrrrrrrr");
  const auto indices = [&house](const Query& query) {
    std::vector<std::uint64_t> found;
    const auto shown = house.ledger().show(query);
    for (const ShownLeaf& leaf : *shown) found.push_back(leaf.leaf.index);
    return found;
  };
  CHECK(indices({.from = 8, .count = 3}) == std::vector<std::uint64_t>{8, 9, 10});
  CHECK(indices({.count = 2, .newest_first = true}) == std::vector<std::uint64_t>{11, 10});
  CHECK(indices({.from = 10, .count = 2, .newest_first = true}) ==
        std::vector<std::uint64_t>{9, 8});
  CHECK(indices({.about = "rrrrrrrrrr"}) == std::vector<std::uint64_t>{10, 11});
  CHECK(indices({.from = 11, .event = "request"}) == std::vector<std::uint64_t>{11});
  for (const char* part : {"requ", "%"})
    CHECK(absl::IsInvalidArgument(house.ledger().show({.event = part}).status()));
  CHECK((*house.ledger().show({.from = 10}))[0].about == "rrrrrrrrrr");
  const absl::Status unknown = house.ledger().show({.event = "nope"}).status();
  CHECK(absl::IsInvalidArgument(unknown));
  CHECK(unknown.message().find("no event `nope`; there are start, stop, camera,") !=
        std::string::npos);
  CHECK(house.ledger().show({.event = "hold"})->empty());
}

TEST_CASE("over-long details and bad entries leave nothing behind") {
  House house;
  auto transaction = house.database().begin();
  const std::string long_detail(kDetailMax + 1, 'x');
  CHECK(absl::IsResourceExhausted(house.ledger().append({kMay, Stop{}, "", long_detail}).status()));
  CHECK(absl::IsInvalidArgument(
      house.ledger().append({kMay, Request{"", ""}, "rrrrrrrrrr", "x"}).status()));
  REQUIRE(transaction->commit().ok());
  CHECK(*house.ledger().size() == 0);
}

TEST_CASE("an export stands for itself") {
  House house;
  CHECK(absl::IsNotFound(
      house.ledger().export_to([](std::string_view) { return absl::OkStatus(); })));
  for (int i = 0; i < 5; ++i) house.append(Heartbeat{});
  REQUIRE(house.checkpoint().ok());
  house.append(Stop{});  // after the checkpoint: not in the export
  const std::string text = house.export_text();
  const auto checked = verify_export(text, house.ledger().vkey());
  REQUIRE(checked.ok());
  CHECK(checked->size == 5);

  std::string changed = text;
  changed[changed.find("heartbeat")] = 'H';
  CHECK(absl::IsDataLoss(verify_export(changed, house.ledger().vkey()).status()));
  CHECK(absl::IsDataLoss(
      verify_export(text.substr(text.find('\n') + 1), house.ledger().vkey()).status()));
  CHECK(!verify_export(text.substr(0, text.size() - 20), house.ledger().vkey()).ok());
  CHECK(!verify_export("", house.ledger().vkey()).ok());
  const auto other =
      proof::NoteKey::make("abcdefghij/latchstring/log1", test::make_key(2).verify_key());
  CHECK(absl::IsPermissionDenied(verify_export(text, other->text()).status()));
  CHECK(absl::IsInvalidArgument(verify_export(text, "no key").status()));
}

}  // namespace
}  // namespace latchstring::ledger
