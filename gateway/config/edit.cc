#include "gateway/config/edit.h"

#include <algorithm>
#include <vector>

#include "gateway/base/status.h"
#include "gateway/yaml/yaml.h"

namespace latchstring::config {
namespace {

using yaml::Node;

// Text with the offsets of its lines: what stands between the tree's places and the bytes.
class Editor {
 public:
  explicit Editor(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text_.size(); ++i)
      if (text_[i] == '\n') starts_.push_back(i + 1);
  }

  const std::string& text() const { return text_; }
  char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }

  std::size_t offset_of(const yaml::Place& place) const {
    std::size_t offset = line_start(place.line);
    for (int column = 1; column < place.column; ++column) offset = next_character(offset);
    return offset;
  }

  // Of the line with this number; one past the end for later ones.
  std::size_t line_start(int line) const {
    const auto index = static_cast<std::size_t>(line - 1);
    return index < starts_.size() ? starts_[index] : text_.size();
  }

  // The first line after `first` and before `end` that holds nothing of what `first` began:
  // comments and empty lines at the end belong to what follows.
  int content_end(int first, int end) const {
    int last = end;
    while (last > first + 1 && !has_content(last - 1)) --last;
    return last;
  }

  int line_count() const { return static_cast<int>(starts_.size()); }

  std::string replaced(std::size_t from, std::size_t to, std::string_view by) const {
    return text_.substr(0, from) + std::string(by) + text_.substr(to);
  }

  // The end of the flow value that begins at `offset`: its `,` or closing bracket, white space
  // before that excluded.
  std::size_t flow_value_end(std::size_t offset) const {
    int depth = 0;
    std::size_t end = offset;
    for (std::size_t i = offset; i < text_.size();) {
      const char c = text_[i];
      const bool closes = c == '}' || c == ']';
      if (depth == 0 && (closes || c == ',')) return end;
      if (c == '{' || c == '[') ++depth;
      if (closes) --depth;
      const bool is_comment = c == '#' && i > 0 && is_space(text_[i - 1]);
      if (is_comment) {
        i = std::min(text_.find('\n', i), text_.size());
        continue;
      }
      const bool quote_opens = (c == '"' || c == '\'') && opens_scalar(i);
      i = quote_opens ? after_quotes(i) : i + 1;
      if (!is_space(c)) end = i;
    }
    return end;
  }

  // The bracket that closes the flow collection that opens at `offset`.
  std::size_t flow_close(std::size_t offset) const {
    std::size_t i = offset + 1;
    while (i < text_.size()) {
      i = skip_space_and_comments(flow_value_end(i));
      if (at(i) != ',') return i;
      ++i;
    }
    return i;
  }

  std::size_t skip_space_and_comments(std::size_t i) const {
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

  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r'; }

 private:
  std::size_t next_character(std::size_t offset) const {
    ++offset;
    while (offset < text_.size() && (static_cast<unsigned char>(text_[offset]) & 0xc0) == 0x80)
      ++offset;
    return offset;
  }

  bool has_content(int line) const {
    const std::size_t end = line_start(line + 1);
    std::size_t i = line_start(line);
    while (i < end && is_space(text_[i])) ++i;
    return i < end && text_[i] != '#';
  }

  // A quote in the middle of a plain scalar is only a character.
  bool opens_scalar(std::size_t i) const {
    while (i > 0 && is_space(text_[i - 1])) --i;
    return i == 0 || std::string_view("{[,:").find(text_[i - 1]) != std::string_view::npos;
  }

  std::size_t after_quotes(std::size_t open) const {
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

  const std::string text_;
  std::vector<std::size_t> starts_;
};

// A top-level key, its value and the first line after both.
struct Section {
  const yaml::Key* key = nullptr;
  const Node* value = nullptr;
  int end = 0;
};

absl::StatusOr<Node> parse(std::string_view text, std::string_view file_name) {
  yaml::Faults faults(file_name, text);
  std::optional<Node> root = yaml::parse(text, faults);
  if (!root.has_value()) return faults.status();
  return *std::move(root);
}

std::optional<Section> find_section(const Editor& editor, const Node& root, std::string_view name) {
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    if (root.keys[i].text != name) continue;
    const int end =
        i + 1 < root.keys.size() ? root.keys[i + 1].place.line : editor.line_count() + 1;
    return Section{&root.keys[i], &root.items[i], end};
  }
  return std::nullopt;
}

absl::StatusOr<std::size_t> find_key(const Node& map, std::string_view file_name,
                                     std::string_view section, std::string_view id) {
  for (std::size_t i = 0; i < map.keys.size(); ++i)
    if (map.keys[i].text == id) return i;
  return not_found("`{}` has no `{}` under \"{}\"", file_name, id, section);
}

bool is_flow(const Editor& editor, const Node& node) {
  const char first = editor.at(editor.offset_of(node.place));
  return first == '{' || first == '[';
}

std::string new_line(const Editor& editor, std::size_t offset, std::string_view line) {
  const bool needs_break = offset > 0 && editor.at(offset - 1) != '\n';
  return fmt::format("{}{}\n", needs_break ? "\n" : "", line);
}

// Behind the last line of a block collection whose entries begin at `last`, in the same column.
std::string append_line(const Editor& editor, const yaml::Place& last, int end,
                        std::string_view line) {
  const std::size_t offset = editor.line_start(editor.content_end(last.line, end));
  const std::string indented =
      fmt::format("{}{}", std::string(static_cast<std::size_t>(last.column - 1), ' '), line);
  return editor.replaced(offset, offset, new_line(editor, offset, indented));
}

std::string append_in_flow(const Editor& editor, const Node& node, std::string_view entry) {
  if (node.items.empty()) {
    const std::size_t close = editor.flow_close(editor.offset_of(node.place));
    return editor.replaced(close, close, entry);
  }
  const std::size_t end = editor.flow_value_end(editor.offset_of(node.items.back().place));
  const std::size_t comma = editor.skip_space_and_comments(end);
  if (editor.at(comma) != ',') return editor.replaced(end, end, fmt::format(", {}", entry));
  return editor.replaced(comma + 1, comma + 1, fmt::format(" {}", entry));
}

// The item with this index, which begins at `begin` (its key, in a map), with the comma on one
// side.
std::string remove_in_flow(const Editor& editor, const Node& node, std::size_t index,
                           std::size_t begin) {
  const std::size_t value = editor.offset_of(node.items[index].place);
  std::size_t end = editor.flow_value_end(value);
  const std::size_t comma = editor.skip_space_and_comments(end);
  if (editor.at(comma) == ',') {
    end = comma + 1;
    while (editor.at(end) == ' ') ++end;
  } else if (index > 0) {
    const std::size_t before = editor.flow_value_end(editor.offset_of(node.items[index - 1].place));
    // A comment in between stays, and with it the comma before it.
    const std::string_view between = std::string_view(editor.text()).substr(before, begin - before);
    if (between.find('#') == std::string_view::npos) begin = before;
  }
  return editor.replaced(begin, end, "");
}

int end_of_entry(const Editor& editor, const Section& section, std::size_t index) {
  const auto& keys = section.value->keys;
  const int next = index + 1 < keys.size() ? keys[index + 1].place.line : section.end;
  return editor.content_end(keys[index].place.line, next);
}

// Strict YAML has no empty values: a section without entries is written `{}`.
std::string empty_section(const Editor& editor, const Section& section, int first, int end) {
  std::string text = editor.replaced(editor.line_start(first), editor.line_start(end), "");
  const std::size_t colon =
      text.find(':', editor.offset_of(section.key->place) + section.key->text.size());
  return text.insert(colon + 1, " {}");
}

absl::StatusOr<const Node*> find_list(const Node& root, std::string_view file_name,
                                      std::string_view section, std::string_view key) {
  const Node* map = root.find(section);
  const Node* list = map != nullptr && map->is_map() ? map->find(key) : nullptr;
  if (list == nullptr || !list->is_list())
    return not_now("`{}` has no list \"{}\" under \"{}\"", file_name, key, section);
  return list;
}

}  // namespace

absl::StatusOr<std::string> insert_entry(std::string_view text, std::string_view file_name,
                                         std::string_view section, std::string_view id,
                                         std::string_view value) {
  LS_ASSIGN(const Node root, parse(text, file_name));
  const Editor editor(text);
  const std::string entry = fmt::format("{}: {}", id, value);
  const auto found = find_section(editor, root, section);
  if (!found.has_value()) {
    const std::size_t end = text.size();
    return editor.replaced(end, end,
                           new_line(editor, end, fmt::format("{}:\n  {}", section, entry)));
  }
  if (!found->value->is_map())
    return not_now("\"{}\" in `{}` is not a map of entries", section, file_name);
  if (found->value->find(id) != nullptr)
    return not_now("`{}` already has `{}` under \"{}\"", file_name, id, section);
  if (is_flow(editor, *found->value)) return append_in_flow(editor, *found->value, entry);
  return append_line(editor, found->value->keys.back().place, found->end, entry);
}

absl::StatusOr<std::string> replace_entry(std::string_view text, std::string_view file_name,
                                          std::string_view section, std::string_view id,
                                          std::string_view value) {
  LS_ASSIGN(const Node root, parse(text, file_name));
  const Editor editor(text);
  const auto found = find_section(editor, root, section);
  if (!found.has_value()) return not_found("`{}` has no \"{}\"", file_name, section);
  LS_ASSIGN(const std::size_t index, find_key(*found->value, file_name, section, id));
  const std::size_t begin = editor.offset_of(found->value->keys[index].place);
  const std::string entry = fmt::format("{}: {}", id, value);
  if (is_flow(editor, *found->value)) {
    const std::size_t at = editor.offset_of(found->value->items[index].place);
    return editor.replaced(begin, editor.flow_value_end(at), entry);
  }
  const std::size_t end = editor.line_start(end_of_entry(editor, *found, index));
  return editor.replaced(begin, end, entry + "\n");
}

absl::StatusOr<std::string> remove_entry(std::string_view text, std::string_view file_name,
                                         std::string_view section, std::string_view id) {
  LS_ASSIGN(const Node root, parse(text, file_name));
  const Editor editor(text);
  const auto found = find_section(editor, root, section);
  if (!found.has_value()) return not_found("`{}` has no \"{}\"", file_name, section);
  LS_ASSIGN(const std::size_t index, find_key(*found->value, file_name, section, id));
  const yaml::Place& place = found->value->keys[index].place;
  if (is_flow(editor, *found->value)) {
    return remove_in_flow(editor, *found->value, index, editor.offset_of(place));
  }
  const int end = end_of_entry(editor, *found, index);
  if (found->value->keys.size() == 1) return empty_section(editor, *found, place.line, end);
  return editor.replaced(editor.line_start(place.line), editor.line_start(end), "");
}

absl::StatusOr<std::string> insert_word(std::string_view text, std::string_view file_name,
                                        std::string_view section, std::string_view key,
                                        std::string_view word) {
  LS_ASSIGN(const Node root, parse(text, file_name));
  const Editor editor(text);
  LS_ASSIGN(const Node* list, find_list(root, file_name, section, key));
  for (const Node& item : list->items)
    if (item.text == word) return not_now("`{}` already has `{}`", file_name, word);
  if (is_flow(editor, *list)) return append_in_flow(editor, *list, word);
  // A block list of words has one line each: `- alex`; the item's place is behind the dash.
  const yaml::Place& last = list->items.back().place;
  const std::size_t line = editor.line_start(last.line);
  const std::size_t dash = editor.text().find('-', line);
  const std::size_t next = editor.line_start(last.line + 1);
  const std::string indent(dash - line, ' ');
  return editor.replaced(next, next, new_line(editor, next, indent + "- " + std::string(word)));
}

absl::StatusOr<std::string> remove_word(std::string_view text, std::string_view file_name,
                                        std::string_view section, std::string_view key,
                                        std::string_view word) {
  LS_ASSIGN(const Node root, parse(text, file_name));
  const Editor editor(text);
  LS_ASSIGN(const Node* list, find_list(root, file_name, section, key));
  const auto item = std::find_if(list->items.begin(), list->items.end(),
                                 [&](const Node& node) { return node.text == word; });
  if (item == list->items.end()) return not_found("`{}` has no `{}`", file_name, word);
  if (list->items.size() == 1) return not_now("`{}` is the last one in \"{}\"", word, key);
  const std::size_t begin = editor.offset_of(item->place);
  if (is_flow(editor, *list)) {
    const auto index = static_cast<std::size_t>(item - list->items.begin());
    return remove_in_flow(editor, *list, index, begin);
  }
  return editor.replaced(editor.line_start(item->place.line),
                         editor.line_start(item->place.line + 1), "");
}

std::string camera_value(const Camera& camera) {
  std::string value = fmt::format("{{url: {}", yaml_text(camera.url));
  if (!camera.user.empty()) value += fmt::format(", user: {}", yaml_text(camera.user));
  if (!camera.password_credential.empty())
    value += fmt::format(", password_credential: {}", camera.password_credential);
  if (camera.audio) value += ", audio: yes";
  if (!camera.label.empty()) value += fmt::format(", label: {}", yaml_text(camera.label));
  return value + "}";
}

std::string yaml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace latchstring::config
