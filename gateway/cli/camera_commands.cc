#include <fcntl.h>

#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"
#include "gateway/cli/save.h"
#include "gateway/config/edit.h"

namespace latchstring::cli {
namespace {

struct AddOptions {
  config::Camera camera;
  std::string sharing;
  std::optional<int> password_fd;
  bool replace = false;
};

// Both files with the camera in them, each checked as the daemon will.
struct Edited {
  config::Config config;
  std::string gateway;
  std::string rules;  // empty: untouched
};

absl::StatusOr<Edited> edit_files(const Session& session, const AddOptions& options) {
  const Path file = session.gateway_yaml();
  LS_ASSIGN(const config::Config before, session.config());
  LS_ASSIGN(const std::string text, read_file(file, config::kConfigBytesMax));
  const std::string value = config::camera_value(options.camera);
  const bool is_there = before.find_camera(options.camera.id) != nullptr;
  if (is_there && !options.replace)
    return not_now("the camera `{}` is in `{}` already; --replace puts this one in its place",
                   options.camera.id, file.string());
  Edited edited;
  const auto edit = is_there ? config::replace_entry : config::insert_entry;
  LS_ASSIGN(edited.gateway, edit(text, "gateway.yaml", "cameras", options.camera.id, value));
  LS_ASSIGN(edited.config, config::load(edited.gateway, file));
  if (options.sharing.empty()) return edited;
  LS_ASSIGN(const std::string rules, read_file(before.rules, kRulesBytesMax));
  LS_ASSIGN(edited.rules, config::insert_entry(rules, before.rules.filename().string(), "cameras",
                                               options.camera.id,
                                               fmt::format("{{sharing: {}}}", options.sharing)));
  LS_RETURN_IF_ERROR(load_rules(edited.rules, before.rules).status());
  return edited;
}

absl::Status store_password(const AddOptions& options, const config::Config& config) {
  if (options.camera.user.empty()) return absl::OkStatus();
  const Secrets secrets(options.password_fd, "--password-fd");
  LS_ASSIGN(const control::Pin password,
            secrets.ask(fmt::format("Password of {} at the camera:", options.camera.user)));
  return config::write_credential(config, options.camera.password_credential, password.view());
}

int add(const Session& session, AddOptions options) {
  if (!options.camera.user.empty()) options.camera.password_credential = options.camera.id;
  const absl::StatusOr<Edited> edited = edit_files(session, options);
  if (!edited.ok()) return fail(edited.status());
  // The password first: a camera that is named can then be reached.
  absl::Status status = store_password(options, edited->config);
  if (status.ok()) status = replace_file(session.gateway_yaml(), edited->gateway);
  if (status.ok() && !edited->rules.empty())
    status = replace_file(edited->config.rules, edited->rules);
  if (!status.ok()) return fail(status);
  say(fmt::format("The camera {} stands in {}.\n", options.camera.id,
                  session.gateway_yaml().string()));
  const absl::Status reloaded = reload(session);
  if (absl::IsUnavailable(reloaded)) {
    say("latchstringd is not running; it records the camera once it is started.\n");
  } else if (!reloaded.ok()) {
    return fail(reloaded);
  } else {
    say(fmt::format("`latchstring camera test {}` says what it sends.\n", options.camera.id));
  }
  if (options.sharing.empty())
    say("No rule can share it before it stands under \"cameras:\" of the rules file.\n");
  return kDone;
}

void show_test(const json::Value& found) {
  say(fmt::format("{}: {} {}x{}, {:.1f} pictures a second, a whole one every {:.1f} s, {}/s\n",
                  shown(text(found, "camera")), shown(text(found, "video")), number(found, "width"),
                  number(found, "height"), real(found, "frames_per_second"),
                  real(found, "gop_seconds"), size_text(number(found, "bits_per_second") / 8)));
  const std::string audio = text(found, "audio");
  say(fmt::format("sound: {}\n", audio.empty() ? "none" : shown(audio)));
  const json::Value* offset = member(found, "clock_offset_ms");
  const auto* ms = offset == nullptr ? nullptr : offset->as<std::int64_t>();
  say(ms == nullptr ? std::string("clock: the camera did not say its time\n")
                    : fmt::format("clock: {:.1f} s {} this machine's\n",
                                  static_cast<double>(std::abs(*ms)) / 1000,
                                  *ms < 0 ? "behind" : "ahead of"));
}

int snapshot(const Session& session, const std::string& camera, const std::string& out) {
  control::Call call = call_of("camera.snapshot");
  call.arguments.string("camera", camera);
  const absl::StatusOr<Saved> saved = save_file(session, std::move(call), out);
  if (!saved.ok()) return fail(saved.status());
  if (!saved->answer.status.ok()) return fail(saved->answer);
  say(fmt::format("{}: {} of {}\n", shown(out), size_text(saved->bytes), shown(camera)));
  return kDone;
}

void add_add(CLI::App& group, Session& session) {
  const auto options = keep<AddOptions>();
  CLI::App* command = add_command(
      group, "add", "enter a camera in gateway.yaml",
      "latchstring camera add front_door --url rtsp://192.168.30.11/stream1 --user viewer");
  config::Camera& camera = options->camera;
  command->add_option("NAME", camera.id, "small letters, digits and _")->required();
  command->add_option("--url", camera.url, "its RTSP address, without user and password")
      ->type_name("URL")
      ->required();
  command->add_option("--user", camera.user, "name to log in with; its password is asked")
      ->type_name("NAME");
  command
      ->add_option("--password-fd", options->password_fd,
                   "file descriptor that holds the password, one line")
      ->type_name("N")
      ->check(CLI::Range(0, 1'048'576));
  command->add_flag("--audio", camera.audio, "record its sound");
  command->add_option("--label", camera.label, "how tickets name it; else they do not")
      ->type_name("TEXT");
  command
      ->add_option("--sharing", options->sharing,
                   "enter it in the rules file too: by_rule, warrant_only or never")
      ->check(CLI::IsMember({"by_rule", "warrant_only", "never"}))
      ->type_name("WORD");
  command->add_flag("--replace", options->replace, "in the place of the camera of this name");
  command->callback([options, &session] {
    session.run = [options, &session] { return add(session, *options); };
  });
}

void add_test(CLI::App& group, Session& session) {
  struct Options {
    std::string camera;
    bool json = false;
  };
  const auto options = keep<Options>();
  CLI::App* command = add_command(group, "test", "connect to a camera and say what it sends",
                                  "latchstring camera test front_door");
  command->add_option("NAME", options->camera, "a camera of gateway.yaml")->required();
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &session] {
    session.run = [options, &session] {
      control::Call call = call_of("camera.test");
      call.arguments.string("camera", options->camera);
      return show_answer(session.call(std::move(call)), options->json, show_test);
    };
  });
}

void add_list(CLI::App& group, Session& session) {
  const auto as_json = keep<bool>();
  CLI::App* command =
      add_command(group, "list", "every camera and what it is doing", "latchstring camera list");
  command->add_flag("--json", *as_json, "as one JSON document");
  command->callback([as_json, &session] {
    session.run = [as_json, &session] {
      return show_answer(session.call(call_of("camera.list")), *as_json,
                         [&](const json::Value& value) {
                           say(camera_table(list(value, "cameras"), zone_of(session.config())));
                         });
    };
  });
}

void add_snapshot(CLI::App& group, Session& session) {
  struct Options {
    std::string camera;
    std::string out;
  };
  const auto options = keep<Options>();
  CLI::App* command = add_command(group, "snapshot", "one picture of now, for yourself",
                                  "latchstring camera snapshot front_door --out door.png");
  command->add_option("NAME", options->camera, "a camera of gateway.yaml")->required();
  command->add_option("--out", options->out, "the file to write")->type_name("FILE")->required();
  command->callback([options, &session] {
    session.run = [options, &session] { return snapshot(session, options->camera, options->out); };
  });
}

}  // namespace

void add_camera_commands(CLI::App& app, Session& session) {
  CLI::App* group =
      add_group(app, "camera", "add, test and look at cameras", "latchstring camera list");
  add_add(*group, session);
  add_test(*group, session);
  add_list(*group, session);
  add_snapshot(*group, session);
}

}  // namespace latchstring::cli
