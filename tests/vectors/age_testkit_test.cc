// All X25519 (98) and scrypt (26) files of the CCTV age test kit, each in its exact class. The 19
// hybrid post-quantum ones are left out: the product refuses such keys. Armored files go through
// the armor reader beside this file.
#include <algorithm>
#include <map>

#include "gateway/base/files.h"
#include "gateway/base/status.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/hash.h"
#include "tests/support/catch.h"
#include "tests/vectors/armor.h"

namespace latchstring::crypto::age {
namespace {

struct Vector {
  std::map<std::string, std::string> lines;
  std::vector<Identity> identities;
  std::vector<Secret> passphrases;
  std::string body;
};

Vector load(const Path& path) {
  const std::string text = *read_file(path, 64'000'000);
  Vector vector;
  const std::size_t end = text.find("\n\n");
  REQUIRE(end != std::string::npos);
  std::string_view head = std::string_view(text).substr(0, end + 1);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find('\n'));
    head.remove_prefix(line.size() + 1);
    const std::string key(line.substr(0, line.find(": ")));
    const std::string value(line.substr(key.size() + 2));
    vector.lines[key] = value;
    if (key == "identity") vector.identities.push_back(*Identity::parse(as_bytes(value)));
    if (key == "passphrase") vector.passphrases.push_back(Secret::copy_of(as_bytes(value)));
  }
  vector.body = text.substr(end + 2);
  return vector;
}

ReadAt reader_of(const Bytes& file) {
  return [&file](std::uint64_t offset, std::span<std::uint8_t> out) -> absl::Status {
    if (offset + out.size() > file.size()) return internal("read past the end");
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return absl::OkStatus();
  };
}

std::vector<const Identity*> pointers(const std::vector<Identity>& identities) {
  std::vector<const Identity*> result;
  for (const Identity& identity : identities) result.push_back(&identity);
  return result;
}

absl::Status read_all(Reader& reader, const std::string& expected_hash) {
  Bytes plain(static_cast<std::size_t>(reader.plain_size()));
  LS_RETURN_IF_ERROR(reader.read(0, plain));
  CHECK(sha256_hex(as_text(plain)) == expected_hash);
  return absl::OkStatus();
}

absl::Status decrypt(const Vector& vector, const Bytes& file, const Secret* passphrase) {
  const std::vector<const Identity*> identities = pointers(vector.identities);
  LS_ASSIGN(const std::unique_ptr<Reader> reader,
            passphrase ? Reader::open_with_passphrase(file.size(), reader_of(file), *passphrase)
                       : Reader::open(file.size(), reader_of(file), identities));
  const auto hash = vector.lines.find("payload");
  return read_all(*reader, hash == vector.lines.end() ? "" : hash->second);
}

std::string class_of(const absl::Status& status) {
  if (status.ok()) return "success";
  if (absl::IsInvalidArgument(status)) return "header failure";
  if (absl::IsDataLoss(status)) return "payload failure";
  if (!absl::IsPermissionDenied(status)) return status.ToString();
  const bool mac = message_of(status).find("MAC") != std::string_view::npos;
  return mac ? "HMAC failure" : "no match";
}

void check_vector(const Vector& vector) {
  const std::string& expected = vector.lines.at("expect");
  absl::StatusOr<Bytes> file = to_bytes(vector.body);
  if (vector.lines.count("armored") != 0) file = test::decode_armor(vector.body);
  if (!file.ok() || expected == "armor failure") {
    CHECK(expected == "armor failure");
    CHECK(!file.ok());
    return;
  }
  if (vector.passphrases.empty() || !vector.identities.empty()) {
    CHECK(class_of(decrypt(vector, *file, nullptr)) == expected);
  }
  for (const Secret& passphrase : vector.passphrases) {
    CHECK(class_of(decrypt(vector, *file, &passphrase)) == expected);
  }
  // Whole chunks before the damage: exactly what a streaming reader may have given out.
  if (expected != "payload failure") return;
  const auto recovered =
      recover_truncated(file->size(), reader_of(*file), vector.identities.front(), 64'000'000);
  REQUIRE(recovered.ok());
  CHECK(sha256_hex(as_text(*recovered)) == vector.lines.at("payload"));
}

TEST_CASE("the age test kit, every X25519 and scrypt file in its class") {
  std::map<std::string, int> seen;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(AGE_TESTKIT, missing)) {
    const std::string name = entry.path().filename().string();
    const auto has = [&name](const char* word) { return name.find(word) != std::string::npos; };
    const char* const kind = has("hybrid") ? "hybrid" : has("scrypt") ? "scrypt" : "X25519";
    ++seen[kind];
    if (has("hybrid")) continue;
    INFO(name);
    check_vector(load(entry.path()));
  }
  INFO("run tests/vectors/fetch before this test; looked in " AGE_TESTKIT);
  CHECK(seen["X25519"] == 98);
  CHECK(seen["scrypt"] == 26);
  CHECK(seen["hybrid"] == 19);
}

}  // namespace
}  // namespace latchstring::crypto::age
