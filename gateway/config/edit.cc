#include "gateway/config/edit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/base/status.h"
#include "gateway/config/editor.h"

namespace latchstring::config {
namespace {

using yaml::Node;

// A top-level key, its value and the first line after both.
struct Section {
  const yaml::Key* key = nullptr;
  const Node* value = nullptr;
  int end = 0;
  std::size_t siblings = 0;  // keys beside it, itself included
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
    return Section{&root.keys[i], &root.items[i], end, root.keys.size()};
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

// The section without this entry, which it has.
std::string without(const Editor& editor, const Section& section, std::string_view id) {
  const auto& keys = section.value->keys;
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const yaml::Key& each) { return each.text == id; });
  const auto index = static_cast<std::size_t>(key - keys.begin());
  if (is_flow(editor, *section.value))
    return remove_in_flow(editor, *section.value, index, editor.offset_of(key->place));
  const int end = end_of_entry(editor, section, index);
  if (keys.size() == 1) return empty_section(editor, section, key->place.line, end);
  return editor.replaced(editor.line_start(key->place.line), editor.line_start(end), "");
}

// A section that stands in brackets, with a line for each entry and one for the new one; nullopt
// where that cannot be done without moving a comment.
std::optional<std::string> on_lines(const Editor& editor, const Section& section,
                                    std::string_view file_name, std::string_view entry) {
  const Node& map = *section.value;
  const std::size_t open = editor.offset_of(map.place);
  const std::size_t close = editor.flow_close(open);
  const std::size_t key = editor.offset_of(section.key->place);
  if (editor.has_comment(key, close)) return std::nullopt;
  std::string lines;
  for (std::size_t i = 0; i < map.items.size(); ++i) {
    const std::size_t end = editor.flow_value_end(editor.offset_of(map.items[i].place));
    lines += fmt::format("  {}\n", editor.between(editor.offset_of(map.keys[i].place), end));
  }
  lines += fmt::format("  {}\n", entry);
  // What stands behind the bracket, a comment, stays on the line of the key.
  const std::size_t rest = std::min(editor.text().find('\n', close), editor.text().size());
  std::size_t colon = open;
  while (editor.at(colon - 1) != ':') --colon;
  const std::string text =
      editor.between(0, colon) + editor.between(close + 1, rest) + "\n" + lines +
      editor.between(std::min(rest + 1, editor.text().size()), editor.text().size());
  const absl::StatusOr<Node> root = parse(text, file_name);
  const Node* made = root.ok() ? root->find(section.key->text) : nullptr;
  const bool holds = made != nullptr && made->is_map() &&
                     made->keys.size() == map.keys.size() + 1 &&
                     root->keys.size() == section.siblings;
  return holds ? std::optional(text) : std::nullopt;
}

absl::StatusOr<const Node*> find_list(const Node& root, std::string_view file_name,
                                      std::string_view section, std::string_view key) {
  const Node* map = root.find(section);
  const Node* list = map != nullptr && map->is_map() ? map->find(key) : nullptr;
  if (list == nullptr || !list->is_list())
    return not_now("`{}` has no list \"{}\" under \"{}\"", file_name, key, section);
  return list;
}

// As they are written; empty: left out.
std::array<std::pair<std::string_view, std::string>, 5> members_of(const Camera& camera) {
  const auto quoted = [](const std::string& text) { return text.empty() ? "" : yaml_text(text); };
  return {{{"url", quoted(camera.url)},
           {"user", quoted(camera.user)},
           {"password_credential", camera.password_credential},
           {"audio", camera.audio ? "yes" : ""},
           {"label", quoted(camera.label)}}};
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
  if (!is_flow(editor, *found->value))
    return append_line(editor, found->value->keys.back().place, found->end, entry);
  const std::optional<std::string> lines = on_lines(editor, *found, file_name, entry);
  return lines.has_value() ? *lines : append_in_flow(editor, *found->value, entry);
}

absl::StatusOr<std::string> set_member(std::string_view text, std::string_view file_name,
                                       std::string_view section, std::string_view id,
                                       std::string_view member, std::string_view value) {
  LS_ASSIGN(const Node root, parse(text, file_name));
  const Editor editor(text);
  const auto found = find_section(editor, root, section);
  if (!found.has_value()) return not_found("`{}` has no \"{}\"", file_name, section);
  LS_ASSIGN(const std::size_t index, find_key(*found->value, file_name, section, id));
  const Section entry{&found->value->keys[index], &found->value->items[index],
                      end_of_entry(editor, *found, index), found->value->keys.size()};
  if (!entry.value->is_map()) return not_now("`{}` in `{}` is not a map", id, file_name);
  const Node* there = entry.value->find(member);
  if (value.empty()) return there == nullptr ? std::string(text) : without(editor, entry, member);
  if (there != nullptr && there->is_scalar()) {
    yaml::Place behind = there->place;
    behind.column += behind.width;
    return editor.replaced(editor.offset_of(there->place), editor.offset_of(behind), value);
  }
  if (there != nullptr) return not_now("\"{}\" of `{}` is not a single value", member, id);
  const std::string line = fmt::format("{}: {}", member, value);
  if (is_flow(editor, *entry.value)) return append_in_flow(editor, *entry.value, line);
  return append_line(editor, entry.value->keys.back().place, entry.end, line);
}

absl::StatusOr<std::string> remove_entry(std::string_view text, std::string_view file_name,
                                         std::string_view section, std::string_view id) {
  LS_ASSIGN(const Node root, parse(text, file_name));
  const Editor editor(text);
  const auto found = find_section(editor, root, section);
  if (!found.has_value()) return not_found("`{}` has no \"{}\"", file_name, section);
  LS_RETURN_IF_ERROR(find_key(*found->value, file_name, section, id).status());
  return without(editor, *found, id);
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
  std::string value;
  for (const auto& [name, written] : members_of(camera)) {
    if (!written.empty())
      value += fmt::format("{}{}: {}", value.empty() ? "" : ", ", name, written);
  }
  return "{" + value + "}";
}

absl::StatusOr<std::string> replace_camera(std::string_view text, std::string_view file_name,
                                           const Camera& before, const Camera& after) {
  std::string edited(text);
  const auto old_members = members_of(before);
  const auto members = members_of(after);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& [name, written] = members[i];
    if (written == old_members[i].second) continue;
    LS_ASSIGN(edited, set_member(edited, file_name, "cameras", after.id, name, written));
  }
  return edited;
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
