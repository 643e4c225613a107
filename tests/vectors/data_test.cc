// Sets that lie beside the checkout: RFC 6962 proofs of transparency-dev/merkle, and Wycheproof's
// JWS cases, none of which is of our profile.
#include <algorithm>

#include "gateway/base/files.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"
#include "gateway/json/json.h"
#include "gateway/proof/proof.h"
#include "tests/support/catch.h"

namespace latchstring {
namespace {

const Path kData = TEST_DATA;

json::Value load(const Path& path) {
  json::Limits limits;
  limits.bytes = 8 << 20;
  limits.fractions = true;
  const auto value = json::parse(*read_file(path, limits.bytes), limits);
  INFO(path.string() << " " << value.status().ToString());
  REQUIRE(value.ok());
  return *value;
}

const json::Value* member(const json::Value& value, std::string_view name) {
  const json::Object* object = value.as<json::Object>();
  if (object == nullptr) return nullptr;
  for (const json::Member& m : *object) {
    if (m.first == name) return &m.second;
  }
  return nullptr;
}

// Some vectors have words in place of hashes; our type has 32 bytes, so these stand for them. One
// that is empty cannot even be written in it: nullopt, refused.
std::optional<proof::Hash> hash_of(const json::Value* value) {
  const std::string* text = value == nullptr ? nullptr : value->as<std::string>();
  const auto bytes = crypto::from_padded_base64(text == nullptr ? "" : *text);
  REQUIRE(bytes.ok());
  if (bytes->empty()) return std::nullopt;
  proof::Hash hash{};
  if (bytes->size() != hash.size()) return crypto::sha256(*bytes);
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

proof::Proof proof_of(const json::Value& vector) {
  proof::Proof hashes;
  const json::Value* list = member(vector, "proof");
  if (list == nullptr || list->is_null()) return hashes;
  for (const json::Value& item : *list->as<json::List>()) hashes.push_back(*hash_of(&item));
  return hashes;
}

std::uint64_t number_of(const json::Value& vector, std::string_view name) {
  const json::Value* value = member(vector, name);
  if (const auto* usual = value->as<std::int64_t>()) return static_cast<std::uint64_t>(*usual);
  return *value->as<std::uint64_t>();
}

bool shows_inclusion(const json::Value& vector) {
  const auto leaf = hash_of(member(vector, "leafHash"));
  const auto root = hash_of(member(vector, "root"));
  return leaf && root &&
         proof::verify_inclusion(*leaf, number_of(vector, "leafIdx"), number_of(vector, "treeSize"),
                                 proof_of(vector), *root)
             .ok();
}

bool shows_consistency(const json::Value& vector) {
  const auto root1 = hash_of(member(vector, "root1"));
  const auto root2 = hash_of(member(vector, "root2"));
  return root1 && root2 &&
         proof::verify_consistency(number_of(vector, "size1"), *root1, number_of(vector, "size2"),
                                   *root2, proof_of(vector))
             .ok();
}

int check_all(const Path& folder, bool (*shows)(const json::Value&)) {
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    INFO(entry.path().string());
    const json::Value vector = load(entry.path());
    CHECK(shows(vector) == !*member(vector, "wantErr")->as<bool>());
    ++count;
  }
  return count;
}

TEST_CASE("transparency-dev/merkle: inclusion") {
  CHECK(check_all(kData / "merkle/testdata/inclusion", shows_inclusion) == 98);
}

TEST_CASE("transparency-dev/merkle: consistency") {
  CHECK(check_all(kData / "merkle/testdata/consistency", shows_consistency) == 98);
}

TEST_CASE("Wycheproof: every JWS case is refused, whatever key is offered") {
  const json::Value file = load(kData / "wycheproof/json_web_signature_test.json");
  const crypto::SigningKey key = crypto::SigningKey::generate();
  int count = 0;
  for (const json::Value& group : *member(file, "testGroups")->as<json::List>()) {
    for (const json::Value& test : *member(group, "tests")->as<json::List>()) {
      const json::Value* jws = member(test, "jws");
      const std::string compact =
          jws->as<std::string>() != nullptr ? *jws->as<std::string>() : json::to_text(*jws);
      INFO(compact);
      CHECK(!crypto::verify_jws(compact, "ls-req+jwt", key.verify_key()).ok());
      ++count;
    }
  }
  CHECK(count == 401);
}

}  // namespace
}  // namespace latchstring
