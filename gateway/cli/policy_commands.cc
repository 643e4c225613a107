#include <chrono>

#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "policy/analysis/analysis.h"

namespace latchstring::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> files;
  bool json = false;
};

struct ExplainOptions {
  std::string file;
  policy::ExplainArguments question;
  bool json = false;
};

Instant now() {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

// The files named, or else the rules of this house.
absl::StatusOr<std::vector<Path>> files_of(const Session& session,
                                           const std::vector<std::string>& named) {
  std::vector<Path> files(named.begin(), named.end());
  if (!files.empty()) return files;
  LS_ASSIGN(const config::Config config, session.config());
  return std::vector<Path>{config.rules};
}

int check(const Session& session, const CheckOptions& options) {
  const absl::StatusOr<std::vector<Path>> files = files_of(session, options.files);
  if (!files.ok()) return fail(files.status());
  return tell(policy::check(*files, now(), options.json));
}

int test(const Session& session, const CheckOptions& options) {
  const absl::StatusOr<std::vector<Path>> files = files_of(session, options.files);
  if (!files.ok()) return fail(files.status());
  return tell(policy::test(files->front(), options.json));
}

void add_explain(CLI::App& group, Session& session) {
  const auto options = keep<ExplainOptions>();
  CLI::App* command = add_command(
      group, "explain", "what the rules would answer, piece by piece, and why",
      "latchstring policy explain house-rules.yaml --who springfield_pd --camera front_door \\\n"
      "      --basis consent --purpose burglary \\\n"
      "      --footage \"2026-05-04T21:50:00-05:00 to 2026-05-04T22:10:00-05:00\"");
  policy::ExplainArguments& question = options->question;
  command->add_option("FILE", options->file, "a rules file")->required();
  command->add_option("--who", question.agency, "the agency that asks")->type_name("A")->required();
  command->add_option("--officer", question.officer, "its officer's badge")->type_name("B");
  command->add_option("--camera", question.camera, "the camera")->type_name("C")->required();
  command
      ->add_option("--basis", question.basis,
                   "consent, warrant, emergency or preservation; this version's gateways refuse "
                   "warrant and preservation")
      ->type_name("B")
      ->required();
  command->add_option("--purpose", question.purpose, "the purpose")->type_name("P")->required();
  command->add_option("--footage", question.footage, "\"FROM to TO\", RFC 3339 with offset")
      ->type_name("SPAN")
      ->required();
  command
      ->add_option("--now", question.now, "judge as at this time; else an hour after the footage")
      ->type_name("T");
  command
      ->add_option("--area", question.area,
                   "a request about a place: its middle in degrees, and metres around it")
      ->type_name("LAT,LON,M");
  command->add_option("--home", question.home, "where the house stands; else in that middle")
      ->type_name("LAT,LON");
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &session] {
    session.run = [options] {
      return tell(policy::explain(options->file, options->question, options->json));
    };
  });
}

}  // namespace

int tell(const policy::Output& output) {
  say(output.out);
  static_cast<void>(std::fwrite(output.err.data(), 1, output.err.size(), stderr));
  return output.exit_code;
}

void add_policy_commands(CLI::App& app, Session& session) {
  CLI::App* group = add_group(app, "policy", "what the rules mean; works without a daemon",
                              "latchstring policy check house-rules.yaml");
  const auto of_check = keep<CheckOptions>();
  CLI::App* checks = add_command(*group, "check", "faults, warnings, and what is possible",
                                 "latchstring policy check house-rules.yaml");
  checks->add_option("FILE", of_check->files, "rules files; else those of this house");
  checks->add_flag("--json", of_check->json, "as one JSON document");
  checks->callback([of_check, &session] {
    session.run = [of_check, &session] { return check(session, *of_check); };
  });
  add_explain(*group, session);
  add_compare_commands(*group, session);
  add_apply_command(*group, session);
  CLI::App* schema = add_command(*group, "schema", "a JSON Schema of the rules file, for editors",
                                 "latchstring policy schema > house-rules.schema.json");
  schema->callback([&session] {
    session.run = [] {
      say(policy::schema());
      return kDone;
    };
  });
  const auto of_test = keep<CheckOptions>();
  CLI::App* tests = add_command(*group, "test", "run the tests that stand in the file",
                                "latchstring policy test house-rules.yaml");
  tests->add_option("FILE", of_test->files, "a rules file; else that of this house")
      ->expected(0, 1);
  tests->add_flag("--json", of_test->json, "as one JSON document");
  tests->callback([of_test, &session] {
    session.run = [of_test, &session] { return test(session, *of_test); };
  });
}

}  // namespace latchstring::cli
