// Questions to the person at the terminal, and secrets: from the terminal without echo, or from a
// file descriptor that the caller opened; never from argv or the environment. Thread: main.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/control/request.h"

namespace latchstring::cli {

bool can_ask();              // standard input and standard error are a terminal
bool shows_to_a_terminal();  // standard output is one

// One line; an empty answer is `otherwise`. FailedPrecondition where nobody can be asked.
absl::StatusOr<std::string> ask(std::string_view question, std::string_view otherwise = {});

// Secrets in the order asked for: each a line of `fd`, or an answer at the terminal.
class Secrets {
 public:
  // `option` stands in messages: `--pin-fd`.
  Secrets(std::optional<int> fd, std::string_view option) : fd_(fd), option_(option) {}

  absl::StatusOr<control::Pin> ask(std::string_view question) const;
  using Check = std::function<absl::Status(const control::Pin&)>;
  // Asked twice at a terminal, the second time if `check` finds nothing wrong with the first.
  absl::StatusOr<control::Pin> ask_new(std::string_view question, const Check& check = {}) const;
  // InvalidArgument: `fd` holds more lines than were asked for. Does not wait for more.
  absl::Status expect_end() const;

 private:
  absl::StatusOr<control::Pin> read_line(int fd) const;

  const std::optional<int> fd_;
  const std::string option_;
};

// The PIN that a resident chooses. InvalidArgument: it is too short, or the two times that it is
// asked for do not agree.
absl::StatusOr<control::Pin> ask_new_pin(const std::string& resident, const Secrets& secrets);

// The residents of --as, each with their PIN.
absl::StatusOr<std::vector<control::SignedBy>> ask_pins(const std::vector<std::string>& residents,
                                                        const Secrets& secrets);

}  // namespace latchstring::cli
