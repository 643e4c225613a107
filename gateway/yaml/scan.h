// The look at a file's bytes before any YAML is parsed. Private to this module.
#pragma once

#include <optional>
#include <string_view>

#include "gateway/yaml/yaml.h"

namespace latchstring::yaml {

// Faults for what must not stand anywhere in a file: not UTF-8, invisible or misleading characters,
// tabs, directives, quotes that are not closed on their line. False: do not parse it.
bool scan_bytes(std::string_view text, Faults& faults);

// Where the quoted scalar that opens at `open` closes on the same line; npos when it does not.
std::size_t closing_quote(std::string_view text, std::size_t open);

// The number of bytes of the UTF-8 character at `at`; 0 when it is malformed.
std::size_t utf8_length(std::string_view text, std::size_t at);

std::size_t count_characters(std::string_view text);

// The innermost bracket that the text never closes.
struct Bracket {
  Place place;
  char which = '[';
};
std::optional<Bracket> unclosed_bracket(std::string_view text);

// The code of a character that a reader cannot see, or takes for a space; nullopt for all others.
std::optional<char32_t> unseen(std::string_view text, std::size_t at, std::size_t length);

// The first control character, or one of those, in a text; nullopt: there is none.
std::optional<char32_t> first_unseen(std::string_view text);

}  // namespace latchstring::yaml
