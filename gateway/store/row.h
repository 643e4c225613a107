// What goes into a statement and what comes out of it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "gateway/base/bytes.h"

namespace SQLite {
class Statement;
}

namespace latchstring::store {

// A value to bind: integers, bool, text, bytes, std::nullopt, or an optional of these. It only
// looks at what it is given, so it lives as long as the call.
class Param {
 public:
  using Value = std::variant<std::monostate, std::int64_t, std::string_view, ByteView>;

  Param(std::nullopt_t) {}  // NOLINT: conversions are the point of this class
  template <class T, class = std::enable_if_t<std::is_integral_v<T>>>
  Param(T value) : value_(static_cast<std::int64_t>(value)) {}
  Param(std::string_view text) : value_(text) {}
  Param(const std::string& text) : value_(std::string_view(text)) {}
  Param(const char* text) : value_(std::string_view(text)) {}
  Param(ByteView bytes) : value_(bytes) {}
  Param(const Bytes& bytes) : value_(ByteView(bytes)) {}
  template <class T>
  Param(const std::optional<T>& value) {
    if (value) value_ = Param(*value).value_;
  }
  const Value& value() const { return value_; }

 private:
  Value value_;
};
using Params = std::initializer_list<Param>;

// One row of an answer; valid inside the callback. Columns count from 0.
class Row {
 public:
  // T: std::int64_t, int, bool, std::string, Bytes, or std::optional of these (NULL: nullopt).
  // A column of another type gives T{} here and makes the whole query DataLoss.
  template <class T>
  T get(int column) const;

 private:
  friend class Database;
  explicit Row(SQLite::Statement& statement) : statement_(statement) {}
  bool is_null(int column) const;
  void read(int column, std::int64_t& out) const;
  void read(int column, int& out) const;
  void read(int column, bool& out) const;
  void read(int column, std::string& out) const;
  void read(int column, Bytes& out) const;
  template <class T>
  void read(int column, std::optional<T>& out) const {
    if (!is_null(column)) read(column, out.emplace());
  }

  SQLite::Statement& statement_;
  mutable bool mismatch_ = false;
};

template <class T>
T Row::get(int column) const {
  T value{};
  read(column, value);
  return value;
}

}  // namespace latchstring::store
