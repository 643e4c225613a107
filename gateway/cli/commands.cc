#include "gateway/cli/commands.h"

namespace latchstring::cli {

void SignOptions::add_to(CLI::App& command, bool required) {
  CLI::Option* as = command
                        .add_option("--as", residents,
                                    "resident who stands behind it; repeated "
                                    "where several must agree")
                        ->type_name("RESIDENT")
                        ->take_all();
  if (required) as->required();
  command
      .add_option("--pin-fd", pin_fd,
                  "file descriptor that holds the PINs, one a line; else they are asked")
      ->type_name("N")
      ->check(CLI::Range(0, 1'048'576));
}

int show_answer(const control::Answer& answer, bool as_json,
                const std::function<void(const json::Value&)>& show) {
  if (!answer.status.ok()) return fail(answer);
  if (as_json) {
    say_json(answer.result);
  } else {
    show(answer.result);
  }
  return kDone;
}

void add_commands(CLI::App& app, Session& session) {
  app.name("latchstring");
  app.description("The household's side of Latchstring: cameras, rules, questions, answers.");
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused (nothing was released).\nExample:\n  "
      "latchstring init ~/house && latchstring --house ~/house status");
  app.add_option("--house", session.house_option,
                 "folder that holds gateway.yaml; else $LATCHSTRING_HOUSE, the current folder, "
                 "/etc/latchstring")
      ->type_name("DIR");
  app.set_version_flag("--version", "latchstring " LATCHSTRING_VERSION);
  app.require_subcommand(1);
  add_init_command(app, session);
  add_status_command(app, session);
  add_camera_commands(app, session);
  add_resident_commands(app, session);
  add_agency_commands(app, session);
  add_policy_commands(app, session);
  add_request_commands(app, session);
  add_share_command(app, session);
  add_pause_commands(app, session);
  add_log_commands(app, session);
  add_archive_commands(app, session);
  add_redact_command(app, session);
}

}  // namespace latchstring::cli
