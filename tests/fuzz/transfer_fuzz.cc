// GET and DATA have one form each: what is read encodes to the same bytes.
#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/wire/data.h"

using namespace latchstring;

bool same(const Bytes& encoded, ByteView message) {
  return std::equal(encoded.begin(), encoded.end(), message.begin(), message.end());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView message(data, size);
  if (const auto get = wire::decode_get(message); get.ok()) {
    ensure(wire::kind_of(message) == wire::Kind::get && same(wire::encode(*get), message));
  }
  if (const auto chunk = wire::decode_data(message); chunk.ok()) {
    ensure(wire::kind_of(message) == wire::Kind::data && same(wire::encode(*chunk), message));
  }
  return 0;
}
