// A bit per transfer index; which of them were sent, or are on disk.
// Limits: kChunksMax bits.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>

#include "gateway/base/bytes.h"

namespace latchstring::link {

inline constexpr std::uint64_t kChunksMax = std::uint64_t{1} << 24;  // 0.9 TiB

class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(std::uint64_t size);  // all clear
  // What bytes() gave. DataLoss when the length does not fit or a bit beyond `size` is set.
  static absl::StatusOr<Bitmap> from_bytes(std::uint64_t size, ByteView bytes);

  std::uint64_t size() const { return size_; }
  std::uint64_t count() const { return count_; }  // bits that are set
  bool full() const { return count_ == size_; }
  bool test(std::uint64_t index) const;
  void set(std::uint64_t index);
  // The first clear bit at or after `from`; size() when there is none.
  std::uint64_t first_clear(std::uint64_t from = 0) const;
  const Bytes& bytes() const { return bytes_; }  // bit i: byte i/8, value 1 << i%8

 private:
  std::uint64_t size_ = 0;
  std::uint64_t count_ = 0;
  Bytes bytes_;
};

}  // namespace latchstring::link
