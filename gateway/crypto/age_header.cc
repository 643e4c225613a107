#include "gateway/crypto/age_header.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/hkdf.h"

namespace latchstring::crypto::age {
namespace {

constexpr std::string_view kVersionLine = "age-encryption.org/v1\n";
constexpr std::string_view kStanzaStart = "-> ";
constexpr std::string_view kEndStart = "---";
constexpr std::size_t kColumns = 64;
constexpr std::size_t kMacText = 43;

// Takes one line, without its newline, off the front.
absl::StatusOr<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) {
    return invalid("the age header has no end within {} bytes", kAgeHeaderMax);
  }
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

absl::StatusOr<std::vector<std::string>> split_arguments(std::string_view text) {
  std::vector<std::string> arguments;
  for (;;) {
    const std::size_t space = text.find(' ');
    const std::string_view argument = text.substr(0, space);
    if (argument.empty() || !std::all_of(argument.begin(), argument.end(), is_visible)) {
      return invalid("an age stanza with a malformed argument");
    }
    arguments.emplace_back(argument);
    if (space == text.npos) return arguments;
    text.remove_prefix(space + 1);
  }
}

absl::StatusOr<Stanza> take_stanza(std::string_view& rest) {
  rest.remove_prefix(kStanzaStart.size());
  Stanza stanza;
  LS_ASSIGN(const std::string_view first, take_line(rest));
  LS_ASSIGN(stanza.arguments, split_arguments(first));
  std::string body;
  for (;;) {
    LS_ASSIGN(const std::string_view line, take_line(rest));
    if (line.size() > kColumns) return invalid("an age stanza with a line over 64 columns");
    body += line;
    if (line.size() < kColumns) break;
  }
  LS_ASSIGN(stanza.body, from_base64(body));
  return stanza;
}

absl::StatusOr<Hash> parse_end(std::string_view line) {
  const std::string_view start = "--- ";
  if (!line.starts_with(start) || line.size() != start.size() + kMacText) {
    return invalid("the last line of the age header is malformed");
  }
  LS_ASSIGN(const Bytes bytes, from_base64(line.substr(start.size())));
  Hash mac{};
  std::copy(bytes.begin(), bytes.end(), mac.begin());
  return mac;
}

Hash mac_of(std::string_view authenticated, const Secret& file_key) {
  const Secret key = hkdf_sha256(file_key.view(), {}, "header", 32);
  return hmac_sha256(key.view(), as_bytes(authenticated));
}

void append_stanza(std::string& text, const Stanza& stanza) {
  text += "->";
  for (const std::string& argument : stanza.arguments) text += " " + argument;
  const std::string body = to_base64(stanza.body);
  // Ends with a line shorter than kColumns, which may be empty.
  for (std::size_t at = 0; at <= body.size(); at += kColumns) {
    text += "\n" + body.substr(at, kColumns);
  }
  text += "\n";
}

}  // namespace

absl::StatusOr<Header> parse_header(std::string_view start, std::size_t stanzas_max) {
  if (!start.starts_with(kVersionLine)) return invalid("not an age v1 file");
  std::string_view rest = start.substr(kVersionLine.size());
  Header header;
  while (rest.starts_with(kStanzaStart)) {
    if (header.stanzas.size() == stanzas_max) {
      return invalid("an age file for more than {} recipients", stanzas_max);
    }
    LS_ASSIGN(Stanza stanza, take_stanza(rest));
    header.stanzas.push_back(std::move(stanza));
  }
  if (header.stanzas.empty()) return invalid("an age file for no recipient");
  if (!rest.starts_with(kEndStart)) return invalid("an age header with a malformed line");
  header.authenticated = start.substr(0, start.size() - rest.size() + kEndStart.size());
  LS_ASSIGN(const std::string_view end, take_line(rest));
  LS_ASSIGN(header.mac, parse_end(end));
  header.size_bytes = start.size() - rest.size();
  return header;
}

std::string encode_header(const std::vector<Stanza>& stanzas, const Secret& file_key) {
  std::string text(kVersionLine);
  for (const Stanza& stanza : stanzas) append_stanza(text, stanza);
  text += kEndStart;
  return text + " " + to_base64(mac_of(text, file_key)) + "\n";
}

absl::Status check_mac(const Header& header, const Secret& file_key) {
  if (equal_in_constant_time(mac_of(header.authenticated, file_key), header.mac)) {
    return absl::OkStatus();
  }
  return denied("the MAC of the age header is wrong: somebody changed it");
}

}  // namespace latchstring::crypto::age
