#include "gateway/wire/fields.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/age.h"
#include "gateway/crypto/encoding.h"
#include "gateway/crypto/sign.h"

namespace latchstring::wire {
namespace {

constexpr std::int64_t kSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::size_t kThumbprintSize = 43;
constexpr std::size_t kTokenSize = 22;

absl::StatusOr<std::string> base64url_of(std::string_view text, std::size_t bytes) {
  LS_ASSIGN(const Bytes decoded, crypto::from_base64url(text));
  if (decoded.size() != bytes) return invalid("must be {} bytes in base64url", bytes);
  return std::string(text);
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// In UTF-8: U+0080..U+009F, U+061C, U+200E..U+200F, U+2028..U+202E, U+2066..U+2069.
bool has_hidden(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto at = [&](std::size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
    };
    if (at(0) == 0xC2 && at(1) < 0xA0) return true;
    if (at(0) == 0xD8 && at(1) == 0x9C) return true;
    if (at(0) != 0xE2) continue;
    if (at(1) == 0x80 && (at(2) == 0x8E || at(2) == 0x8F || (at(2) >= 0xA8 && at(2) <= 0xAE))) {
      return true;
    }
    if (at(1) == 0x81 && at(2) >= 0xA6 && at(2) <= 0xA9) return true;
  }
  return false;
}

absl::StatusOr<std::string> readable(std::string_view text, bool line_feeds) {
  const bool control = std::any_of(text.begin(), text.end(), [line_feeds](char c) {
    return is_control(c) && !(line_feeds && c == '\n');
  });
  if (control || has_hidden(text)) return invalid("must not hold control characters");
  return std::string(text);
}

}  // namespace

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kNameMax &&
         text.find_first_of("\"\\") == std::string_view::npos && readable(text, false).ok();
}

absl::StatusOr<std::string> as_id(std::string_view text) {
  if (!crypto::is_id(text)) return invalid("must be ten of [a-z2-7]");
  return std::string(text);
}

absl::StatusOr<std::string> as_hash(std::string_view text) {
  LS_ASSIGN(const Bytes bytes, crypto::from_hex(text));
  if (bytes.size() != 32) return invalid("must be 64 hex digits");
  return std::string(text);
}

absl::StatusOr<std::string> as_thumbprint(std::string_view text) {
  return base64url_of(text, 32);
}

absl::StatusOr<std::string> as_token(std::string_view text) {
  return base64url_of(text, 16);
}

absl::StatusOr<std::string> as_audience(std::string_view text) {
  if (text == "any" || crypto::is_id(text)) return std::string(text);
  return as_thumbprint(text);
}

absl::StatusOr<std::string> as_word(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (text.empty() || text[0] < 'a' || text[0] > 'z' ||
      !std::all_of(text.begin(), text.end(), fits)) {
    return invalid("must be a word of [a-z0-9_]");
  }
  return std::string(text);
}

absl::StatusOr<std::string> as_label(std::string_view text) {
  if (!is_label(text)) return invalid("must be a camera's id or label");
  return std::string(text);
}

absl::StatusOr<std::string> as_line(std::string_view text) {
  return readable(text, false);
}

absl::StatusOr<std::string> as_lines(std::string_view text) {
  return readable(text, true);
}

absl::StatusOr<std::string> as_ascii(std::string_view text) {
  const auto fits = [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7F); };
  // The em dash of a signed note's signature lines (C2SP signed-note) is the one exception.
  std::string rest(text);
  for (std::size_t at = 0; (at = rest.find("\xE2\x80\x94", at)) != std::string::npos;) {
    rest.erase(at, 3);
  }
  if (!std::all_of(rest.begin(), rest.end(), fits)) return invalid("must be printable ASCII");
  return std::string(text);
}

absl::StatusOr<std::string> as_compact(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (std::count(text.begin(), text.end(), '.') != 2 ||
      !std::all_of(text.begin(), text.end(), fits)) {
    return invalid("must be a compact JWS");
  }
  return std::string(text);
}

absl::StatusOr<std::string> as_recipient(std::string_view text) {
  LS_RETURN_IF_ERROR(crypto::age::Recipient::parse(text).status());
  return std::string(text);
}

std::string read(json::Reader& r, std::string_view name, std::size_t max, Form form) {
  return r.string_as(name, max, form);
}

std::string read_optional(json::Reader& r, std::string_view name, std::size_t max, Form form) {
  return r.has(name) ? read(r, name, max, form) : std::string();
}

std::vector<std::string> read_list(json::Reader& r, std::string_view name, std::size_t count_max,
                                   std::size_t max, Form form) {
  std::vector<std::string> texts = r.strings(name, count_max, max);
  for (const std::string& text : texts) {
    if (r.failed()) return {};
    if (const auto result = form(text); !result.ok()) r.fail(name, result.status());
  }
  return texts;
}

std::string read_jwk(json::Reader& r, std::string_view name) {
  const std::string text = r.text_of(name);
  if (r.failed()) return {};
  const auto key = crypto::VerifyKey::from_jwk(text);
  if (key.ok()) return key->to_jwk();
  r.fail(name, key.status());
  return {};
}

Instant read_seconds(json::Reader& r, std::string_view name) {
  return from_unix_seconds(r.integer(name, 1, kSecondsMax));
}

Instant read_optional_seconds(json::Reader& r, std::string_view name) {
  return from_unix_seconds(r.optional_integer(name, 1, kSecondsMax).value_or(0));
}

Interval read_interval(json::Reader& r) {
  constexpr std::size_t kTimeMax = 40;
  Interval interval;
  interval.from = r.string_as("from", kTimeMax, from_rfc3339);
  interval.to = r.string_as("to", kTimeMax, from_rfc3339);
  if (!r.failed() && interval.empty()) r.fail("to", invalid("must be after `from`"));
  return interval;
}

Common read_common(json::Reader& r) {
  Common common;
  r.integer("v", kVersion, kVersion);
  common.iss = read(r, "iss", kThumbprintSize, as_thumbprint);
  common.aud = read(r, "aud", kThumbprintSize, as_audience);
  common.jti = read(r, "jti", kTokenSize, as_token);
  common.iat = read_seconds(r, "iat");
  common.exp = read_seconds(r, "exp");
  if (!r.failed() && common.exp <= common.iat) r.fail("exp", invalid("must be after `iat`"));
  return common;
}

json::Writer write_common(const Common& common) {
  json::Writer w;
  w.integer("v", kVersion)
      .string("iss", common.iss)
      .string("aud", common.aud)
      .string("jti", common.jti)
      .integer("iat", to_unix_seconds(common.iat))
      .integer("exp", to_unix_seconds(common.exp));
  return w;
}

void write_interval(json::Writer& w, const Interval& interval) {
  w.string("from", to_rfc3339(interval.from)).string("to", to_rfc3339(interval.to));
}

void write_optional_seconds(json::Writer& w, std::string_view name, Instant instant) {
  if (instant != Instant{}) w.integer(name, to_unix_seconds(instant));
}

}  // namespace latchstring::wire
