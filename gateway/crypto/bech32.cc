#include "gateway/crypto/bech32.h"

#include <algorithm>

#include "gateway/base/status.h"

namespace latchstring::crypto::bech32 {
namespace {

constexpr std::string_view kLetters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksum = 6;

class Polymod {
 public:
  void add(std::uint8_t value) {
    constexpr std::uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                            0x2a1462b3};
    const std::uint32_t top = state_ >> 25;
    state_ = (state_ & 0x1ffffff) << 5 ^ value;
    for (unsigned i = 0; i < 5; ++i) {
      if ((top >> i & 1) != 0) state_ ^= kGenerator[i];
    }
  }
  void add_prefix(std::string_view prefix) {
    for (const char c : prefix) add(static_cast<std::uint8_t>(c >> 5));
    add(0);
    for (const char c : prefix) add(static_cast<std::uint8_t>(c & 31));
  }
  std::uint32_t value() const { return state_; }

 private:
  std::uint32_t state_ = 1;
};

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
char to_lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
char to_upper(char c) {
  return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(text.begin(), text.end(), result.begin(), to_lower);
  return result;
}

// Letters to values of 5 bits, the checksum included.
absl::StatusOr<Secret> values_of(std::string_view letters) {
  Secret values(letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const std::size_t value = kLetters.find(to_lower(letters[i]));
    if (value == std::string_view::npos) return invalid("a letter that Bech32 does not have");
    values.bytes()[i] = static_cast<std::uint8_t>(value);
  }
  return values;
}

absl::StatusOr<Secret> to_octets(ByteView values) {
  Secret data(values.size() * 5 / 8);
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t next = 0;
  for (const std::uint8_t value : values) {
    bits = (bits << 5 | value) & 0xfff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    data.bytes()[next++] = static_cast<std::uint8_t>(bits >> held);
  }
  if (held >= 5 || (bits & ((1U << held) - 1)) != 0) return invalid("Bech32 padding is wrong");
  return data;
}

}  // namespace

Secret encode(std::string_view prefix, ByteView data, bool upper_case) {
  const std::size_t count = (data.size() * 8 + 4) / 5;
  Secret text(prefix.size() + 1 + count + kChecksum);
  std::size_t next = 0;
  const auto put = [&](char c) {
    text.bytes()[next++] = static_cast<std::uint8_t>(upper_case ? to_upper(c) : c);
  };
  for (const char c : prefix) put(c);
  put('1');
  Polymod checksum;
  checksum.add_prefix(prefix);
  std::uint32_t bits = 0;
  unsigned held = 0;
  const auto put_value = [&](std::uint32_t value) {
    checksum.add(static_cast<std::uint8_t>(value));
    put(kLetters[value]);
  };
  for (const std::uint8_t byte : data) {
    bits = (bits << 8 | byte) & 0xfff;
    for (held += 8; held >= 5; held -= 5) put_value(bits >> (held - 5) & 31);
  }
  if (held > 0) put_value(bits << (5 - held) & 31);
  for (std::size_t i = 0; i < kChecksum; ++i) checksum.add(0);
  for (std::size_t i = 0; i < kChecksum; ++i) {
    put(kLetters[(checksum.value() ^ 1) >> 5 * (kChecksum - 1 - i) & 31]);
  }
  return text;
}

absl::StatusOr<Decoded> decode(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  for (const char c : text) {
    if (c < 33 || c > 126) return invalid("a character that Bech32 does not have");
  }
  const bool mixed = std::any_of(text.begin(), text.end(), is_upper) &&
                     std::any_of(text.begin(), text.end(), is_lower);
  if (mixed) return invalid("Bech32 text in upper and lower case at once");
  const std::size_t separator = text.rfind('1');
  if (separator == text.npos || separator == 0 || text.size() - separator - 1 < kChecksum) {
    return invalid("not Bech32: no `1` between a prefix and the data");
  }
  LS_ASSIGN(const Secret values, values_of(text.substr(separator + 1)));
  Decoded decoded;
  decoded.prefix = std::string(text.substr(0, separator));
  Polymod checksum;
  checksum.add_prefix(lower(decoded.prefix));
  for (const std::uint8_t value : values.view()) checksum.add(value);
  if (checksum.value() != 1) return invalid("the checksum is wrong: mistyped or cut short");
  LS_ASSIGN(decoded.data, to_octets(values.view().first(values.size() - kChecksum)));
  return decoded;
}

}  // namespace latchstring::crypto::bech32
