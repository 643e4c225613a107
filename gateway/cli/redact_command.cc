#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"
#include "gateway/redact/redact.h"

namespace latchstring::cli {
namespace {

struct Options {
  std::string in;
  std::vector<std::string> words;
  std::string rules;
  std::string camera;
  std::string out;
  std::string report;
  int threads = 2;
};

// Classes by their own names; any other word is a zone that the rules draw for this camera.
absl::StatusOr<RedactionPlan> make_plan(const Options& options) {
  std::shared_ptr<const policy::Policy> rules;
  if (!options.rules.empty()) {
    LS_ASSIGN(const std::string text, read_file(options.rules, kRulesBytesMax));
    LS_ASSIGN(rules, load_rules(text, options.rules));
  }
  RedactionPlan plan;
  plan.keep_audio = true;
  for (const std::string& word : options.words) {
    if (word == "audio") {
      plan.keep_audio = false;
    } else if (policy::is_redaction_class(word)) {
      plan.classes.push_back(word);
    } else if (rules == nullptr) {
      return invalid("`{}` is no class of things; a zone needs --rules FILE and --camera C", word);
    } else {
      const auto camera = rules->zone_camera.find(word);
      if (camera == rules->zone_camera.end() || camera->second != options.camera)
        return invalid("`{}` is neither a class nor a zone of the camera `{}`", word,
                       options.camera);
      plan.zones.push_back(rules->zones.at(word));
    }
  }
  std::sort(plan.classes.begin(), plan.classes.end());
  plan.classes.erase(std::unique(plan.classes.begin(), plan.classes.end()), plan.classes.end());
  return plan;
}

redact::OnProgress progress() {
  if (!shows_to_a_terminal()) return {};
  return [shown_last = -1](double done) mutable {
    const int percent = static_cast<int>(std::clamp(done, 0.0, 1.0) * 100);
    if (percent == shown_last) return;
    shown_last = percent;
    const auto filled = static_cast<std::size_t>(percent / 4);
    say(fmt::format("\r[{}{}] {:3} %{}", std::string(filled, '#'), std::string(25 - filled, ' '),
                    percent, percent == 100 ? "\n" : ""));
    std::fflush(stdout);
  };
}

// Where a link leads, as far as the path exists.
Path place_of(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(file), ignored);
}

absl::Status check_outputs(const Options& options) {
  if (!options.report.empty() && place_of(options.report) == place_of(options.out))
    return invalid("--out and --report name the same file");
  std::error_code ignored;
  for (const std::string& file : {options.out, options.report}) {
    if (file.empty()) continue;
    if (std::filesystem::exists(file, ignored)) return not_now("`{}` is there already", file);
    const Path folder = std::filesystem::absolute(file).parent_path();
    if (!std::filesystem::is_directory(folder, ignored))
      return not_found("there is no folder `{}`", folder.string());
  }
  return absl::OkStatus();
}

int run(const Options& options) {
  const absl::StatusOr<RedactionPlan> plan = make_plan(options);
  if (absl::IsInvalidArgument(plan.status())) return usage(message_of(plan.status()));
  if (!plan.ok()) return fail(plan.status());
  const absl::Status outputs = check_outputs(options);
  if (absl::IsInvalidArgument(outputs)) return usage(message_of(outputs));
  if (!outputs.ok()) return fail(outputs);
  redact::Settings settings;
  settings.spool_folder = std::filesystem::absolute(options.out).parent_path();
  settings.threads = options.threads;
  const worker::Cancel cancel;
  const absl::StatusOr<redact::FileReport> report = redact::redact_file(
      settings, options.in, *plan, options.out, options.report, progress(), cancel);
  if (!report.ok()) return fail(report.status());
  say(fmt::format("{}: {}, {}x{}\n", shown(options.out),
                  count_text(report->frames, "frame", "frames"), report->width, report->height));
  for (const std::string& note : report->notes) say(fmt::format("note: {}\n", shown(note)));
  return kDone;
}

}  // namespace

void add_redact_command(CLI::App& app, Session& session) {
  const auto options = keep<Options>();
  CLI::App* command = add_command(
      app, "redact", "try redaction on any film; no daemon needed",
      "latchstring redact in.mp4 --redact audio,moving --out out.mp4 --report regions.json");
  command->add_option("IN", options->in, "an MP4 file")->required();
  command
      ->add_option("--redact", options->words,
                   "what to hide, with commas: audio, faces, moving, people, plates, vehicles, or "
                   "zones of the rules file")
      ->type_name("WORDS")
      ->delimiter(',')
      ->required();
  CLI::Option* rules =
      command->add_option("--rules", options->rules, "the rules file that draws the zones")
          ->type_name("FILE");
  CLI::Option* camera =
      command->add_option("--camera", options->camera, "whose zones")->type_name("C")->needs(rules);
  rules->needs(camera);
  command->add_option("--out", options->out, "the film to write")->type_name("OUT")->required();
  command->add_option("--report", options->report, "what was hidden, as JSON")->type_name("R");
  command->add_option("--threads", options->threads, "threads of decoder and encoder, each")
      ->type_name("N")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->callback([options, &session] { session.run = [options] { return run(*options); }; });
}

}  // namespace latchstring::cli
