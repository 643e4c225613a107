// Nothing that was not signed here ever verifies. Two ways in: the input as a whole object, and the
// input as the header of an object that is signed for real.
#include "gateway/base/ensure.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/jws.h"

using namespace latchstring;

namespace {

constexpr std::string_view kTyp = "ls-req+jwt";

const crypto::SigningKey& test_key() {
  static const Bytes seed(32, 1);
  static const crypto::SigningKey key = *crypto::SigningKey::from_seed(seed);
  return key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const crypto::SigningKey& key = test_key();
  const std::string_view text = as_text({data, size});
  const auto whole = crypto::verify_jws(text, kTyp, key.verify_key());
  // Ed25519 signs the same bytes the same way: what verifies is what we would have made, or has
  // `Ed25519` or another spacing in its header, so its payload signs to a right object again.
  if (whole.ok()) {
    const std::string again = crypto::sign_jws(key, kTyp, whole->payload);
    ensure(crypto::verify_jws(again, kTyp, key.verify_key()).ok());
  }
  const auto peeked = crypto::peek_jws(text);
  ensure(!whole.ok() || peeked.ok());

  const std::string part = crypto::to_base64url({data, size}) + ".e30";
  const auto forged = crypto::verify_jws(
      part + "." + crypto::to_base64url(key.sign(as_bytes(part))), kTyp, key.verify_key());
  if (!forged.ok()) return 0;
  ensure(forged->typ == kTyp && forged->kid == key.verify_key().thumbprint());
  for (const std::string_view word : {"crit", "jku", "jwk", "x5u", "x5c", "none"}) {
    const std::size_t at = text.find("\"" + std::string(word) + "\"");
    ensure(at == std::string_view::npos);
  }
  return 0;
}
