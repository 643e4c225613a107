#include "gateway/worker/pack.h"

#include <bit>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::worker {

Pack& Pack::number(std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) body_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return *this;
}

Pack& Pack::f64(double value) {
  return u64(std::bit_cast<std::uint64_t>(value));
}

Pack& Pack::bytes(ByteView value) {
  ensure(value.size() <= UINT32_MAX);
  u32(static_cast<std::uint32_t>(value.size()));
  body_.insert(body_.end(), value.begin(), value.end());
  return *this;
}

ByteView Unpack::take(std::size_t size) {
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    return {};
  }
  const ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::uint64_t Unpack::number(int size) {
  std::uint64_t value = 0;
  int shift = 0;
  for (const std::uint8_t byte : take(static_cast<std::size_t>(size))) {
    value |= std::uint64_t{byte} << shift;
    shift += 8;
  }
  return value;
}

double Unpack::f64() {
  return std::bit_cast<double>(u64());
}

bool Unpack::flag() {
  const std::uint8_t value = u8();
  if (value > 1) failed_ = true;
  return !failed_ && value == 1;
}

Bytes Unpack::bytes(std::size_t limit) {
  const std::size_t size = u32();
  if (size > limit) failed_ = true;
  const ByteView taken = take(size);
  return {taken.begin(), taken.end()};
}

std::string Unpack::text(std::size_t limit) {
  const Bytes taken = bytes(limit);
  return std::string{as_text(taken)};
}

absl::Status Unpack::done() const {
  if (failed_) return data_loss("a message of the worker's socket is malformed");
  if (!rest_.empty()) return data_loss("a message of the worker's socket is too long");
  return absl::OkStatus();
}

}  // namespace latchstring::worker
