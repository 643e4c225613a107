#include "gateway/crypto/age.h"
#include "gateway/crypto/bech32.h"
#include "gateway/crypto/encoding.h"
#include "tests/support/catch.h"

namespace latchstring::crypto::bech32 {
namespace {

TEST_CASE("BIP 173, valid strings that hold whole octets") {
  for (
      const std::string_view text :
      {"A12UEL5L", "a12uel5l",
       "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
       "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
       "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
       "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl"}) {
    INFO(text);
    const auto decoded = decode(as_bytes(text));
    REQUIRE(decoded.ok());
    const bool upper = text.front() == 'A';
    const std::string prefix = upper ? "a" : decoded->prefix;
    CHECK(as_text(encode(prefix, decoded->data.view(), upper).view()) == text);
  }
}

TEST_CASE("BIP 173, invalid strings") {
  for (const std::string_view text :
       {"\x20"
        "1nwldj5",
        "\x7f"
        "1axkwrx",
        "\x80"
        "1eym55h",
        "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "de1lg7wt\xff", "A1G7SGD8",
        "10a06t8", "1qzzfhee", "a12UEL5L", "a12uel5m", ""}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(decode(as_bytes(text)).status()));
  }
}

TEST_CASE("there is no length limit") {
  const Bytes data(1'216, 0xa5);
  const Secret text = encode("age", data, false);
  CHECK(text.size() > 1'900);
  CHECK(equal_in_constant_time(decode(text.view())->data.view(), data));
}

TEST_CASE("the keys of C2SP age.md") {
  const auto identity = age::Identity::parse(
      as_bytes("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"));
  REQUIRE(identity.ok());
  CHECK(identity->recipient().text() ==
        "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj");
}

}  // namespace
}  // namespace latchstring::crypto::bech32
