// latchstring: the household's command line.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "gateway/cli/commands.h"
#include "gateway/crypto/secret.h"

namespace {

namespace cli = latchstring::cli;

// The first file that is opened would take the place of a closed standard stream, and what is said
// would go into it.
bool fill_closed_streams() {
  int filled = 0;
  while (filled >= 0 && filled <= 2) filled = ::open("/dev/null", O_RDONLY);
  return filled >= 0 && ::close(filled) == 0;
}

// As `| head` does when it has seen enough.
bool reader_has_left() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

// What nobody could read was not done.
int finish(int code) {
  const absl::Status written = cli::flush_output();
  if (written.ok() || code != cli::kDone) return code;
  return reader_has_left() ? cli::kFailed : cli::fail(written);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (!fill_closed_streams()) return cli::kFailed;
  latchstring::crypto::start();
  CLI::App app;
  cli::Session session;
  cli::add_commands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return finish(app.exit(success));
  } catch (const CLI::ParseError& error) {
    return cli::usage(latchstring::words_of(error, app),
                      "`latchstring --help`, and --help after any command");
  }
  return finish(session.run());
}
