#include "gateway/cli/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "gateway/base/files.h"
#include "gateway/base/status.h"
#include "gateway/trust/residents.h"

namespace latchstring::cli {
namespace {

// No echo on this terminal while it lives.
class Quiet {
 public:
  explicit Quiet(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    changed_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() {
    if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  bool is_quiet() const { return changed_; }

 private:
  const int terminal_;
  termios before_{};
  bool changed_ = false;
};

// The terminal itself, wherever standard input and output lead.
absl::StatusOr<UniqueFd> open_terminal(std::string_view option) {
  UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (terminal.valid()) return terminal;
  return not_now("there is no terminal to ask on: give the secret with {} N", option);
}

}  // namespace

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}
bool shows_to_a_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

absl::StatusOr<std::string> ask(std::string_view question, std::string_view otherwise) {
  if (!can_ask()) return not_now("there is no terminal to ask on");
  const std::string prompt = otherwise.empty() ? fmt::format("{} ", question)
                                               : fmt::format("{} [{}] ", question, otherwise);
  std::cerr << prompt << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) return not_now("no answer was given");
  return line.empty() ? std::string(otherwise) : line;
}

// Byte by byte: what follows the line belongs to who reads next.
absl::StatusOr<control::Pin> Secrets::read_line(int fd) const {
  std::array<char, control::kPinMax> line;
  std::size_t size = 0;
  absl::Status fault;
  for (bool ended = false; !ended && fault.ok();) {
    char c = 0;
    const ssize_t count = ::read(fd, &c, 1);
    if (count < 0 && errno != EINTR) fault = errno_status(fmt::format("cannot read {}", option_));
    ended = count == 0 || (count == 1 && c == '\n');
    if (count != 1 || c == '\n') continue;
    if (size < line.size()) {
      line[size++] = c;
    } else {
      fault = invalid("a secret has more than {} bytes", line.size());
    }
  }
  control::Pin pin(std::string_view(line.data(), fault.ok() ? size : 0));
  explicit_bzero(line.data(), line.size());
  if (!fault.ok()) return fault;
  if (pin.empty()) return invalid("no secret was given ({} has one line for each)", option_);
  return pin;
}

absl::Status Secrets::expect_end() const {
  if (!fd_.has_value() || ::isatty(*fd_) == 1) return absl::OkStatus();
  const int fd = *fd_;
  pollfd more{fd, POLLIN, 0};
  char c = '\n';
  while (c == '\n') {
    if (::poll(&more, 1, 0) != 1 || ::read(fd, &c, 1) != 1) return absl::OkStatus();
  }
  return invalid("{} holds more lines than there are residents", option_);
}

absl::StatusOr<control::Pin> Secrets::ask(std::string_view question) const {
  if (fd_.has_value()) return read_line(*fd_);
  LS_ASSIGN(const UniqueFd terminal, open_terminal(option_));
  const Quiet quiet(terminal.get());
  if (!quiet.is_quiet()) return not_now("the terminal would show the secret: use {} N", option_);
  LS_RETURN_IF_ERROR(write_all(terminal.get(), as_bytes(fmt::format("{} ", question))));
  return read_line(terminal.get());
}

absl::StatusOr<control::Pin> Secrets::ask_new(std::string_view question, const Check& check) const {
  LS_ASSIGN(control::Pin first, ask(question));
  if (check) LS_RETURN_IF_ERROR(check(first));
  if (fd_.has_value()) return first;
  LS_ASSIGN(const control::Pin second, ask("The same again:"));
  if (first.view() != second.view()) return invalid("the two are not the same");
  return first;
}

absl::StatusOr<control::Pin> ask_new_pin(const std::string& resident, const Secrets& secrets) {
  return secrets.ask_new(fmt::format("New PIN of {} (6 digits or more):", resident),
                         [&resident](const control::Pin& pin) {
                           const auto secret = crypto::Secret::copy_of(as_bytes(pin.view()));
                           return within(fmt::format("PIN of {}", resident),
                                         trust::check_pin_rules(secret));
                         });
}

absl::StatusOr<std::vector<control::SignedBy>> ask_pins(const std::vector<std::string>& residents,
                                                        const Secrets& secrets) {
  std::vector<control::SignedBy> pins;
  for (const std::string& resident : residents) {
    LS_ASSIGN(control::Pin pin, secrets.ask(fmt::format("PIN of {}:", resident)));
    pins.push_back({resident, std::move(pin)});
  }
  return pins;
}

}  // namespace latchstring::cli
