// latchstring: the household's command line.
#include <CLI/CLI.hpp>
#include <csignal>

#include "gateway/cli/commands.h"
#include "gateway/crypto/secret.h"

int main(int argc, char** argv) {
  namespace cli = latchstring::cli;
  std::signal(SIGPIPE, SIG_IGN);
  latchstring::crypto::start();
  CLI::App app;
  cli::Session session;
  cli::add_commands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return cli::usage(error.what(), "`latchstring --help`, and --help after any command");
  }
  return session.run();
}
