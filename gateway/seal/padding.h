// Sizes that tell little: Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files
// and Communication with PURBs", 2019, algorithm 1). At most 12 % is added.
#pragma once

#include <bit>
#include <cstdint>

#include "gateway/base/bytes.h"

namespace latchstring::seal {

// The smallest Padmé size that is not below `size`.
constexpr std::uint64_t padme(std::uint64_t size) {
  if (size < 2) return size;
  const unsigned exponent = static_cast<unsigned>(std::bit_width(size)) - 1;
  const unsigned kept = static_cast<unsigned>(std::bit_width(exponent));
  const std::uint64_t mask = (std::uint64_t{1} << (exponent - kept)) - 1;
  return (size + mask) & ~mask;
}

// The same, rounded up to a multiple of `unit`; large Padmé sizes are one already.
constexpr std::uint64_t padme_in(std::uint64_t size, std::uint64_t unit) {
  const std::uint64_t padded = padme(size);
  return (padded + unit - 1) / unit * unit;
}

// The start of an MP4 `free` box (ISO/IEC 14496-12) that makes a file of `size` bytes one of a
// Padmé size, and how many zero bytes follow it. Empty where the size is one already.
struct FreeBox {
  Bytes header;
  std::uint64_t zeros = 0;
};
FreeBox free_box_after(std::uint64_t size);

}  // namespace latchstring::seal
