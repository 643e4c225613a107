// A ticket that is read encodes to a text that reads as the same ticket.
#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"
#include "gateway/wire/ticket.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto ticket = wire::decode_ticket(as_text({data, size}));
  if (!ticket.ok()) return 0;
  const std::string encoded = wire::encode(*ticket);
  const auto again = wire::decode_ticket(encoded);
  ensure(again.ok() && wire::encode(*again) == encoded);
  return 0;
}
