#include "gateway/yaml/guess.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/yaml/scan.h"

namespace latchstring::yaml {
namespace {

constexpr std::string_view kBlank = " \n";
constexpr std::string_view kWord =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

// What a line says: without indentation, dashes, comment and blanks at its end.
struct Line {
  std::size_t begin = 0;  // of `text`, in the file
  std::size_t indent = 0;
  std::string_view text;
};

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

std::size_t line_begin(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

Line line_at(std::string_view text, std::size_t at) {
  const std::size_t begin = line_begin(text, at);
  std::string_view line = text.substr(begin, std::min(text.find('\n', at), text.size()) - begin);
  line = line.substr(0, line.find(" #"));
  std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  while (line.substr(indent).starts_with("- ") &&
         line.find_first_not_of(' ', indent + 1) != std::string_view::npos) {
    indent = line.find_first_not_of(' ', indent + 1);
  }
  if (line.substr(indent).starts_with('#')) line = line.substr(0, indent);
  return {begin + indent, indent, trimmed(line.substr(indent))};
}

// The nearest line above this one that says something.
Line line_above(std::string_view text, std::size_t at) {
  for (std::size_t begin = line_begin(text, at); begin > 0; begin = line_begin(text, begin - 1)) {
    const Line line = line_at(text, begin - 1);
    if (!line.text.empty()) return line;
  }
  return {};
}

bool has_colon(std::string_view line) {
  return line.ends_with(':') || line.find(": ") != std::string_view::npos;
}

std::string_view word_at(std::string_view text, std::size_t at) {
  return text.substr(at, std::min(text.find_first_not_of(kWord, at), text.size()) - at);
}

struct Stop {
  std::string_view text;
  std::size_t at;
  char c;                   // what stands there
  std::string_view before;  // on the same line
  Line here;
  Line above;
  std::optional<Bracket> inside;
};

using Found = std::optional<Guess>;

Found wrong_bracket(const Stop& stop) {
  if (stop.c != ']' && stop.c != '}') return std::nullopt;
  if (!stop.inside) {
    return Guess{stop.at, 1, fmt::format("This \"{}\" closes nothing.", stop.c), "take it out"};
  }
  const char right = stop.inside->which == '[' ? ']' : '}';
  if (stop.c == right) return std::nullopt;
  return Guess{stop.at, 1,
               fmt::format("This \"{}\" does not close the \"{}\".", stop.c, stop.inside->which),
               fmt::format("write {}", right)};
}

Found reserved_letter(const Stop& stop) {
  if (std::string_view("@`%,?").find(stop.c) == std::string_view::npos) return std::nullopt;
  return Guess{stop.at, 1, fmt::format("A text must not begin with \"{}\".", stop.c),
               "put it in quotes"};
}

Found reference(const Stop& stop) {
  const bool here = stop.c == '*';
  if (!here && !stop.before.ends_with('*')) return std::nullopt;
  const std::size_t star = here ? stop.at : stop.at - 1;
  const bool alone = word_at(stop.text, std::min(star + 1, stop.text.size())).empty();
  return Guess{star, 1, "References (\"*name\") are not allowed.",
               alone ? "for all of them write any" : "write the text out"};
}

Found anchor(const Stop& stop) {
  if (!stop.before.ends_with('&')) return std::nullopt;
  return Guess{stop.at - 1, 1, "Anchors (\"&name\") are not allowed.",
               "take it out, or put the text in quotes"};
}

Found dash_without_space(const Stop& stop) {
  if (stop.at != stop.here.begin || stop.c != '-' || stop.here.text.size() < 2) return std::nullopt;
  return Guess{stop.at, 1, "A space is missing after the dash.",
               fmt::format("write \"- {}\"", stop.here.text.substr(1))};
}

Guess comma_before(std::size_t at, std::string_view word) {
  return {at, word.size(), "A comma is missing here.",
          fmt::format("put a comma before \"{}\"", word)};
}

Found text_after_quote(const Stop& stop) {
  const std::string_view before = trimmed(stop.before);
  if (!before.ends_with('"') && !before.ends_with('\'')) return std::nullopt;
  const std::string_view word = word_at(stop.text, stop.at);
  const bool is_key = stop.text.substr(stop.at + word.size()).starts_with(':');
  if (stop.inside && !word.empty() && (is_key || stop.inside->which == '[')) {
    return comma_before(stop.at, word);
  }
  if (stop.c == ':') return std::nullopt;
  return Guess{stop.at, std::max<std::size_t>(word.size(), 1),
               "There is text after the closing quote.", "put all of it inside the quotes"};
}

// `["a" "b"]`
Found comma_before_quote(const Stop& stop) {
  const bool is_quote = stop.c == '"' || stop.c == '\'';
  if (!is_quote || !stop.inside || trimmed(stop.before).empty()) return std::nullopt;
  const std::size_t close = closing_quote(stop.text, stop.at);
  return Guess{stop.at, close - stop.at + 1, "A comma is missing here.", "put a comma before it"};
}

Found text_after_bracket(const Stop& stop) {
  const std::string_view before = trimmed(stop.before);
  if (!before.ends_with(']') && !before.ends_with('}')) return std::nullopt;
  const std::string_view word = word_at(stop.text, stop.at);
  if (!stop.inside) {
    return Guess{stop.at, std::max<std::size_t>(word.size(), 1),
                 "There is text after the closing bracket.", "put it on a line of its own"};
  }
  if (!word.empty()) return comma_before(stop.at, word);
  return Guess{stop.at, 1, "A comma is missing here.", "put a comma before it"};
}

Found comma_left_out(const Stop& stop) {
  if (stop.c != ':' || !stop.inside) return std::nullopt;
  const std::string_view all = stop.text.substr(0, stop.at);
  const std::size_t begin = all.find_last_not_of(kWord) + 1;
  const std::string_view before = trimmed(all.substr(0, begin));
  const bool first =
      before.empty() || std::string_view(",[{:").find(before.back()) != std::string_view::npos;
  if (first || begin == stop.at) return std::nullopt;
  return comma_before(begin, all.substr(begin));
}

Found colon_left_out_above(const Stop& stop) {
  const std::string_view line = stop.above.text;
  const std::string_view word = word_at(line, 0);
  if (stop.c != ':' || has_colon(stop.before) || word.empty() || has_colon(line)) {
    return std::nullopt;
  }
  std::string_view rest = trimmed(line.substr(word.size()));
  const bool has_sign = rest.starts_with(':') || rest.starts_with('=');
  const bool only_space = rest.starts_with(':');
  if (has_sign) rest = trimmed(rest.substr(1));
  return Guess{stop.above.begin, line.size(),
               only_space ? "A space is missing after the colon." : "A colon is missing here.",
               fmt::format("write \"{}: {}\"", word, rest.empty() ? "..." : rest)};
}

Found second_colon(const Stop& stop) {
  if (stop.c != ':' || !has_colon(stop.before)) return std::nullopt;
  return Guess{stop.at, 1, "There is a second colon in this line.",
               "put the text in quotes, or begin a new line"};
}

Guess indented(const Line& line, std::string_view how) {
  return {line.begin, line.text.size(),
          fmt::format("This line is indented {} than the one above.", how),
          "begin it below the line above"};
}

Found other_indentation(const Stop& stop) {
  const bool at_begin = trimmed(stop.before).empty() || stop.at == stop.here.begin;
  if (!at_begin || stop.above.text.empty() || stop.here.indent == stop.above.indent) {
    return std::nullopt;
  }
  return indented(stop.here, stop.here.indent > stop.above.indent ? "more" : "less");
}

Found dash_out_of_place(const Stop& stop) {
  if (stop.c != '-') return std::nullopt;
  return Guess{stop.at, 1, "A dash does not fit here.", "take it out, or put the text in quotes"};
}

// The first that fits is told.
constexpr Found (*kGuesses[])(const Stop&) = {
    wrong_bracket,      reserved_letter,   reference,          anchor,         dash_without_space,
    comma_before_quote, text_after_quote,  text_after_bracket, comma_left_out, colon_left_out_above,
    second_colon,       other_indentation, dash_out_of_place,
};

}  // namespace

Guess why_stopped(std::string_view text, std::size_t at) {
  const std::size_t begin = line_begin(text, at);
  const Stop stop{text,
                  at,
                  at < text.size() ? text[at] : '\n',
                  text.substr(begin, at - begin),
                  line_at(text, at),
                  line_above(text, at),
                  unclosed_bracket(text.substr(0, at))};
  for (const auto& guess : kGuesses) {
    if (auto found = guess(stop)) return *std::move(found);
  }
  return {at, 1, "I cannot read this line.",
          "look at the indentation, quotes, brackets and colons here and just above"};
}

Guess why_run_on(std::string_view text, std::size_t at) {
  std::size_t newline = text.find('\n', at);
  while (newline != std::string_view::npos && newline + 1 < text.size()) {
    const Line next = line_at(text, newline + 1);
    if (has_colon(next.text) && !unclosed_bracket(text.substr(0, at))) {
      return indented(next, "more");
    }
    if (!next.text.empty()) break;
    newline = text.find('\n', newline + 1);
  }
  return {at, std::min(text.find('\n', at), text.size()) - at,
          "This text runs on in the next line.",
          "keep it on one line, in quotes if it holds \": \" or \" #\""};
}

std::optional<std::size_t> lone_dash(std::string_view text, std::size_t at) {
  const Line line = line_above(text, at);
  return line.text == "-" ? std::optional(line.begin) : std::nullopt;
}

}  // namespace latchstring::yaml
