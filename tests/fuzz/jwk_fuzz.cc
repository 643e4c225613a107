// A key that is read has one canonical form, which reads as the same key.
#include "gateway/base/ensure.h"
#include "gateway/crypto/sign.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto key = crypto::VerifyKey::from_jwk(as_text({data, size}));
  if (!key.ok()) return 0;
  const auto again = crypto::VerifyKey::from_jwk(key->to_jwk());
  ensure(again.ok() && *again == *key && again->thumbprint() == key->thumbprint());
  return 0;
}
