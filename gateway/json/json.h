// Strict JSON (RFC 8259): what arrives is checked, what leaves is one compact line, members in the
// order written. Duplicate names, a byte order mark, U+0000, trailing bytes, NaN, numbers that do
// not fit and, unless asked for, fractions are refused. Any thread.
// Limits: the caller's, in bytes; kDepthMax; kMembersMax.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace latchstring::json {

inline constexpr std::size_t kDepthMax = 16;     // of objects and lists within each other
inline constexpr std::size_t kMembersMax = 512;  // of one object

class Value;
using List = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;  // in the order of the text

class Value {
 public:
  // Integers are int64 where they fit, else uint64.
  using Held = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string,
                            List, Object>;
  Value() = default;
  explicit Value(Held held) : held_(std::move(held)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(held_); }
  template <class Kind>
  const Kind* as() const {  // nullptr where it is of another kind
    return std::get_if<Kind>(&held_);
  }
  template <class Kind>
  Kind* as() {
    return std::get_if<Kind>(&held_);
  }
  const Held& held() const { return held_; }
  Held& held() { return held_; }

 private:
  Held held_;
};

struct Limits {
  std::size_t bytes = 64 * 1024;
  std::size_t depth = kDepthMax;
  bool fractions = false;  // false: integers only
};

// InvalidArgument says what is wrong and at which byte; ResourceExhausted past limits.bytes.
absl::StatusOr<Value> parse(std::string_view text, const Limits& limits = {});

std::string to_text(const Value& value);
// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string quote(std::string_view text);

// Reads an object member by member and keeps the first error; after it everything reads as empty.
// done() also refuses members that nobody read, here and in every reader made from this one.
// `value` must outlive the reader.
//
//   json::Reader r(value);
//   request.title = r.string("title", kTitleMax);
//   request.from = r.object("scope").string_as("from", 40, from_rfc3339);
//   LS_RETURN_IF_ERROR(r.done());
class Reader {
 public:
  explicit Reader(const Value& value);

  // Text has min to max characters (code points).
  std::string string(std::string_view name, std::size_t max, std::size_t min = 1);
  std::string optional_string(std::string_view name, std::size_t max);  // missing: empty
  std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min,
                                               std::int64_t max);
  std::uint64_t natural(std::string_view name,
                        std::uint64_t max = std::numeric_limits<std::uint64_t>::max());
  double real(std::string_view name, double min, double max);  // needs Limits::fractions
  bool boolean(std::string_view name);
  bool optional_boolean(std::string_view name, bool otherwise = false);
  std::vector<std::string> strings(std::string_view name, std::size_t count_max, std::size_t max);
  std::vector<std::int64_t> integers(std::string_view name, std::size_t count_max, std::int64_t min,
                                     std::int64_t max);
  Reader object(std::string_view name);
  std::vector<Reader> objects(std::string_view name, std::size_t count_max);
  // The member as JSON text (a JWK that another module reads).
  std::string text_of(std::string_view name);
  const Value* optional_value(std::string_view name);  // nullptr where missing; counts as read

  // Text turned into something else by a function string_view -> StatusOr<T>.
  template <class T>
  T string_as(std::string_view name, std::size_t max,
              absl::StatusOr<T> (*convert)(std::string_view)) {
    const std::string text = string(name, max);
    if (failed()) return T{};
    absl::StatusOr<T> result = convert(text);
    if (result.ok()) return *std::move(result);
    fail(name, result.status());
    return T{};
  }

  bool has(std::string_view name) const;
  bool failed() const;
  void fail(std::string_view name, const absl::Status& why);  // only the first one counts
  absl::Status done();

 private:
  struct Node;
  struct State;
  Reader(std::shared_ptr<State> state, Node* node);
  const Value* find(std::string_view name);     // counts as read
  const Value* require(std::string_view name);  // and fails where it is missing
  void wrong(std::string_view name, std::string_view must_be);
  std::string checked(std::string_view name, const Value& value, std::size_t max, std::size_t min);
  Reader child(std::string_view name, const Value* value, std::string path_end);

  std::shared_ptr<State> state_;  // shared: readers of inner objects report to the same first error
  Node* node_;
};

// Writes an object in the order of the calls. optional_string leaves out what is empty.
class Writer {
 public:
  Writer& string(std::string_view name, std::string_view value);
  Writer& optional_string(std::string_view name, std::string_view value);
  Writer& integer(std::string_view name, std::int64_t value);
  Writer& natural(std::string_view name, std::uint64_t value);
  Writer& real(std::string_view name, double value);  // finite
  Writer& boolean(std::string_view name, bool value);
  Writer& strings(std::string_view name, const std::vector<std::string>& values);
  Writer& integers(std::string_view name, const std::vector<std::int64_t>& values);
  Writer& object(std::string_view name, const Writer& value);
  Writer& objects(std::string_view name, const std::vector<Writer>& values);
  Writer& json(std::string_view name, std::string_view text);  // already JSON
  std::string text() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

}  // namespace latchstring::json
