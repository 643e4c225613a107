#include "gateway/seal/padding.h"

#include <limits>

namespace latchstring::seal {
namespace {

constexpr std::uint64_t kHeader = 8;
constexpr std::uint64_t kLargeHeader = 16;

void put_big_endian(Bytes& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

}  // namespace

FreeBox free_box_after(std::uint64_t size) {
  std::uint64_t padded = padme(size);
  if (padded == size) return {};
  if (padded - size < kHeader) padded = padme(size + kHeader);
  const std::uint64_t box = padded - size;
  const bool large = box > std::numeric_limits<std::uint32_t>::max();
  FreeBox free;
  put_big_endian(free.header, large ? 1 : box, 4);
  for (const char c : {'f', 'r', 'e', 'e'}) free.header.push_back(static_cast<std::uint8_t>(c));
  if (large) put_big_endian(free.header, box, 8);
  free.zeros = box - (large ? kLargeHeader : kHeader);
  return free;
}

}  // namespace latchstring::seal
