#include <set>

#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"
#include "gateway/cli/save.h"
#include "gateway/config/edit.h"

namespace latchstring::cli {
namespace {

struct Options {
  std::string resident;
  SignOptions by;
  bool stop = false;  // of `reset`
};

// The rules file with a resident more or less, checked.
absl::StatusOr<std::string> edit_residents(const config::Config& config, const std::string& name,
                                           bool add) {
  LS_ASSIGN(const std::string text, read_file(config.rules, kRulesBytesMax));
  const auto edit = add ? config::insert_word : config::remove_word;
  LS_ASSIGN(std::string edited,
            edit(text, config.rules.filename().string(), "household", "residents", name));
  LS_RETURN_IF_ERROR(load_rules(edited, config.rules).status());
  return edited;
}

absl::Status write_rules(const Session& session, const config::Config& config,
                         const std::string& text) {
  LS_RETURN_IF_ERROR(replace_file(config.rules, text));
  return reload(session);
}

control::Call call_about(std::string operation, const std::string& resident) {
  control::Call call = call_of(std::move(operation));
  call.arguments.string("resident", resident);
  return call;
}

// With the PINs of those who stand behind it.
absl::StatusOr<control::Call> signed_call(std::string operation, const Options& options) {
  control::Call call = call_about(std::move(operation), options.resident);
  LS_ASSIGN(call.pins, options.by.pins());
  return call;
}

// A PIN that will not do is a wrong argument, as where the daemon says so.
int fail_over_pin(const absl::Status& why) {
  return absl::IsInvalidArgument(why) ? usage(message_of(why)) : fail(why);
}

// `member`: when something that waits is over; unknown while the clock is not right.
std::string when(const json::Value& value, std::string_view member, std::string_view wait,
                 const Zone& zone) {
  const std::string at = text(value, member);
  return at.empty() ? fmt::format("{} after the clock is right", wait) : zone.time(at);
}

std::string waiting_words(const json::Value& value, const std::string& resident, const Zone& zone) {
  return fmt::format("{} may say no from now on. Their yes counts from {}.\n", resident,
                     when(value, "yes_counts_from", "24 hours", zone));
}

// The daemon learns the PIN first: a name in the rules without a PIN could not answer.
int add(const Session& session, const Options& options) {
  const absl::StatusOr<config::Config> config = session.config();
  if (!config.ok()) return fail(config.status());
  absl::StatusOr<std::string> edited = edit_residents(*config, options.resident, true);
  // Named in the file by hand already: then only the PIN is missing.
  if (absl::IsFailedPrecondition(edited.status())) edited = std::string();
  if (!edited.ok()) return fail(edited.status());
  absl::StatusOr<control::Call> call = signed_call("resident.add", options);
  if (!call.ok()) return fail(call.status());
  absl::StatusOr<control::Pin> pin = ask_new_pin(options.resident, options.by.secrets());
  if (!pin.ok()) return fail_over_pin(pin.status());
  call->new_pin = *std::move(pin);
  const control::Answer answer = session.call(*std::move(call));
  if (!answer.status.ok()) return fail(answer);
  if (!edited->empty()) {
    const absl::Status written = write_rules(session, *config, *edited);
    if (!written.ok()) return fail(written);
  }
  if (flag(answer.result, "yes_waits")) {
    say(waiting_words(answer.result, options.resident, zone_of(config)));
  } else {
    say(fmt::format("{} may answer requests now.\n", options.resident));
  }
  return kDone;
}

// Ids of requests in this phase.
std::set<std::string> in_phase(const Session& session, std::string_view phase) {
  std::set<std::string> ids;
  const control::Answer answer = session.call(call_of("request.list"));
  if (!answer.status.ok()) return ids;
  for (const json::Value& request : list(answer.result, "requests")) {
    if (text(request, "phase") == phase) ids.insert(text(request, "id"));
  }
  return ids;
}

// Those who stay may have said yes already.
void tell_released(const Session& session, const std::set<std::string>& asked_before) {
  for (const std::string& id : in_phase(session, "releasing")) {
    if (!asked_before.contains(id)) continue;
    say(
        fmt::format("All who are left had agreed to {}: it is being released. `latchstring request "
                    "revoke {} --as RESIDENT` takes it back.\n",
                    id, id));
  }
}

int remove(const Session& session, const Options& options) {
  const absl::StatusOr<config::Config> config = session.config();
  if (!config.ok()) return fail(config.status());
  absl::StatusOr<std::string> edited = edit_residents(*config, options.resident, false);
  if (absl::IsNotFound(edited.status())) edited = std::string();
  if (!edited.ok()) return fail(edited.status());
  absl::StatusOr<control::Call> call = signed_call("resident.remove", options);
  if (!call.ok()) return fail(call.status());
  const std::set<std::string> asked = in_phase(session, "asking");
  const control::Answer answer = session.call(*std::move(call));
  if (!answer.status.ok()) return fail(answer);
  if (!edited->empty()) {
    const absl::Status written = write_rules(session, *config, *edited);
    if (!written.ok()) return fail(written);
  }
  say(fmt::format("{} can no longer answer requests.\n", options.resident));
  tell_released(session, asked);
  return kDone;
}

int change_pin(const Session& session, const Options& options) {
  control::Call call = call_about("resident.pin", options.resident);
  const Secrets secrets = options.by.secrets();
  absl::StatusOr<control::Pin> old =
      secrets.ask(fmt::format("Present PIN of {}:", options.resident));
  if (!old.ok()) return fail(old.status());
  call.pins.push_back({options.resident, *std::move(old)});
  absl::StatusOr<control::Pin> pin = ask_new_pin(options.resident, secrets);
  if (!pin.ok()) return fail_over_pin(pin.status());
  call.new_pin = *std::move(pin);
  const control::Answer answer = session.call(std::move(call));
  if (!answer.status.ok()) return fail(answer);
  say(fmt::format("{} has a new PIN.\n", options.resident));
  return kDone;
}

int stop_reset(const Session& session, const Options& options) {
  absl::StatusOr<control::Call> call = signed_call("resident.reset_stop", options);
  if (!call.ok()) return fail(call.status());
  const control::Answer answer = session.call(*std::move(call));
  if (!answer.status.ok()) return fail(answer);
  say(fmt::format("The PIN of {} stays as it is.\n", options.resident));
  return kDone;
}

int reset_pin(const Session& session, const Options& options) {
  if (options.stop) return stop_reset(session, options);
  absl::StatusOr<control::Call> call = signed_call("resident.reset", options);
  if (!call.ok()) return fail(call.status());
  absl::StatusOr<control::Pin> pin = ask_new_pin(options.resident, options.by.secrets());
  if (!pin.ok()) return fail_over_pin(pin.status());
  call->new_pin = *std::move(pin);
  const control::Answer answer = session.call(*std::move(call));
  if (!answer.status.ok()) return fail(answer);
  const Zone zone = zone_of(session.config());
  if (flag(answer.result, "reset_waits")) {
    say(fmt::format(
        "The new PIN of {} takes the place of the old one: {}. Until then everybody "
        "sees it in `latchstring status`, and any resident may stop it: `latchstring "
        "resident reset {} --stop --as RESIDENT`.\n",
        options.resident, when(answer.result, "reset_at", "seven days", zone), options.resident));
  } else {
    say(fmt::format("{} has a new PIN.\n", options.resident));
    say(waiting_words(answer.result, options.resident, zone));
  }
  return kDone;
}

std::string waits_note(const json::Value& resident, const Zone& zone) {
  std::vector<std::string> notes;
  if (flag(resident, "yes_waits")) {
    notes.push_back("yes counts from " + when(resident, "yes_counts_from", "24 hours", zone));
  }
  if (flag(resident, "reset_waits")) {
    notes.push_back("another PIN: " + when(resident, "reset_at", "seven days", zone));
  }
  return joined(notes);
}

void show_residents(const json::Value& value, const Zone& zone) {
  Table table({"RESIDENT", "IN THE RULES", "PIN", "PIN SET", "WAITS"});
  for (const json::Value& resident : list(value, "residents")) {
    const std::string set = text(resident, "pin_set");
    const std::string pin = !flag(resident, "has_pin") ? "none"
                            : flag(resident, "locked") ? "locked"
                                                       : "yes";
    table.row({text(resident, "resident"), flag(resident, "in_rules") ? "yes" : "no", pin,
               set.empty() ? "" : zone.time(set), waits_note(resident, zone)});
  }
  say(table.text());
}

void add_list(CLI::App& group, Session& session) {
  const auto as_json = keep<bool>();
  CLI::App* command =
      add_command(group, "list", "who may answer requests", "latchstring resident list");
  command->add_flag("--json", *as_json, "as one JSON document");
  command->callback([as_json, &session] {
    session.run = [as_json, &session] {
      return show_answer(
          session.call(call_of("resident.list")), *as_json,
          [&](const json::Value& value) { show_residents(value, zone_of(session.config())); });
    };
  });
}

using Run = int (*)(const Session&, const Options&);

CLI::App* add_one(CLI::App& group, Session& session, const std::string& name,
                  const std::string& sentence, const std::string& example, Run run,
                  const std::shared_ptr<Options>& options) {
  CLI::App* command = add_command(group, name, sentence, example);
  command->add_option("NAME", options->resident, "small letters, digits and _")->required();
  command->callback([options, run, &session] {
    session.run = [options, run, &session] { return run(session, *options); };
  });
  return command;
}

}  // namespace

void add_resident_commands(CLI::App& app, Session& session) {
  CLI::App* group = add_group(app, "resident", "who lives here and may answer requests",
                              "latchstring resident list");
  add_list(*group, session);
  const auto of_add = keep<Options>();
  CLI::App* command =
      add_one(*group, session, "add", "let one more resident answer; everybody with a PIN agrees",
              "latchstring resident add kim --as alex", add, of_add);
  of_add->by.add_to(*command, false);
  const auto of_pin = keep<Options>();
  command = add_one(*group, session, "pin", "change one's own PIN", "latchstring resident pin alex",
                    change_pin, of_pin);
  command
      ->add_option("--pin-fd", of_pin->by.pin_fd,
                   "file descriptor that holds the present and the new PIN, one a line")
      ->type_name("N")
      ->check(CLI::Range(0, 1'048'576));
  const auto of_reset = keep<Options>();
  command = add_one(*group, session, "reset",
                    "another PIN for who forgot theirs: by all others, or alone in seven days",
                    "latchstring resident reset sam --as alex --as kim", reset_pin, of_reset);
  of_reset->by.add_to(*command, false);
  command->add_flag("--stop", of_reset->stop, "end a reset that waits")->needs("--as");
  const auto of_remove = keep<Options>();
  command = add_one(*group, session, "remove", "a resident answers no more",
                    "latchstring resident remove kim --as kim", remove, of_remove);
  of_remove->by.add_to(*command, true);
}

}  // namespace latchstring::cli
