#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"
#include "gateway/cli/save.h"

namespace latchstring::cli {
namespace {

struct ShareOptions {
  std::string camera;
  std::string from;
  std::string to;
  std::string agency;
  std::string to_file;
  std::string purpose;
  bool audio = false;
  std::optional<int> passphrase_fd;
  SignOptions by;
  bool json = false;
};

absl::Status check_passphrase(const control::Pin& passphrase) {
  if (passphrase.view().size() >= control::kFilePassphraseMin) return absl::OkStatus();
  return invalid("the passphrase has less than {} characters", control::kFilePassphraseMin);
}

absl::StatusOr<Instant> instant_of(std::string_view option, const std::string& text) {
  const absl::StatusOr<Instant> instant = from_rfc3339(text);
  if (!instant.ok()) return within(fmt::format("{} `{}`", option, text), instant.status());
  return instant;
}

absl::StatusOr<control::Call> make_call(const ShareOptions& options) {
  const bool to_file = !options.to_file.empty();
  control::Call call = call_of(to_file ? "share.file" : "share.agency");
  call.arguments.string("camera", options.camera);
  LS_ASSIGN(const Instant from, instant_of("--from", options.from));
  LS_ASSIGN(const Instant to, instant_of("--to", options.to));
  if (to <= from) {
    return invalid("--to `{}`: the end is before the beginning, or no later", options.to);
  }
  call.arguments.string("from", to_rfc3339(from)).string("to", to_rfc3339(to));
  if (!to_file) call.arguments.string("agency", options.agency);
  call.arguments.optional_string("purpose", options.purpose);
  if (options.audio) call.arguments.boolean("audio", true);
  LS_ASSIGN(call.pins, options.by.pins());
  if (to_file) {
    const Secrets secrets(options.passphrase_fd, "--passphrase-fd");
    LS_ASSIGN(call.passphrase, secrets.ask_new("Passphrase for the file (12 characters or more):",
                                               check_passphrase));
  }
  return call;
}

void show_file(const json::Value& given, const std::string& out, std::uint64_t bytes,
               const Zone& zone) {
  const std::vector<std::string> redacted = texts(given, "redacted");
  say(fmt::format("{}: {}, {}, {}\n", shown(out), size_text(bytes),
                  zone.span(text(given, "given_from"), text(given, "given_to")),
                  count_text(number(given, "frames"), "picture", "pictures")));
  say(fmt::format("hidden: {}\nSHA-256: {}\n", redacted.empty() ? "nothing" : joined(redacted),
                  shown(text(given, "sha256"))));
  for (const std::string& note : texts(given, "notes")) say(fmt::format("note: {}\n", shown(note)));
  say(fmt::format("Who gets it opens it with: age -d {} | tar x\n", shown(out)));
}

int share(const Session& session, const ShareOptions& options) {
  if (options.agency.empty() == options.to_file.empty())
    return usage("give it to one: --agency NAME or --to-file FILE");
  absl::StatusOr<control::Call> call = make_call(options);
  if (absl::IsInvalidArgument(call.status())) return usage(message_of(call.status()));
  if (!call.ok()) return fail(call.status());
  const Zone zone = zone_of(session.config());
  if (options.to_file.empty()) {
    return show_answer(session.call(*std::move(call)), options.json, [&](const json::Value& value) {
      say(fmt::format("Gift {}: {} gets it when an officer of it next connects.\n",
                      shown(text(value, "id")), options.agency));
    });
  }
  const absl::StatusOr<Saved> saved = save_file(session, *std::move(call), options.to_file);
  if (!saved.ok()) return fail(saved.status());
  return show_answer(saved->answer, options.json, [&](const json::Value& value) {
    show_file(value, options.to_file, saved->bytes, zone);
  });
}

std::string pause_words(const json::Value& answer, bool pauses) {
  const json::Value* sharing = member(answer, "sharing");
  const std::string by = sharing == nullptr ? "" : joined(texts(*sharing, "paused_by"));
  if (pauses)
    return fmt::format("Nothing is shared until `latchstring resume`. Paused by {}.\n", by);
  if (by.empty()) return "The rules decide again.\n";
  return fmt::format("Your own pause is over. Nothing is shared yet: still paused by {}.\n", by);
}

void add_pause(CLI::App& app, Session& session, const std::string& name,
               const std::string& sentence) {
  const auto by = keep<SignOptions>();
  CLI::App* command =
      add_command(app, name, sentence, fmt::format("latchstring {} --as alex", name));
  by->add_to(*command, true);
  command->callback([by, name, &session] {
    session.run = [by, name, &session] {
      absl::StatusOr<std::vector<control::SignedBy>> pins = by->pins();
      if (!pins.ok()) return fail(pins.status());
      control::Call call = call_of(name);
      call.pins = *std::move(pins);
      return show_answer(session.call(std::move(call)), false, [&](const json::Value& value) {
        say(pause_words(value, name == "pause"));
      });
    };
  });
}

}  // namespace

void add_share_command(CLI::App& app, Session& session) {
  const auto options = keep<ShareOptions>();
  CLI::App* command =
      add_command(app, "share", "give a clip of your own accord; what is never shared stays so",
                  "latchstring share --camera front_door --from 2026-05-04T21:50:00-05:00 "
                  "--to 2026-05-04T21:55:00-05:00 --to-file clip.age --as alex");
  command->add_option("--camera", options->camera, "a camera of the rules file")
      ->type_name("C")
      ->required();
  command->add_option("--from", options->from, "first instant, RFC 3339 with offset")
      ->type_name("T")
      ->required();
  command->add_option("--to", options->to, "first instant after it")->type_name("T")->required();
  command->add_option("--agency", options->agency, "the agency that gets it")->type_name("A");
  command->add_option("--to-file", options->to_file, "a file sealed with a passphrase")
      ->type_name("F");
  command
      ->add_option("--passphrase-fd", options->passphrase_fd,
                   "file descriptor that holds the passphrase, one line; else it is asked")
      ->type_name("N")
      ->check(CLI::Range(0, 1'048'576));
  command
      ->add_option("--purpose", options->purpose,
                   "why you give it; without it, a never rule about any purpose refuses")
      ->type_name("P");
  command->add_flag("--audio", options->audio, "with its sound, where the rules let it");
  options->by.add_to(*command, true);
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &session] {
    session.run = [options, &session] { return share(session, *options); };
  });
}

void add_pause_commands(CLI::App& app, Session& session) {
  add_pause(app, session, "pause", "stop all sharing at once");
  add_pause(app, session, "resume", "share by the rules again: each who paused, or all");
}

}  // namespace latchstring::cli
