#include "gateway/yaml/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace latchstring::yaml {
namespace {

struct Trap {
  char32_t first;
  char32_t last;
  std::string_view what;
  std::string_view hint;
};

constexpr std::string_view kInvisible = "delete this place and type it anew";
constexpr std::string_view kCurlyQuote = "a curly quote";
constexpr std::array kTraps{
    Trap{0x09, 0x09, "a tab", "use spaces"},
    Trap{0x0D, 0x0D, "a carriage return in mid-line", kInvisible},
    Trap{0x00, 0x1F, "a control character", kInvisible},
    Trap{0x7F, 0x9F, "a control character", kInvisible},
    Trap{0xA0, 0xA0, "a no-break space", "type an ordinary space"},
    Trap{0x2018, 0x201F, kCurlyQuote, "type a straight quote: \" or '"},
    Trap{0xAB, 0xAB, kCurlyQuote, "type a straight quote: \" or '"},
    Trap{0xBB, 0xBB, kCurlyQuote, "type a straight quote: \" or '"},
    Trap{0x2039, 0x203A, kCurlyQuote, "type a straight quote: \" or '"},
    Trap{0x1680, 0x1680, "an unusual space", "type an ordinary space"},
    Trap{0x2000, 0x200A, "an unusual space", "type an ordinary space"},
    Trap{0x202F, 0x202F, "a no-break space", "type an ordinary space"},
    Trap{0x205F, 0x205F, "an unusual space", "type an ordinary space"},
    Trap{0x3000, 0x3000, "an unusual space", "type an ordinary space"},
    Trap{0xAD, 0xAD, "an invisible character", kInvisible},
    Trap{0x180E, 0x180E, "an invisible character", kInvisible},
    Trap{0x200B, 0x200F, "an invisible character", kInvisible},
    Trap{0x2028, 0x202E, "an invisible character", kInvisible},
    Trap{0x2060, 0x206F, "an invisible character", kInvisible},
    Trap{0xFEFF, 0xFEFF, "an invisible character (byte order mark)",
         "save the file as UTF-8 without a byte order mark"},
    Trap{0xFFF0, 0xFFFF, "an invisible character", kInvisible},
    Trap{0xE0000, 0xE0FFF, "an invisible character", kInvisible},
};

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

char32_t decode(std::string_view text, std::size_t at, std::size_t length) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[at + i]));
  };
  if (length == 1) return byte(0);
  char32_t code = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (byte(i) & 0x3F);
  return code;
}

const Trap* trap_at(char32_t code) {
  const auto found = std::find_if(kTraps.begin(), kTraps.end(), [code](const Trap& trap) {
    return trap.first <= code && code <= trap.last;
  });
  return found == kTraps.end() ? nullptr : &*found;
}

// Follows a file's characters, so that quotes can be judged by what stands before them.
class Lines {
 public:
  Lines(std::string_view text, Faults& faults) : text_(text), faults_(faults) {}

  bool scan() {
    while (at_ < text_.size()) {
      if (text_[at_] == '\n') {
        start_line();
        continue;
      }
      const std::size_t length = utf8_length(text_, at_);
      if (length == 0) {
        faults_.add(place(), "This file is not UTF-8 text.", "save it as UTF-8");
        return false;
      }
      if (const Trap* trap = trap_at(decode(text_, at_, length))) {
        add_once(*trap);
        step(length);
      } else {
        character(length);
      }
    }
    return sound_;
  }

  std::optional<Bracket> unclosed() const {
    return open_.empty() ? std::nullopt : std::optional(open_.back());
  }

 private:
  bool inside_quotes() const { return quote_end_ != 0 && at_ <= quote_end_; }

  Place place(int width = 1) const { return {line_, column_, width}; }

  void step(std::size_t bytes) {
    at_ += bytes;
    ++column_;
  }

  void start_line() {
    ++at_;
    ++line_;
    column_ = 1;
    in_comment_ = false;
    token_may_start_ = true;
    trap_in_line_ = nullptr;
  }

  // One fault per kind and line is enough.
  void add_once(const Trap& trap) {
    sound_ = false;
    if (trap_in_line_ == trap.what.data()) return;
    trap_in_line_ = trap.what.data();
    faults_.add(place(), fmt::format("There is {} here.", trap.what), std::string(trap.hint));
  }

  void character(std::size_t length) {
    const char c = text_[at_];
    const bool after_blank = column_ == 1 || text_[at_ - 1] == ' ';
    if (in_comment_ || (c == '#' && after_blank && !inside_quotes())) {
      in_comment_ = true;
      step(length);
    } else if (c == '%' && column_ == 1) {
      refuse("A line must not begin with \"%\".", "take this line out");
    } else if ((c == '"' || c == '\'') && token_may_start_) {
      quoted();
    } else {
      follow(c, length);
    }
  }

  void refuse(std::string message, std::string hint) {
    sound_ = false;
    faults_.add(place(), std::move(message), std::move(hint));
    step(1);
  }

  void quoted() {
    const std::size_t close = closing_quote(text_, at_);
    if (close == std::string_view::npos) {
      return refuse("This quote is not closed on its line.",
                    fmt::format("close it with {}", text_[at_]));
    }
    // Traps inside the quotes are still looked for; only the quotes themselves are passed over.
    quote_end_ = close;
    token_may_start_ = false;
    step(1);
  }

  void follow(char c, std::size_t length) {
    const bool next_is_blank =
        at_ + 1 >= text_.size() || text_[at_ + 1] == ' ' || text_[at_ + 1] == '\n';
    if (!inside_quotes()) {
      if ((c == '[' || c == '{') && (token_may_start_ || !open_.empty())) {
        open_.push_back({place(), c});
        token_may_start_ = true;
      } else if ((c == ']' || c == '}') && !open_.empty()) {
        open_.pop_back();
        token_may_start_ = false;
      } else if (c == ',' && !open_.empty()) {
        token_may_start_ = true;
      } else if ((c == ':' || (c == '-' && token_may_start_)) && next_is_blank) {
        token_may_start_ = true;
      } else if (c != ' ') {
        token_may_start_ = false;
      }
    }
    step(length);
  }

  const std::string_view text_;
  Faults& faults_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
  std::vector<Bracket> open_;
  std::size_t quote_end_ = 0;  // the quoted scalar last seen closes here
  bool in_comment_ = false;
  bool token_may_start_ = true;
  bool sound_ = true;
  const char* trap_in_line_ = nullptr;
};

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text, at + i)) return 0;
  }
  if (length < 3) return length;
  const char32_t code = decode(text, at, length);
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::size_t closing_quote(std::string_view text, std::size_t open) {
  const char quote = text[open];
  for (std::size_t at = open + 1; at < text.size() && text[at] != '\n'; ++at) {
    if (quote == '"' && text[at] == '\\') {
      if (at + 1 >= text.size() || text[at + 1] == '\n') return std::string_view::npos;
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return at;
      ++at;
    }
  }
  return std::string_view::npos;
}

bool scan_bytes(std::string_view text, Faults& faults) {
  return Lines(text, faults).scan();
}

std::optional<Bracket> unclosed_bracket(std::string_view text) {
  Faults ignored("", "");
  Lines lines(text, ignored);
  lines.scan();
  return lines.unclosed();
}

std::optional<char32_t> unseen(std::string_view text, std::size_t at, std::size_t length) {
  const char32_t code = decode(text, at, length);
  const Trap* trap = code < 0xA0 ? nullptr : trap_at(code);
  if (trap == nullptr || trap->what == kCurlyQuote) return std::nullopt;
  return code;
}

std::optional<char32_t> first_unseen(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text, at), 1);
    const char32_t code = decode(text, at, length);
    if (code < 0x20 || (code >= 0x7F && code < 0xA0) || unseen(text, at, length)) return code;
    at += length;
  }
  return std::nullopt;
}

}  // namespace latchstring::yaml
