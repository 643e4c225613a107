#include "gateway/crypto/encoding.h"

#include "gateway/crypto/hash.h"
#include "tests/support/catch.h"

namespace latchstring::crypto {
namespace {

TEST_CASE("hex is lower case only") {
  CHECK(to_hex(Bytes{0x00, 0xfe, 0x10}) == "00fe10");
  CHECK(*from_hex("00fe10") == Bytes{0x00, 0xfe, 0x10});
  for (const std::string_view wrong : {"0", "0g", "FE", " 00", "0x"}) {
    CHECK(absl::IsInvalidArgument(from_hex(wrong).status()));
  }
}

TEST_CASE("base64 of RFC 4648 section 10, in three forms") {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& vector : vectors) {
    const Bytes bytes = to_bytes(vector.first);
    const std::string padded(vector.second);
    const std::string bare = padded.substr(0, padded.find('='));
    CHECK(to_padded_base64(bytes) == padded);
    CHECK(to_base64(bytes) == bare);
    CHECK(to_base64url(bytes) == bare);
    CHECK(*from_padded_base64(padded) == bytes);
    CHECK(*from_base64(bare) == bytes);
    CHECK(*from_base64url(bare) == bytes);
  }
  CHECK(to_base64(Bytes{0xfb, 0xff}) == "+/8");
  CHECK(to_base64url(Bytes{0xfb, 0xff}) == "-_8");
}

TEST_CASE("base64 that is not canonical is refused") {
  for (const std::string_view wrong :
       {"Zg==", "Zm8=", "A", "AAAAA", "Zh", "Zm9", "+/8", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9vé"}) {
    INFO(wrong);
    CHECK(absl::IsInvalidArgument(from_base64url(wrong).status()));
  }
  for (const std::string_view wrong : {"-_8", "Zg==", "Zh", "Zm8="}) {
    CHECK(absl::IsInvalidArgument(from_base64(wrong).status()));
  }
  for (const std::string_view wrong :
       {"Zg", "Zg=", "Zg===", "Zh==", "====", "=", "Zm9v====", "Zg==Zg==", "Zm=v"}) {
    INFO(wrong);
    CHECK(absl::IsInvalidArgument(from_padded_base64(wrong).status()));
  }
  CHECK(absl::IsInvalidArgument(from_base64url(std::string_view("AA\0A", 4)).status()));
}

TEST_CASE("ids are ten letters and differ") {
  const std::string id = random_id();
  CHECK(is_id(id));
  CHECK(id != random_id());
  for (const std::string_view wrong :
       {"", "abcdefghi", "abcdefghijk", "ABCDEFGHIJ", "abcdefgh10"}) {
    CHECK(!is_id(wrong));
  }
  CHECK(random_bytes(16) != random_bytes(16));
}

TEST_CASE("SHA-256 in one piece and in many") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 hash;
  hash.update(as_bytes("a"));
  hash.update({});
  hash.update(as_bytes("bc"));
  Sha256 moved = std::move(hash);
  CHECK(to_hex(moved.finish()) == sha256_hex("abc"));
  CHECK(to_hex(moved.finish()) == sha256_hex(""));
}

}  // namespace
}  // namespace latchstring::crypto
