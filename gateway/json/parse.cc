#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "gateway/base/status.h"
#include "gateway/json/json.h"

namespace latchstring::json {
namespace {

// Builds a Value from the parser's events, and stops it at the first thing that is not strict.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(const Limits& limits) : limits_(limits) {}

  bool null() override { return add(std::monostate{}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(std::int64_t{value}); }

  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto kSigned = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    if (value <= kSigned) return add(static_cast<std::int64_t>(value));
    return add(std::uint64_t{value});
  }

  bool number_float(number_float_t value, const string_t& text) override {
    if (!limits_.fractions) {
      return stop(invalid("`{}` is not an integer that fits 64 bits", text.substr(0, 40)));
    }
    return add(double{value});
  }

  bool string(string_t& value) override {
    if (value.find('\0') != string_t::npos) return stop(invalid("text holds U+0000"));
    return add(std::move(value));
  }

  bool binary(binary_t&) override { return stop(invalid("binary value")); }

  bool start_object(std::size_t) override { return open(Object{}); }
  bool start_array(std::size_t) override { return open(List{}); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (name.find('\0') != string_t::npos) return stop(invalid("name holds U+0000"));
    Object& object = std::get<Object>(open_.back()->held());
    for (const Member& member : object) {
      if (member.first == name) return stop(invalid("name `{}` appears twice", name));
    }
    if (object.size() == kMembersMax) {
      return stop(invalid("an object with more than {} members", kMembersMax));
    }
    object.emplace_back().first = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return stop(invalid("not JSON: wrong at byte {}", position));
  }

  absl::StatusOr<Value> take() && {
    if (!status_.ok()) return status_;
    return std::move(root_);
  }

 private:
  bool stop(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
    return false;
  }

  // Where the next value goes. Values are made where they stay, so that none is moved.
  Value& place() {
    if (open_.empty()) return root_;
    Value::Held& container = open_.back()->held();
    if (List* list = std::get_if<List>(&container)) return list->emplace_back();
    return std::get<Object>(container).back().second;
  }

  template <class Kind>
  bool add(Kind value) {
    place().held().emplace<Kind>(std::move(value));
    return true;
  }

  template <class Container>
  bool open(Container empty) {
    if (open_.size() >= limits_.depth) {
      return stop(invalid("nested deeper than {} levels", limits_.depth));
    }
    Value& container = place();
    container.held().emplace<Container>(std::move(empty));
    open_.push_back(&container);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const Limits limits_;
  Value root_;
  // Containers in root_ whose end has not come, outermost first. Only the innermost grows, and what
  // it holds is closed: the others stay where they are.
  std::vector<Value*> open_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Value> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes) return exhausted("JSON is larger than {} bytes", limits.bytes);
  // The parser takes U+0000 for the end of the input, and skips a byte order mark.
  if (text.find('\0') != std::string_view::npos) return invalid("not JSON: a zero byte in it");
  if (text.substr(0, 3) == "\xEF\xBB\xBF")
    return invalid("not JSON: begins with a byte order mark");
  Builder builder(limits);
  try {
    nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const std::exception& failure) {
    return internal("JSON parser failed: {}", failure.what());
  }
  return std::move(builder).take();
}

}  // namespace latchstring::json
