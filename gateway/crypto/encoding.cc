#include "gateway/crypto/encoding.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "gateway/base/status.h"
#include "gateway/crypto/secret.h"

namespace latchstring::crypto {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kIdLetters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kIdLength = 10;
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(ByteView bytes, std::string_view letters) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    held += 8;
    for (; held >= 6; held -= 6) text += letters[bits >> (held - 6) & 63];
  }
  if (held > 0) text += letters[bits << (6 - held) & 63];
  return text;
}

using Values = std::array<std::uint8_t, 256>;
constexpr std::uint8_t kNone = 0xFF;

constexpr Values values_of(std::string_view letters) {
  Values values{};
  for (auto& value : values) value = kNone;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    values[static_cast<unsigned char>(letters[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr Values kStandardValues = values_of(kStandard);
constexpr Values kUrlValues = values_of(kUrl);

// RFC 4648 section 3.5: the bits left over must be zero, so that each value has one text.
absl::StatusOr<Bytes> decode(std::string_view text, const Values& values) {
  if (text.size() % 4 == 1) return invalid("base64 text of impossible length {}", text.size());
  Bytes bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint8_t value = values[static_cast<unsigned char>(c)];
    if (value == kNone) return invalid("a character that base64 does not have");
    bits = bits << 6 | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> held));
  }
  if ((bits & ((1U << held) - 1)) != 0) return invalid("base64 text that is not canonical");
  return bytes;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

absl::StatusOr<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return invalid("hex text of odd length {}", text.size());
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kHex.find(text[i]);
    const std::size_t low = kHex.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) {
      return invalid("a character that is not a lower-case hex digit");
    }
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

std::string to_base64url(ByteView bytes) {
  return encode(bytes, kUrl);
}
absl::StatusOr<Bytes> from_base64url(std::string_view text) {
  return decode(text, kUrlValues);
}

std::string to_base64(ByteView bytes) {
  return encode(bytes, kStandard);
}
absl::StatusOr<Bytes> from_base64(std::string_view text) {
  return decode(text, kStandardValues);
}

std::string to_padded_base64(ByteView bytes) {
  std::string text = encode(bytes, kStandard);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

absl::StatusOr<Bytes> from_padded_base64(std::string_view text) {
  if (text.size() % 4 != 0) return invalid("base64 text without its padding");
  std::string_view body = text;
  while (text.size() - body.size() < 2 && body.ends_with('=')) body.remove_suffix(1);
  return decode(body, kStandardValues);
}

Bytes random_bytes(std::size_t count) {
  start();
  Bytes bytes(count);
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string random_id() {
  std::string id;
  for (const std::uint8_t byte : random_bytes(kIdLength)) id += kIdLetters[byte & 31];
  return id;
}

bool is_id(std::string_view text) {
  return text.size() == kIdLength && text.find_first_not_of(kIdLetters) == std::string_view::npos;
}

}  // namespace latchstring::crypto
