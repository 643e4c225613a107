// What the decoders of this module share: forms of text, the common claims. Private to
// gateway/wire.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/json/json.h"
#include "gateway/wire/objects.h"

namespace latchstring::wire {

using Form = absl::StatusOr<std::string> (*)(std::string_view);

absl::StatusOr<std::string> as_id(std::string_view text);          // [a-z2-7]{10}
absl::StatusOr<std::string> as_hash(std::string_view text);        // 64 lower-case hex digits
absl::StatusOr<std::string> as_thumbprint(std::string_view text);  // RFC 7638, 43 characters
absl::StatusOr<std::string> as_token(std::string_view text);       // 128 bits, base64url
absl::StatusOr<std::string> as_audience(std::string_view text);    // any, an id, or a thumbprint
absl::StatusOr<std::string> as_word(std::string_view text);        // [a-z][a-z0-9_]*
absl::StatusOr<std::string> as_label(std::string_view text);
absl::StatusOr<std::string> as_line(std::string_view text);       // one line for people
absl::StatusOr<std::string> as_lines(std::string_view text);      // the same with line feeds
absl::StatusOr<std::string> as_ascii(std::string_view text);      // printable, and line feeds
absl::StatusOr<std::string> as_compact(std::string_view text);    // three base64url parts
absl::StatusOr<std::string> as_recipient(std::string_view text);  // age1...

std::string read(json::Reader& r, std::string_view name, std::size_t max, Form form);
std::string read_optional(json::Reader& r, std::string_view name, std::size_t max, Form form);
std::vector<std::string> read_list(json::Reader& r, std::string_view name, std::size_t count_max,
                                   std::size_t max, Form form);
std::string read_jwk(json::Reader& r, std::string_view name);

Instant read_seconds(json::Reader& r, std::string_view name);
Instant read_optional_seconds(json::Reader& r, std::string_view name);
Interval read_interval(json::Reader& r);

Common read_common(json::Reader& r);
json::Writer write_common(const Common& common);
void write_interval(json::Writer& w, const Interval& interval);
void write_optional_seconds(json::Writer& w, std::string_view name, Instant instant);

}  // namespace latchstring::wire
