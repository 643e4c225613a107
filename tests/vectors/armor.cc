#include "tests/vectors/armor.h"

#include <string>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::test {
namespace {

constexpr std::string_view kBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kColumns = 64;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// A line ends in LF or CRLF.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

absl::StatusOr<Bytes> decode_armor(std::string_view text) {
  std::string_view rest = trimmed(text);
  if (take_line(rest) != kBegin) return invalid("no first line of an armor");
  std::string body;
  bool is_short = false;
  for (;;) {
    if (rest.empty()) return invalid("no last line of an armor");
    const std::string_view line = take_line(rest);
    if (line == kEnd) break;
    if (is_short || line.empty() || line.size() > kColumns)
      return invalid("lines not of 64 columns");
    is_short = line.size() < kColumns;
    body += line;
  }
  if (!rest.empty()) return invalid("something after the armor");
  return crypto::from_padded_base64(body);
}

}  // namespace latchstring::test
