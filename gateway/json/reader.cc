#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "gateway/base/status.h"
#include "gateway/json/json.h"

namespace latchstring::json {

// One object being read. Its members may be nullptr: an object that failed to be one.
struct Reader::Node {
  const Object* members = nullptr;
  std::string path;  // "", "scope.", "files[2]."
  std::vector<bool> is_read;
};

struct Reader::State {
  absl::Status first_error;
  std::deque<Node> nodes;  // a deque: nodes do not move
};

namespace {

std::size_t characters(std::string_view text) {
  const auto begins_one = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_one));
}

std::string range_text(std::size_t min, std::size_t max) {
  return min == 0 ? fmt::format("text of at most {} characters", max)
                  : fmt::format("text of {} to {} characters", min, max);
}

std::optional<std::int64_t> integer_in(const Value& value, std::int64_t min, std::int64_t max) {
  const std::int64_t* held = value.as<std::int64_t>();
  if (held == nullptr || *held < min || *held > max) return std::nullopt;
  return *held;
}

}  // namespace

Reader::Reader(const Value& value) : state_(std::make_shared<State>()), node_(nullptr) {
  const Object* object = value.as<Object>();
  if (object == nullptr) state_->first_error = invalid("not a JSON object");
  const std::size_t count = object == nullptr ? 0 : object->size();
  node_ = &state_->nodes.emplace_back(Node{object, "", std::vector<bool>(count)});
}

Reader::Reader(std::shared_ptr<State> state, Node* node) : state_(std::move(state)), node_(node) {}

Reader Reader::child(std::string_view name, const Value* value, std::string path_end) {
  const Object* object = value == nullptr ? nullptr : value->as<Object>();
  if (value != nullptr && object == nullptr) wrong(name, "an object");
  const std::size_t count = object == nullptr ? 0 : object->size();
  Node& node = state_->nodes.emplace_back(
      Node{object, fmt::format("{}{}{}", node_->path, name, path_end), std::vector<bool>(count)});
  return Reader(state_, &node);
}

bool Reader::failed() const {
  return !state_->first_error.ok();
}

void Reader::fail(std::string_view name, const absl::Status& why) {
  if (failed()) return;
  state_->first_error = within(fmt::format("`{}{}`", node_->path, name), why);
}

void Reader::wrong(std::string_view name, std::string_view must_be) {
  fail(name, invalid("must be {}", must_be));
}

bool Reader::has(std::string_view name) const {
  if (node_->members == nullptr) return false;
  return std::any_of(node_->members->begin(), node_->members->end(),
                     [name](const Member& member) { return member.first == name; });
}

const Value* Reader::find(std::string_view name) {
  if (failed() || node_->members == nullptr) return nullptr;
  for (std::size_t i = 0; i < node_->members->size(); ++i) {
    const Member& member = (*node_->members)[i];
    if (member.first != name) continue;
    node_->is_read[i] = true;
    return &member.second;
  }
  return nullptr;
}

const Value* Reader::require(std::string_view name) {
  const Value* value = find(name);
  if (value == nullptr) fail(name, invalid("is missing"));
  return value;
}

std::string Reader::checked(std::string_view name, const Value& value, std::size_t max,
                            std::size_t min) {
  const std::string* text = value.as<std::string>();
  const std::size_t count = text == nullptr ? 0 : characters(*text);
  if (text == nullptr || count < min || count > max) {
    wrong(name, range_text(min, max));
    return {};
  }
  return *text;
}

std::string Reader::string(std::string_view name, std::size_t max, std::size_t min) {
  const Value* value = require(name);
  return value == nullptr ? std::string{} : checked(name, *value, max, min);
}

std::string Reader::optional_string(std::string_view name, std::size_t max) {
  const Value* value = find(name);
  return value == nullptr ? std::string{} : checked(name, *value, max, 0);
}

std::int64_t Reader::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  if (!has(name)) fail(name, invalid("is missing"));
  return optional_integer(name, min, max).value_or(0);
}

std::optional<std::int64_t> Reader::optional_integer(std::string_view name, std::int64_t min,
                                                     std::int64_t max) {
  const Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto held = integer_in(*value, min, max);
  if (!held) wrong(name, fmt::format("an integer from {} to {}", min, max));
  return held;
}

std::uint64_t Reader::natural(std::string_view name, std::uint64_t max) {
  const Value* value = require(name);
  if (value == nullptr) return 0;
  std::optional<std::uint64_t> held;
  if (const auto* large = value->as<std::uint64_t>()) held = *large;
  if (const auto* usual = value->as<std::int64_t>(); usual != nullptr && *usual >= 0) {
    held = static_cast<std::uint64_t>(*usual);
  }
  if (held && *held <= max) return *held;
  wrong(name, fmt::format("an integer from 0 to {}", max));
  return 0;
}

double Reader::real(std::string_view name, double min, double max) {
  const Value* value = require(name);
  if (value == nullptr) return 0;
  std::optional<double> held;
  if (const auto* fraction = value->as<double>()) held = *fraction;
  if (const auto* whole = value->as<std::int64_t>()) held = static_cast<double>(*whole);
  if (held && *held >= min && *held <= max) return *held;
  wrong(name, fmt::format("a number from {} to {}", min, max));
  return 0;
}

bool Reader::boolean(std::string_view name) {
  if (!has(name)) fail(name, invalid("is missing"));
  return optional_boolean(name);
}

bool Reader::optional_boolean(std::string_view name, bool otherwise) {
  const Value* value = find(name);
  if (value == nullptr) return otherwise;
  if (const bool* held = value->as<bool>()) return *held;
  wrong(name, "true or false");
  return false;
}

std::vector<std::string> Reader::strings(std::string_view name, std::size_t count_max,
                                         std::size_t max) {
  const Value* value = require(name);
  if (value == nullptr) return {};
  const List* list = value->as<List>();
  std::vector<std::string> result;
  if (list == nullptr || list->size() > count_max) {
    wrong(name, fmt::format("a list of at most {} texts", count_max));
    return result;
  }
  for (const Value& item : *list) result.push_back(checked(name, item, max, 1));
  return failed() ? std::vector<std::string>{} : result;
}

std::vector<std::int64_t> Reader::integers(std::string_view name, std::size_t count_max,
                                           std::int64_t min, std::int64_t max) {
  const Value* value = require(name);
  if (value == nullptr) return {};
  const List* list = value->as<List>();
  std::vector<std::int64_t> result;
  const std::size_t count = list == nullptr ? count_max + 1 : list->size();
  for (std::size_t i = 0; count <= count_max && i < count; ++i) {
    if (const auto held = integer_in((*list)[i], min, max)) result.push_back(*held);
  }
  if (result.size() == count) return result;
  wrong(name, fmt::format("a list of at most {} integers from {} to {}", count_max, min, max));
  return {};
}

Reader Reader::object(std::string_view name) {
  return child(name, require(name), ".");
}

std::vector<Reader> Reader::objects(std::string_view name, std::size_t count_max) {
  const Value* value = require(name);
  std::vector<Reader> result;
  if (value == nullptr) return result;
  const List* list = value->as<List>();
  if (list == nullptr || list->size() > count_max) {
    wrong(name, fmt::format("a list of at most {} objects", count_max));
    return result;
  }
  for (const Value& item : *list) {
    result.push_back(child(name, &item, fmt::format("[{}].", result.size())));
  }
  return failed() ? std::vector<Reader>{} : result;
}

std::string Reader::text_of(std::string_view name) {
  const Value* value = require(name);
  return value == nullptr ? std::string{} : to_text(*value);
}

const Value* Reader::optional_value(std::string_view name) {
  return find(name);
}

absl::Status Reader::done() {
  if (failed()) return state_->first_error;
  for (const Node& node : state_->nodes) {
    for (std::size_t i = 0; i < node.is_read.size(); ++i) {
      if (node.is_read[i]) continue;
      return state_->first_error =
                 invalid("`{}{}` is not a known member", node.path, (*node.members)[i].first);
    }
  }
  return absl::OkStatus();
}

}  // namespace latchstring::json
