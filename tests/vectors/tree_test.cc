// The reference tree of Certificate Transparency (RFC 6962) and published signed notes.
#include "gateway/crypto/encoding.h"
#include "gateway/proof/proof.h"
#include "tests/support/catch.h"

namespace latchstring::proof {
namespace {

TEST_CASE("RFC 6962: roots of the reference tree at each size") {
  const std::pair<std::string_view, std::string_view> leaves_and_roots[] = {
      {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
      {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
      {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
      {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
      {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
      {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
      {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
      {"606162636465666768696a6b6c6d6e6f",
       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
  };
  MemoryTree tree;
  CHECK(crypto::to_hex(tree.root()) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const auto& entry : leaves_and_roots) {
    tree.append(leaf_hash(*crypto::from_hex(entry.first)));
    CHECK(crypto::to_hex(tree.root()) == entry.second);
  }
}

TEST_CASE("the note of Go's sumdb/note") {
  const auto key =
      NoteKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  REQUIRE(key.ok());
  const std::string text =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n";
  const std::string note =
      text +
      "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFY"
      "C2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  const auto opened = open_note(note, *key);
  REQUIRE(opened.ok());
  CHECK(*opened == text);
}

}  // namespace
}  // namespace latchstring::proof
