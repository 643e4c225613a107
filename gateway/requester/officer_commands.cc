#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/requester/commands.h"
#include "gateway/requester/login.h"
#include "gateway/requester/program.h"

namespace latchstring::requester {
namespace {

int init(const std::string& folder) {
  const absl::Status made = init_officer(folder);
  if (!made.ok()) return fail(made);
  say(fmt::format("Hand this to your agency: {}\n", public_file(folder).string()));
  return kDone;
}

absl::Status update(const std::string& folder, const std::string& credential,
                    const std::string& list) {
  if (!credential.empty()) {
    LS_ASSIGN(const std::string text, read_file(credential, kPaperMax));
    LS_RETURN_IF_ERROR(within(credential, update_credentials(folder, text)));
  }
  if (list.empty()) return absl::OkStatus();
  LS_ASSIGN(std::string text, read_file(list, kPaperMax));
  text.erase(std::find(text.begin(), text.end(), '\n'), text.end());
  return within(list, update_revocations(folder, text));
}

void add_init(CLI::App& group, Run& run) {
  auto folder = std::make_shared<std::string>();
  CLI::App* command = add_command(group, "init", "make an officer's keys on this computer",
                                  "latchstring-request officer init --dir ~/officer");
  command->add_option("--dir", *folder, "folder for the keys")->type_name("DIR")->required();
  command->callback([&run, folder] { run = [folder] { return init(*folder); }; });
}

void add_update(CLI::App& group, Run& run) {
  struct Options {
    std::string folder, credential, list;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      group, "update", "take in what the agency handed back",
      "latchstring-request officer update --dir ~/officer --credential credential.json");
  command->add_option("--dir", options->folder, "folder of the officer's keys")
      ->type_name("DIR")
      ->required();
  CLI::Option* credential =
      command->add_option("--credential", options->credential, "file that `agency issue` wrote")
          ->type_name("FILE");
  CLI::Option* list =
      command->add_option("--list", options->list, "revocation list that `agency revoke` wrote")
          ->type_name("FILE");
  command->callback([&run, options, credential, list] {
    if (credential->count() + list->count() == 0) {
      throw CLI::RequiredError("--credential or --list");
    }
    run = [options] {
      const absl::Status done = update(options->folder, options->credential, options->list);
      return done.ok() ? kDone : fail(done, hint_for(done));
    };
  });
}

absl::Status keep(const std::string& folder, const std::string& url, const std::string& user,
                  int secret_fd) {
  LS_RETURN_IF_ERROR(check_is_officer(folder));
  LS_ASSIGN(const crypto::Secret secret, read_secret_line(secret_fd));
  return keep_login(folder, url, user, secret);
}

void add_broker(CLI::App& group, Run& run) {
  struct Options {
    std::string folder, url, user;
    int secret_fd = -1;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      group, "broker", "keep the login at a broker that no household runs itself",
      "latchstring-request officer broker --dir ~/officer --url mqtts://broker.example:8883 "
      "--user riverpd234 --secret-fd 3 3<secret.txt");
  command->add_option("--dir", options->folder, "folder of the officer's keys")
      ->type_name("DIR")
      ->required();
  command->add_option("--url", options->url, "as it stands in the ticket")
      ->type_name("URL")
      ->required();
  command->add_option("--user", options->user, "the agency's mailbox there")
      ->type_name("R")
      ->required();
  command->add_option("--secret-fd", options->secret_fd, "file descriptor to read its secret from")
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20))
      ->required();
  command->callback([&run, options] {
    run = [options] {
      const absl::Status done =
          keep(options->folder, options->url, options->user, options->secret_fd);
      return done.ok() ? kDone : fail(done);
    };
  });
}

}  // namespace

void add_officer_commands(CLI::App& app, Run& run) {
  CLI::App* group = add_group(app, "officer", "an officer's keys and credential",
                              "latchstring-request officer init --dir ~/officer");
  add_init(*group, run);
  add_update(*group, run);
  add_broker(*group, run);
}

}  // namespace latchstring::requester
