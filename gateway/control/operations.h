// What a household can do, as one table of named operations. The CLI's socket and every other door
// stand on it: a request that does not fit its row never reaches a handler.
// Arguments and results in full: docs/ref/control.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace latchstring::control {

// Limits of one argument.
inline constexpr std::size_t kWordMax = 64;  // id, name
inline constexpr std::size_t kTextMax = 2'000;
inline constexpr std::size_t kListMax = 64;
inline constexpr std::size_t kResidentsMax = 32;  // PINs in one request

enum class Kind : std::uint8_t {
  name,     // [a-z][a-z0-9_]*, at most kWordMax characters: camera, agency, resident
  id,       // [a-z2-7]{10}: request, release, mailbox
  instant,  // RFC 3339
  number,   // 0 to 2^53 - 1
  flag,     // true or false
  text,     // UTF-8 without control characters, at most kTextMax bytes
};

struct Argument {
  std::string_view name;
  Kind kind = Kind::text;
  bool required = false;
  std::string_view sentence;
};

// Whether somebody must stand behind it with a PIN. The door only checks the shape; who may do what
// and whether the PIN is right is the handler's business.
enum class Signed : std::uint8_t { nobody, may, must };

struct Operation {
  std::string_view name;
  Signed by = Signed::nobody;
  bool new_pin = false;     // brings a new PIN, as member `new_pin`
  bool passphrase = false;  // brings a passphrase, as member `passphrase`
  bool takes_pipe = false;  // the caller passes the end of a pipe for a file to come
  std::chrono::seconds answer_within{};
  std::string_view sentence;
  std::span<const Argument> arguments;
};

// In the order of docs/ref/control.md.
std::span<const Operation> operations();
const Operation* find_operation(std::string_view name);  // nullptr: no such

}  // namespace latchstring::control
