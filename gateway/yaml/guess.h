// What a writer most likely meant where YAML's grammar cannot go on: judged by the line where
// reading stopped and the one above it. Private to this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchstring::yaml {

// A fault in bytes of the text.
struct Guess {
  std::size_t at = 0;
  std::size_t bytes = 1;
  std::string message;
  std::string hint;
};

// `at`: where the parser stopped.
Guess why_stopped(std::string_view text, std::size_t at);

// `at`: where a plain text begins that the next line continues.
Guess why_run_on(std::string_view text, std::size_t at);

// The `-` on a line of its own above `at`, to which nothing belongs.
std::optional<std::size_t> lone_dash(std::string_view text, std::size_t at);

}  // namespace latchstring::yaml
