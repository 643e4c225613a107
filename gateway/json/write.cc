#include <fmt/format.h>

#include <cmath>

#include "gateway/base/ensure.h"
#include "gateway/json/json.h"

namespace latchstring::json {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Bytes of the UTF-8 sequence (RFC 3629) at the start of `text`; 0 where there is none.
std::size_t sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2   ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool too_high = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_high ? 0 : length;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

std::string real_text(double value) {
  ensure(std::isfinite(value));
  if (value == 0) return "0";  // also of minus zero, which is no integer's text
  return fmt::format("{}", value);
}

template <class Items, class Text>
std::string bracketed(const Items& items, Text text, char open, char close) {
  std::string out(1, open);
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += text(item);
  }
  return out + close;
}

struct Printer {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(std::uint64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return real_text(value); }
  std::string operator()(const std::string& value) const { return quote(value); }
  std::string operator()(const List& list) const { return bracketed(list, to_text, '[', ']'); }
  std::string operator()(const Object& object) const {
    const auto member = [](const Member& m) { return quote(m.first) + ":" + to_text(m.second); };
    return bracketed(object, member, '{', '}');
  }
};

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out += kReplacement;
    } else if (length == 1) {
      append_escaped(out, text[0]);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

std::string to_text(const Value& value) {
  return std::visit(Printer{}, value.held());
}

Writer& Writer::json(std::string_view name, std::string_view text) {
  if (!members_.empty()) members_ += ',';
  members_ += quote(name);
  members_ += ':';
  members_ += text;
  return *this;
}

Writer& Writer::string(std::string_view name, std::string_view value) {
  return json(name, quote(value));
}

Writer& Writer::optional_string(std::string_view name, std::string_view value) {
  return value.empty() ? *this : string(name, value);
}

Writer& Writer::integer(std::string_view name, std::int64_t value) {
  return json(name, fmt::format("{}", value));
}

Writer& Writer::natural(std::string_view name, std::uint64_t value) {
  return json(name, fmt::format("{}", value));
}

Writer& Writer::real(std::string_view name, double value) {
  return json(name, real_text(value));
}

Writer& Writer::boolean(std::string_view name, bool value) {
  return json(name, value ? "true" : "false");
}

Writer& Writer::strings(std::string_view name, const std::vector<std::string>& values) {
  return json(name, bracketed(values, quote, '[', ']'));
}

Writer& Writer::integers(std::string_view name, const std::vector<std::int64_t>& values) {
  const auto print = [](std::int64_t value) { return fmt::format("{}", value); };
  return json(name, bracketed(values, print, '[', ']'));
}

Writer& Writer::object(std::string_view name, const Writer& value) {
  return json(name, value.text());
}

Writer& Writer::objects(std::string_view name, const std::vector<Writer>& values) {
  const auto print = [](const Writer& value) { return value.text(); };
  return json(name, bracketed(values, print, '[', ']'));
}

}  // namespace latchstring::json
