// The bytes of ISO/IEC 14496-12 boxes: a writer that fills in sizes, and a reader that never runs
// past the end of what it was given.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"

namespace latchstring::media {

constexpr std::uint32_t fourcc(const char (&name)[5]) {
  std::uint32_t out = 0;
  for (int i = 0; i < 4; ++i) out = out << 8 | static_cast<std::uint8_t>(name[i]);
  return out;
}

class BoxWriter {
 public:
  // A box that is open until its Scope goes.
  class Scope {
   public:
    Scope(BoxWriter& writer, std::size_t at) : writer_(writer), at_(at) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { writer_.set_u32(at_, static_cast<std::uint32_t>(writer_.size() - at_)); }

   private:
    BoxWriter& writer_;
    const std::size_t at_;
  };

  [[nodiscard]] Scope box(const char (&type)[5]) {
    const std::size_t at = size();
    u32(0);
    u32(fourcc(type));
    return {*this, at};
  }
  [[nodiscard]] Scope full_box(const char (&type)[5], unsigned version, std::uint32_t flags) {
    const std::size_t at = size();
    u32(0);
    u32(fourcc(type));
    u32(version << 24 | flags);
    return {*this, at};
  }

  void u8(std::uint64_t value) { out_.push_back(static_cast<std::uint8_t>(value)); }
  void u16(std::uint64_t value) { u8(value >> 8), u8(value); }
  void u32(std::uint64_t value) { u16(value >> 16), u16(value); }
  void u64(std::uint64_t value) { u32(value >> 32), u32(value); }
  void zeros(std::size_t count) { out_.insert(out_.end(), count, 0); }
  void bytes(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void text(std::string_view text) { bytes(as_bytes(text)); }

  std::size_t size() const { return out_.size(); }
  void set_u32(std::size_t at, std::uint32_t value) {
    ensure(at + 4 <= out_.size());
    for (std::size_t i = 0; i < 4; ++i)
      out_[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

// Reads big-endian fields. Past the end everything is zero and ok() is false.
class BoxReader {
 public:
  explicit BoxReader(ByteView bytes) : bytes_(bytes) {}

  std::uint64_t number(std::size_t width) {
    const ByteView raw = bytes(width);
    std::uint64_t out = 0;
    for (const std::uint8_t byte : raw) out = out << 8 | byte;
    return out;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  ByteView bytes(std::size_t count) {
    if (!ok_ || count > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  void skip(std::size_t count) { bytes(count); }
  std::size_t left() const { return bytes_.size() - at_; }
  bool ok() const { return ok_; }
  void fail() { ok_ = false; }

  // The next box's content if it is of this type; else an empty reader, and ok() is false.
  BoxReader box(const char (&type)[5]) {
    const std::uint32_t size = u32();
    if (u32() != fourcc(type) || size < 8) ok_ = false;
    return ok_ ? BoxReader(bytes(size - 8)) : BoxReader({});
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// Nanoseconds to ticks and back, rounded to the nearest; exact both ways for times that came from
// ticks of this scale.
std::int64_t to_ticks(std::int64_t ns, std::int64_t scale);
std::int64_t to_ns(std::int64_t ticks, std::int64_t scale);

}  // namespace latchstring::media
