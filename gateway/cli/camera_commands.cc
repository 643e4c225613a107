#include <fcntl.h>

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"
#include "gateway/cli/save.h"
#include "gateway/config/edit.h"

namespace latchstring::cli {
namespace {

struct AddOptions {
  config::Camera camera;  // what was given
  bool user_given = false;
  bool audio_given = false;
  bool label_given = false;
  std::string sharing;
  std::optional<int> password_fd;
  bool replace = false;
};

// Both files with the camera in them, each checked as the daemon will.
struct Edited {
  config::Config config;
  config::Camera camera;
  std::string gateway;
  std::string rules;                  // empty: untouched
  std::vector<std::string> kept;      // of the camera that was there
  std::string unused_credential;      // that only it had; empty: none
  std::optional<std::string> listed;  // how the rules share it; none: not listed
  bool rules_hold = false;            // nothing is wrong with them, as they are afterwards
};

// What is not given stays as it was.
config::Camera merged(const AddOptions& options, const config::Camera& before,
                      std::vector<std::string>& kept) {
  config::Camera camera = options.camera;
  if (camera.url.empty()) {
    camera.url = before.url;
    kept.push_back(fmt::format("the address {}", before.url));
  }
  if (!options.user_given && !before.user.empty()) {
    camera.user = before.user;
    camera.password_credential = before.password_credential;
    kept.push_back(fmt::format("the user {}{}", before.user,
                               options.password_fd.has_value() ? "" : " and its password"));
  }
  if (!options.audio_given && before.audio) {
    camera.audio = true;
    kept.emplace_back("its sound");
  }
  if (!options.label_given && !before.label.empty()) {
    camera.label = before.label;
    kept.push_back(fmt::format("the label \"{}\"", before.label));
  }
  return camera;
}

// What the camera had and nothing has any more.
std::string unused_credential(const config::Camera& before, const config::Config& after) {
  const std::string& name = before.password_credential;
  const bool used = std::any_of(after.cameras.begin(), after.cameras.end(),
                                [&](const auto& each) { return each.password_credential == name; });
  const auto& broker = after.broker.remote;
  return used || (broker && broker->password_credential == name) ? "" : name;
}

absl::Status edit_gateway(const Session& session, const AddOptions& options,
                          const config::Config& before, Edited& edited) {
  const Path file = session.gateway_yaml();
  LS_ASSIGN(const std::string text, read_file(file, config::kConfigBytesMax));
  const config::Camera* there = before.find_camera(options.camera.id);
  if (there != nullptr && !options.replace)
    return not_now("the camera `{}` is in `{}` already; --replace puts this one in its place",
                   options.camera.id, file.string());
  if (there == nullptr && options.camera.url.empty())
    return not_found("there is no camera `{}` to replace: give its --url", options.camera.id);
  edited.camera = there != nullptr ? merged(options, *there, edited.kept) : options.camera;
  if (!edited.camera.user.empty() && edited.camera.password_credential.empty())
    edited.camera.password_credential = edited.camera.id;
  const auto changed = there != nullptr
                           ? config::replace_camera(text, "gateway.yaml", *there, edited.camera)
                           : config::insert_entry(text, "gateway.yaml", "cameras", edited.camera.id,
                                                  config::camera_value(edited.camera));
  if (!changed.ok()) return changed.status();
  edited.gateway = *changed;
  LS_ASSIGN(edited.config, config::load(edited.gateway, file));
  if (there != nullptr) edited.unused_credential = unused_credential(*there, edited.config);
  return absl::OkStatus();
}

absl::Status edit_rules(const AddOptions& options, const Path& file, Edited& edited) {
  const absl::StatusOr<std::string> rules = read_file(file, kRulesBytesMax);
  if (rules.ok()) edited.listed = sharing_in_rules(*rules, options.camera.id);
  const absl::Status before = rules.ok() ? load_rules(*rules, file).status() : rules.status();
  edited.rules_hold = before.ok();
  if (options.sharing.empty() || edited.listed == options.sharing) return absl::OkStatus();
  if (!rules.ok()) return rules.status();
  if (edited.listed.has_value())
    return not_now(
        "`{}` shares `{}` as {}: write {} there yourself, and mind the rules that name it",
        file.string(), options.camera.id, *edited.listed, options.sharing);
  LS_ASSIGN(edited.rules,
            config::insert_entry(*rules, file.filename().string(), "cameras", options.camera.id,
                                 fmt::format("{{sharing: {}}}", options.sharing)));
  edited.listed = options.sharing;
  edited.rules_hold = true;  // or they are not written
  const absl::Status after = load_rules(edited.rules, file).status();
  // What was wrong before is said by the lines that the file has.
  return after.ok() || before.ok() ? after : before;
}

absl::StatusOr<Edited> edit_files(const Session& session, const AddOptions& options) {
  LS_ASSIGN(const config::Config before, session.config());
  Edited edited;
  LS_RETURN_IF_ERROR(edit_gateway(session, options, before, edited));
  LS_RETURN_IF_ERROR(edit_rules(options, before.rules, edited));
  return edited;
}

absl::Status store_password(const AddOptions& options, const Edited& edited) {
  const bool is_new = options.user_given || options.password_fd.has_value();
  if (edited.camera.user.empty() || !is_new) return absl::OkStatus();
  const Secrets secrets(options.password_fd, "--password-fd");
  LS_ASSIGN(const control::Pin password,
            secrets.ask(fmt::format("Password of {} at the camera:", edited.camera.user)));
  return config::write_credential(edited.config, edited.camera.password_credential,
                                  password.view());
}

void say_sharing(const Edited& edited) {
  if (!edited.rules_hold) {
    say(
        fmt::format("The rules file {} is broken: nothing is shared. `latchstring policy check` "
                    "says what is wrong.\n",
                    edited.config.rules.string()));
  } else if (!edited.listed.has_value()) {
    say("No rule can share it before it stands under \"cameras:\" of the rules file.\n");
  } else {
    say(fmt::format("In the rules file: sharing {}.\n", shown(*edited.listed)));
  }
}

int add(const Session& session, const AddOptions& options) {
  if (options.camera.url.empty() && !options.replace)
    return usage("--url is required", "only with --replace it may stay as it was");
  const absl::StatusOr<Edited> edited = edit_files(session, options);
  if (!edited.ok()) return fail(edited.status());
  // The password first: a camera that is named can then be reached.
  absl::Status status = store_password(options, *edited);
  if (status.ok()) status = replace_file(session.gateway_yaml(), edited->gateway);
  if (status.ok() && !edited->rules.empty())
    status = replace_file(edited->config.rules, edited->rules);
  if (status.ok() && !edited->unused_credential.empty())
    status = config::remove_credential(edited->config, edited->unused_credential);
  if (!status.ok()) return fail(status);
  say(fmt::format("The camera {} stands in {}.\n", options.camera.id,
                  session.gateway_yaml().string()));
  if (!edited->kept.empty()) say(fmt::format("Kept as it was: {}.\n", shown(joined(edited->kept))));
  say_sharing(*edited);
  const absl::Status reloaded = reload(session);
  if (absl::IsUnavailable(reloaded)) {
    say("latchstringd is not running; it records the camera once it is started.\n");
  } else if (!reloaded.ok()) {
    return fail(reloaded);
  } else {
    say(fmt::format("`latchstring camera test {}` says what it sends.\n", options.camera.id));
  }
  return kDone;
}

void show_test(const json::Value& found) {
  say(fmt::format("{}: {} {}x{}, {:.1f} pictures a second, a whole one every {:.1f} s, {}/s\n",
                  shown(text(found, "camera")), shown(text(found, "video")), number(found, "width"),
                  number(found, "height"), real(found, "frames_per_second"),
                  real(found, "gop_seconds"), size_text(number(found, "bits_per_second") / 8)));
  const std::string audio = text(found, "audio");
  say(fmt::format("sound: {}{}\n", audio.empty() ? "none" : shown(audio),
                  audio.empty() || flag(found, "audio_recorded") ? "" : ", not recorded"));
  const json::Value* offset = member(found, "clock_offset_ms");
  const auto* ms = offset == nullptr ? nullptr : offset->as<std::int64_t>();
  say(ms == nullptr ? std::string("clock: the camera did not say its time\n")
                    : fmt::format("clock: {:.1f} s {} this machine's\n",
                                  static_cast<double>(std::abs(*ms)) / 1000,
                                  *ms < 0 ? "behind" : "ahead of"));
}

int snapshot(const Session& session, const std::string& camera, const std::string& out) {
  const std::string ending = Path(out).extension().string();
  if (!ending.empty() && ending != ".png")
    return usage(fmt::format("a snapshot is a PNG picture: `{}` cannot end in {}", out, ending));
  control::Call call = call_of("camera.snapshot");
  call.arguments.string("camera", camera);
  const absl::StatusOr<Saved> saved = save_file(session, std::move(call), out);
  if (!saved.ok()) return fail(saved.status());
  if (!saved->answer.status.ok()) return fail(saved->answer);
  const json::Value& answer = saved->answer.result;
  say(fmt::format("{}: {} of {}, as it was at {}\n", shown(out), size_text(saved->bytes),
                  shown(camera), zone_of(session.config()).time(text(answer, "at"))));
  if (!flag(answer, "recording")) warn("nothing comes from this camera now");
  return kDone;
}

void add_add(CLI::App& group, Session& session) {
  const auto options = keep<AddOptions>();
  CLI::App* command = add_command(
      group, "add", "enter a camera in gateway.yaml",
      "latchstring camera add front_door --url rtsp://192.168.30.11/stream1 --user viewer");
  config::Camera& camera = options->camera;
  command->add_option("NAME", camera.id, "small letters, digits and _")->required();
  command
      ->add_option("--url", camera.url,
                   "its RTSP address, without user and password; required for a new camera")
      ->type_name("URL");
  CLI::Option* user =
      command->add_option("--user", camera.user, "name to log in with; its password is asked")
          ->type_name("NAME");
  command
      ->add_option("--password-fd", options->password_fd,
                   "file descriptor that holds the password, one line")
      ->type_name("N")
      ->check(CLI::Range(0, 1'048'576));
  CLI::Option* audio =
      command->add_flag("--audio,!--no-audio", camera.audio, "record its sound, or not");
  CLI::Option* label =
      command->add_option("--label", camera.label, "how tickets name it; else they do not")
          ->type_name("TEXT");
  command
      ->add_option("--sharing", options->sharing,
                   "enter it in the rules file too: by_rule, warrant_only or never")
      ->check(CLI::IsMember({"by_rule", "warrant_only", "never"}))
      ->type_name("WORD");
  command->add_flag("--replace", options->replace,
                    "change the camera of this name; what is not given stays, \"\" takes it away");
  command->callback([options, user, audio, label, &session] {
    options->user_given = user->count() > 0;
    options->audio_given = audio->count() > 0;
    options->label_given = label->count() > 0;
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
  CLI::App* command = add_command(group, "snapshot", "the newest recorded picture, for yourself",
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
