// `latchstring policy diff` and `simulate`: what other rules, or other words of an agency, would
// change.
#include <chrono>

#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "policy/analysis/analysis.h"

namespace latchstring::cli {
namespace {

struct DiffOptions {
  std::string before;
  std::string after;
  std::string now;
  bool json = false;
};

// The time that was written, or that of the clock.
absl::StatusOr<Instant> time_of(const std::string& written) {
  if (!written.empty()) return from_rfc3339(written);
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

int diff(const DiffOptions& options) {
  const absl::StatusOr<Instant> now = time_of(options.now);
  if (!now.ok()) return usage(message_of(now.status()), "write --now 2026-05-04T12:00:00Z");
  return tell(policy::diff(options.before, options.after, *now, options.json));
}

void add_diff(CLI::App& group, Session& session) {
  const auto options = keep<DiffOptions>();
  CLI::App* command = add_command(
      group, "diff", "what other rules would answer differently; exit 3 where anything is looser",
      "latchstring policy diff house-rules.yaml new-rules.yaml");
  command->add_option("OLD", options->before, "a rules file")->required();
  command->add_option("NEW", options->after, "the rules that would take its place")->required();
  command->add_option("--now", options->now, "compare requests from this time on; else from now on")
      ->type_name("T");
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &session] { session.run = [options] { return diff(*options); }; });
}

struct SimulateOptions {
  std::string file;
  policy::SimulateArguments arguments;
  std::string page;
  std::string now;
  bool json = false;
};

int simulate(const SimulateOptions& options) {
  const absl::StatusOr<Instant> now = time_of(options.now);
  if (!now.ok()) return usage(message_of(now.status()), "write --now 2026-05-04T12:00:00Z");
  const policy::Simulated done =
      policy::simulate(options.file, options.arguments, *now, options.json);
  if (done.output.exit_code == kDone && !options.page.empty()) {
    const absl::Status written = write_file_durably(options.page, done.page);
    if (!written.ok()) return fail(written);
  }
  return tell(done.output);
}

void add_simulate(CLI::App& group, Session& session) {
  const auto options = keep<SimulateOptions>();
  CLI::App* command = add_command(
      group, "simulate", "what an agency may get in a week, by choosing its words",
      "latchstring policy simulate house-rules.yaml --who springfield_pd --html week.html");
  policy::SimulateArguments& arguments = options->arguments;
  command->add_option("FILE", options->file, "a rules file")->required();
  command->add_option("--who", arguments.agency, "the agency that asks")
      ->type_name("A")
      ->required();
  command->add_option("--camera", arguments.camera, "only this camera")->type_name("C");
  command
      ->add_option("--replay", arguments.replay,
                   "what `latchstring request list --json` printed: how these rules would answer")
      ->type_name("FILE");
  command->add_option("--html", options->page, "also write a page with a picture of the week")
      ->type_name("OUT");
  command->add_option("--now", options->now, "the rules as they stand at this time; else now")
      ->type_name("T");
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback(
      [options, &session] { session.run = [options] { return simulate(*options); }; });
}

}  // namespace

void add_compare_commands(CLI::App& group, Session& session) {
  add_diff(group, session);
  add_simulate(group, session);
}

}  // namespace latchstring::cli
