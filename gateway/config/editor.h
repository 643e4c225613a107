// The text of a strict YAML file with the offsets of its lines: what stands between the places of
// the tree and the bytes. Offsets count bytes from 0, lines from 1. Private to this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/yaml/yaml.h"

namespace latchstring::config {

class Editor {
 public:
  explicit Editor(std::string_view text);

  const std::string& text() const { return text_; }
  char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  std::size_t offset_of(const yaml::Place& place) const;
  // Of the line with this number; one past the end for later ones.
  std::size_t line_start(int line) const;
  int line_count() const { return static_cast<int>(starts_.size()); }
  // The first line after `first` and before `end` that holds nothing of what `first` began:
  // comments and empty lines at the end belong to what follows.
  int content_end(int first, int end) const;

  // The end of the flow value that begins at `offset`: its `,` or closing bracket, white space
  // before that excluded.
  std::size_t flow_value_end(std::size_t offset) const;
  // The bracket that closes the flow collection that opens at `offset`.
  std::size_t flow_close(std::size_t offset) const;
  std::size_t skip_space_and_comments(std::size_t offset) const;
  // A comment stands between the two, outside of quotes.
  bool has_comment(std::size_t from, std::size_t to) const;

  std::string between(std::size_t from, std::size_t to) const {
    return text_.substr(from, to - from);
  }
  std::string replaced(std::size_t from, std::size_t to, std::string_view by) const {
    return text_.substr(0, from) + std::string(by) + text_.substr(to);
  }

 private:
  std::size_t next_character(std::size_t offset) const;
  bool has_content(int line) const;
  bool opens_comment(std::size_t offset) const;
  bool opens_scalar(std::size_t offset) const;
  std::size_t after_quotes(std::size_t open) const;

  const std::string text_;
  std::vector<std::size_t> starts_;  // of each line
};

}  // namespace latchstring::config
