#include <algorithm>
#include <functional>

#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/format.h"
#include "gateway/cli/init.h"
#include "gateway/wire/ticket.h"

namespace latchstring::cli {
namespace {

struct Options {
  std::string folder;
  std::string name;
  std::string timezone;
  std::vector<std::string> residents;
  std::string state = "state";
  std::string listen = "127.0.0.1";
  std::uint16_t port = 8883;
  std::optional<int> pin_fd;
  bool demo = false;
};

constexpr int kAsksMax = 3;  // at a terminal, of one question

// A wrong answer at a terminal is not the end; what a script says is.
template <class T>
absl::StatusOr<T> asked_again(bool at_a_terminal,
                              const std::function<absl::StatusOr<T>()>& ask_once) {
  absl::StatusOr<T> answer = ask_once();
  for (int i = 1; i < kAsksMax && at_a_terminal && absl::IsInvalidArgument(answer.status()); ++i) {
    warn(message_of(answer.status()));
    answer = ask_once();
  }
  return answer;
}

using Check = std::function<absl::Status(const std::string& answer)>;

absl::StatusOr<std::string> ask_or_name_flag(std::string_view question, std::string_view otherwise,
                                             std::string_view flag, const Check& check) {
  return asked_again<std::string>(can_ask(), [&]() -> absl::StatusOr<std::string> {
    absl::StatusOr<std::string> answer = ask(question, otherwise);
    if (absl::IsFailedPrecondition(answer.status())) return invalid("`init` needs {}", flag);
    if (answer.ok() && answer->empty()) return invalid("`init` needs {}", flag);
    if (answer.ok()) LS_RETURN_IF_ERROR(check(*answer));
    return answer;
  });
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c != ' ' && c != ',') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

absl::Status check_residents(const std::vector<std::string>& residents) {
  for (const std::string& name : residents) {
    if (!config::is_name(name))
      return invalid("`{}` is no name for a resident: small letters, digits and _, a letter first",
                     name);
    if (std::count(residents.begin(), residents.end(), name) > 1)
      return invalid("the resident `{}` is named twice", name);
  }
  return absl::OkStatus();
}

absl::Status ask_what_is_missing(Options& options) {
  if (options.demo) {
    if (options.name.empty()) options.name = "Demo house";
    if (options.timezone.empty()) options.timezone = machine_timezone();
    if (options.residents.empty()) options.residents = {"alex"};
  }
  if (options.name.empty()) {
    LS_ASSIGN(options.name, ask_or_name_flag("What do you call this house?", {}, "--name NAME",
                                             [](const auto&) { return absl::OkStatus(); }));
  }
  if (options.timezone.empty()) {
    LS_ASSIGN(options.timezone,
              ask_or_name_flag("In which time zone does it stand?", machine_timezone(),
                               "--timezone ZONE", check_timezone));
  }
  if (options.residents.empty()) {
    LS_ASSIGN(const std::string names,
              ask_or_name_flag("Who lives here and may answer requests? (names in small letters)",
                               {}, "--resident NAME", [](const std::string& answer) {
                                 return check_residents(words_of(answer));
                               }));
    options.residents = words_of(names);
  }
  return absl::OkStatus();
}

absl::StatusOr<Plan> make_plan(Options& options) {
  LS_RETURN_IF_ERROR(refuse_existing(options.folder, options.state));
  LS_RETURN_IF_ERROR(ask_what_is_missing(options));
  LS_RETURN_IF_ERROR(check_timezone(options.timezone));
  LS_RETURN_IF_ERROR(check_residents(options.residents));
  Plan plan;
  plan.folder = options.folder;
  plan.gateway.name = options.name;
  plan.gateway.state_dir = options.state;
  plan.gateway.clock = options.demo ? ClockTrust::assumed : ClockTrust::kernel;
  plan.gateway.listen = options.listen;
  plan.gateway.port = options.port;
  plan.timezone = options.timezone;
  const Secrets secrets(options.pin_fd, "--pin-fd");
  for (const std::string& resident : options.residents) {
    LS_ASSIGN(control::Pin pin, asked_again<control::Pin>(!options.pin_fd.has_value(), [&] {
                return ask_new_pin(resident, secrets);
              }));
    plan.residents.push_back({resident, std::move(pin)});
  }
  LS_RETURN_IF_ERROR(secrets.expect_end());
  return plan;
}

// The only time that this identity is seen. Its text is wiped behind it.
absl::Status show_archive_identity(const crypto::age::Identity& identity) {
  const crypto::Secret key = identity.text();
  absl::StatusOr<std::string> picture = wire::qr_text(as_text(key.view()));
  say("The household's archive identity. Evidence and gifts are sealed to it too; who has it "
      "can\n"
      "open them. It is shown this once and kept nowhere: write it on paper or print it, and keep\n"
      "it where you keep papers.\n\n");
  if (picture.ok()) say(*picture);
  say("\n  ");
  say(as_text(key.view()));
  say("\n\n");
  if (picture.ok()) control::wipe(*picture);
  return within("the archive identity cannot be shown, so no house was made", flush_output());
}

void show_next_steps(const std::string& folder, bool kek_in_the_open) {
  if (kek_in_the_open)
    say("The keys are protected by a key file beside them (kek). For a real house let\n"
        "systemd keep it: LoadCredentialEncrypted=latchstring-kek.\n\n");
  say(
      fmt::format("Next:\n"
                  "  latchstring --house {0} camera add front_door --url rtsp://...\n"
                  "  latchstringd --config {1}\n"
                  "  latchstring --house {0} agency add springfield_pd KEYFILE --ticket TICKET\n"
                  "and write into {2} what you wish to share. It shares nothing now.\n",
                  shell_word(folder), shell_word(folder + "/gateway.yaml"),
                  shell_word(folder + "/house-rules.yaml")));
}

int run(Options& options) {
  const absl::StatusOr<Plan> plan = make_plan(options);
  if (absl::IsInvalidArgument(plan.status())) return usage(message_of(plan.status()));
  if (!plan.ok()) return fail(plan.status());
  const absl::StatusOr<Made> made =
      make_house(*plan, [](const Made& shown) { return show_archive_identity(shown.archive); });
  if (absl::IsInvalidArgument(made.status())) return usage(message_of(made.status()));
  if (!made.ok()) return fail(made.status());
  say(fmt::format("The house \"{}\" stands in {}.\n", shown(plan->gateway.name),
                  shown(options.folder)));
  say(fmt::format("Fingerprint of its gateway: {}\n", made->fingerprint));
  if (options.demo) say("A demo: its clock is assumed to be right.\n");
  say("\n");
  show_next_steps(options.folder, made->kek_in_the_open);
  return kDone;
}

}  // namespace

void add_init_command(CLI::App& app, Session& session) {
  const auto options = keep<Options>();
  CLI::App* command =
      add_command(app, "init", "make a new house: its files, keys and residents; it shares nothing",
                  "latchstring init ~/house --name \"Maple Street\" --timezone America/Chicago "
                  "--resident alex");
  command->add_option("DIR", options->folder, "folder of the house")->required();
  command->add_option("--name", options->name, "what you call the house")->type_name("TEXT");
  command->add_option("--timezone", options->timezone, "what your kitchen clock shows")
      ->type_name("ZONE");
  command->add_option("--resident", options->residents, "who may answer requests; repeat it")
      ->type_name("NAME")
      ->take_all();
  command
      ->add_option("--pin-fd", options->pin_fd,
                   "file descriptor with a PIN a line, in the order of --resident; else asked")
      ->type_name("N")
      ->check(CLI::Range(0, 1'048'576));
  command->add_option("--broker-listen", options->listen, "IP address of the managed broker")
      ->type_name("IP")
      ->capture_default_str();
  command->add_option("--broker-port", options->port, "its port")
      ->type_name("N")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  command->add_option("--state", options->state, "folder of database, keys and archive")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_flag("--demo", options->demo,
                    "for trying out: clock assumed, resident alex unless named");
  command->callback([options, &session] { session.run = [options] { return run(*options); }; });
}

}  // namespace latchstring::cli
