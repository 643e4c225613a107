// Numbers and byte strings in a message's body: little endian, lengths before strings, nothing
// optional. Unpack is strict: done() fails when bytes are left over, and after the first error
// every further read gives zero or empty, so that a decoder checks once, at its end.
#pragma once

#include <absl/status/status.h>

#include <string>

#include "gateway/base/bytes.h"

namespace latchstring::worker {

class Pack {
 public:
  Pack& u8(std::uint8_t value) { return number(value, 1); }
  Pack& u16(std::uint16_t value) { return number(value, 2); }
  Pack& u32(std::uint32_t value) { return number(value, 4); }
  Pack& u64(std::uint64_t value) { return number(value, 8); }
  Pack& i64(std::int64_t value) { return number(static_cast<std::uint64_t>(value), 8); }
  Pack& f64(double value);
  Pack& bytes(ByteView value);  // u32 length first
  Pack& text(std::string_view value) { return bytes(as_bytes(value)); }
  const Bytes& body() const { return body_; }

 private:
  Pack& number(std::uint64_t value, int size);
  Bytes body_;
};

class Unpack {
 public:
  explicit Unpack(ByteView body) : rest_(body) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::int64_t i64() { return static_cast<std::int64_t>(number(8)); }
  double f64();
  bool flag();  // u8, 0 or 1
  Bytes bytes(std::size_t limit);
  std::string text(std::size_t limit);
  bool failed() const { return failed_; }
  std::size_t left() const { return rest_.size(); }
  // DataLoss unless every read fitted and nothing is left.
  absl::Status done() const;

 private:
  std::uint64_t number(int size);
  ByteView take(std::size_t size);
  ByteView rest_;
  bool failed_ = false;
};

}  // namespace latchstring::worker
