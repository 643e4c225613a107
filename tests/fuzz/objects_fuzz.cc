// A signed object that is read encodes to a text that reads as the same object.
#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"
#include "gateway/wire/objects.h"

using namespace latchstring;

template <class Decode>
void check(std::string_view text, Decode decode) {
  const auto object = decode(text);
  if (!object.ok()) return;
  const std::string encoded = wire::encode(*object);
  const auto again = decode(encoded);
  ensure(again.ok() && wire::encode(*again) == encoded);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  check(text, wire::decode_credential);
  check(text, wire::decode_request);
  check(text, wire::decode_decision);
  check(text, wire::decode_manifest);
  check(text, wire::decode_delivery);
  check(text, wire::decode_receipt);
  check(text, wire::decode_revocation_list);
  return 0;
}
