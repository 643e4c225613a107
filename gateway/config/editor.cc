#include "gateway/config/editor.h"

#include <algorithm>

namespace latchstring::config {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r';
}

}  // namespace

Editor::Editor(std::string_view text) : text_(text) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') starts_.push_back(i + 1);
}

std::size_t Editor::offset_of(const yaml::Place& place) const {
  std::size_t offset = line_start(place.line);
  for (int column = 1; column < place.column; ++column) offset = next_character(offset);
  return offset;
}

std::size_t Editor::line_start(int line) const {
  const auto index = static_cast<std::size_t>(line - 1);
  return index < starts_.size() ? starts_[index] : text_.size();
}

int Editor::content_end(int first, int end) const {
  int last = end;
  while (last > first + 1 && !has_content(last - 1)) --last;
  return last;
}

std::size_t Editor::flow_value_end(std::size_t offset) const {
  int depth = 0;
  std::size_t end = offset;
  for (std::size_t i = offset; i < text_.size();) {
    const char c = text_[i];
    const bool closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',')) return end;
    if (c == '{' || c == '[') ++depth;
    if (closes) --depth;
    if (opens_comment(i)) {
      i = std::min(text_.find('\n', i), text_.size());
      continue;
    }
    i = opens_scalar(i) ? after_quotes(i) : i + 1;
    if (!is_space(c)) end = i;
  }
  return end;
}

std::size_t Editor::flow_close(std::size_t offset) const {
  std::size_t i = offset + 1;
  while (i < text_.size()) {
    i = skip_space_and_comments(flow_value_end(i));
    if (at(i) != ',') return i;
    ++i;
  }
  return i;
}

std::size_t Editor::skip_space_and_comments(std::size_t i) const {
  while (i < text_.size()) {
    if (text_[i] == '#') {
      i = std::min(text_.find('\n', i), text_.size());
    } else if (is_space(text_[i])) {
      ++i;
    } else {
      break;
    }
  }
  return i;
}

bool Editor::has_comment(std::size_t from, std::size_t to) const {
  for (std::size_t i = from; i < to; i = opens_scalar(i) ? after_quotes(i) : i + 1)
    if (opens_comment(i)) return true;
  return false;
}

std::size_t Editor::next_character(std::size_t offset) const {
  ++offset;
  while (offset < text_.size() && (static_cast<unsigned char>(text_[offset]) & 0xc0) == 0x80)
    ++offset;
  return offset;
}

bool Editor::has_content(int line) const {
  const std::size_t end = line_start(line + 1);
  std::size_t i = line_start(line);
  while (i < end && is_space(text_[i])) ++i;
  return i < end && text_[i] != '#';
}

bool Editor::opens_comment(std::size_t i) const {
  return text_[i] == '#' && i > 0 && is_space(text_[i - 1]);
}

// A quote in the middle of a plain scalar is only a character.
bool Editor::opens_scalar(std::size_t i) const {
  if (text_[i] != '"' && text_[i] != '\'') return false;
  while (i > 0 && is_space(text_[i - 1])) --i;
  return i == 0 || std::string_view("{[,:").find(text_[i - 1]) != std::string_view::npos;
}

std::size_t Editor::after_quotes(std::size_t open) const {
  const char quote = text_[open];
  for (std::size_t i = open + 1; i < text_.size(); ++i) {
    if (quote == '"' && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (quote == '\'' && at(i + 1) == '\'') {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return text_.size();
}

}  // namespace latchstring::config
