// Whatever the door takes fits its row of the table.
#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"
#include "gateway/control/request.h"

using namespace latchstring;
using namespace latchstring::control;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = parse_request(std::string(as_text({data, size})));
  if (!request.ok()) return 0;
  const Operation& operation = *request->operation;
  for (const Argument& argument : operation.arguments)
    ensure(!argument.required || request->arguments.has(argument.name));
  ensure(request->pins.empty() || operation.by != Signed::nobody);
  ensure(!request->pins.empty() || operation.by != Signed::must);
  ensure(request->pins.size() <= kResidentsMax);
  ensure(request->new_pin.empty() != operation.new_pin);
  ensure(request->passphrase.empty() != operation.passphrase);
  for (const SignedBy& by : request->pins)
    ensure(!by.pin.empty() && by.pin.view().size() <= kPinMax);
  return 0;
}
