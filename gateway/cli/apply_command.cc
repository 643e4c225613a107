// `latchstring policy apply`: a running daemon reads the rules, and is told whether they act at
// once.
#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/format.h"
#include "gateway/cli/save.h"

namespace latchstring::cli {
namespace {

struct Options {
  bool now = false;
  bool json = false;
  SignOptions by;
};

void show_waiting(const json::Value& rules) {
  const Zone zone = Zone::named(text(rules, "timezone"));
  const std::uint64_t earlier = number(rules, "earlier");
  if (earlier != 0) {
    const std::string until = text(rules, "earlier_until");
    say(fmt::format(
        "What they refuse is refused from now on. What they give beyond {} they "
        "replaced waits {}.\n"
        "`latchstring policy apply --now` lets all residents of before agree that it "
        "need not.\n",
        earlier == 1 ? "the version that" : fmt::format("the {} versions that", earlier),
        until.empty() ? "24 hours from when the clock is right" : "until " + zone.time(until)));
  }
  for (const std::string& name : texts(rules, "leaving")) {
    say(
        fmt::format("{} was taken out, and still counts among all residents until they agree "
                    "(`latchstring resident remove {} --as {}`) or seven days have passed.\n",
                    shown(name), shown(name), shown(name)));
  }
}

void show(const json::Value& result) {
  const json::Value* rules = member(result, "rules");
  if (rules == nullptr) return;
  say(fmt::format("In force: {}\n", shown(text(*rules, "file"))));
  show_waiting(*rules);
}

int apply(const Session& session, const Options& options) {
  const control::Answer reloaded = session.call(call_of("policy.reload"));
  if (!reloaded.status.ok()) return fail(reloaded);
  if (const absl::Status taken = taken_by_daemon(reloaded.result); !taken.ok()) return fail(taken);
  if (!options.now) return show_answer(reloaded, options.json, show);
  absl::StatusOr<std::vector<control::SignedBy>> pins = options.by.pins();
  if (!pins.ok()) return fail(pins.status());
  control::Call call = call_of("policy.apply_now");
  const json::Value* rules = member(reloaded.result, "rules");
  call.arguments.string("sha256", rules == nullptr ? "" : text(*rules, "sha256"));
  call.pins = *std::move(pins);
  return show_answer(session.call(std::move(call)), options.json, show);
}

}  // namespace

void add_apply_command(CLI::App& group, Session& session) {
  const auto options = keep<Options>();
  CLI::App* command = add_command(
      group, "apply",
      "let the daemon read the rules; what is looser waits 24 hours, or not, with --now",
      "latchstring policy apply --now --as alex --as sam");
  CLI::Option* now = command->add_flag(
      "--now", options->now, "at once: needs every resident of the rules that were replaced");
  options->by.add_to(*command, false);
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, now, &session] {
    if (options->now == options->by.residents.empty()) {
      throw CLI::ValidationError(now->get_name(),
                                 options->now ? "needs --as RESIDENT for each" : "belongs to --as");
    }
    session.run = [options, &session] { return apply(session, *options); };
  });
}

}  // namespace latchstring::cli
