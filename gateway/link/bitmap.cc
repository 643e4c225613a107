#include "gateway/link/bitmap.h"

#include <bit>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::link {

Bitmap::Bitmap(std::uint64_t size) : size_(size), bytes_((size + 7) / 8) {
  ensure(size <= kChunksMax);
}

absl::StatusOr<Bitmap> Bitmap::from_bytes(std::uint64_t size, ByteView bytes) {
  if (size > kChunksMax) return invalid("more than {} chunks", kChunksMax);
  Bitmap map(size);
  if (bytes.size() != map.bytes_.size())
    return data_loss("the map has not the length it must have");
  if (size % 8 != 0 && (bytes.back() >> (size % 8)) != 0) {
    return data_loss("the map names chunks that do not exist");
  }
  map.bytes_.assign(bytes.begin(), bytes.end());
  for (const std::uint8_t byte : bytes) {
    map.count_ += static_cast<std::uint64_t>(std::popcount(byte));
  }
  return map;
}

bool Bitmap::test(std::uint64_t index) const {
  ensure(index < size_);
  return (bytes_[index / 8] >> (index % 8) & 1) != 0;
}

void Bitmap::set(std::uint64_t index) {
  if (test(index)) return;
  bytes_[index / 8] = static_cast<std::uint8_t>(bytes_[index / 8] | 1 << (index % 8));
  ++count_;
}

std::uint64_t Bitmap::first_clear(std::uint64_t from) const {
  while (from < size_) {
    if (from % 8 == 0 && bytes_[from / 8] == 0xFF) {
      from += 8;
    } else if (test(from)) {
      ++from;
    } else {
      return from;
    }
  }
  return size_;
}

}  // namespace latchstring::link
