// latchstring-request: the side of agency and officer.
#include <CLI/CLI.hpp>
#include <csignal>

#include "gateway/crypto/secret.h"
#include "gateway/requester/commands.h"
#include "gateway/requester/program.h"

int main(int argc, char** argv) {
  namespace requester = latchstring::requester;
  std::signal(SIGPIPE, SIG_IGN);
  latchstring::crypto::start();
  latchstring::crypto::harden_process();
  CLI::App app("Asks a household for footage, receives it, and verifies it.");
  app.name("latchstring-request");
  app.set_version_flag("--version", "latchstring-request " LATCHSTRING_VERSION);
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused, closed or taken back, 4 no answer "
      "yet.\nExample:\n  latchstring-request receive --ticket maple.ticket --officer ~/officer "
      "--out "
      "evidence");
  app.require_subcommand(1);
  requester::Run run;
  requester::add_agency_commands(app, run);
  requester::add_officer_commands(app, run);
  requester::add_submit_command(app, run);
  requester::add_status_command(app, run);
  requester::add_receive_command(app, run);
  requester::add_verify_command(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return requester::usage(latchstring::words_of(error, app),
                            "`latchstring-request --help`, and --help after any command");
  }
  return run();
}
