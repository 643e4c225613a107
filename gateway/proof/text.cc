#include "gateway/proof/text.h"

#include <algorithm>
#include <charconv>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::proof {

absl::StatusOr<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) return invalid("the text ends within a line");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

absl::StatusOr<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  if (result.ec != std::errc{} || result.ptr != end || has_leading_zero) {
    return invalid("`{}` is not a decimal number", text.substr(0, 40));
  }
  return value;
}

absl::StatusOr<crypto::Hash> parse_hash(std::string_view text) {
  LS_ASSIGN(const Bytes bytes, crypto::from_padded_base64(text));
  crypto::Hash hash{};
  if (bytes.size() != hash.size()) return invalid("a hash of {} bytes, not 32", bytes.size());
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

}  // namespace latchstring::proof
