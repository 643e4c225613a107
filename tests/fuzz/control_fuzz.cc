// A control message that is read encodes to a text that reads as the same message.
#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"
#include "gateway/wire/control.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto control = wire::decode_control(as_text({data, size}));
  if (!control.ok()) return 0;
  const std::string encoded = wire::encode(*control);
  const auto again = wire::decode_control(encoded);
  ensure(again.ok() && wire::encode(*again) == encoded);
  return 0;
}
