#include "gateway/base/status.h"
#include "gateway/crypto/sign.h"
#include "gateway/requester/agency.h"
#include "gateway/requester/commands.h"
#include "gateway/requester/program.h"

namespace latchstring::requester {
namespace {

constexpr std::size_t kAgencyNameMax = 200;  // bytes

Instant now() {
  return SystemClock(ClockTrust::assumed).now();
}

// To the file, or to standard output where none is named. The file takes the place of another: of a
// device, a link or the agency's own key it must not.
absl::Status put_out(const std::string& folder, const std::string& file, std::string_view text) {
  if (file.empty()) {
    const bool written =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    return written ? absl::OkStatus() : errno_status("cannot write to standard output");
  }
  if (Agency::is_own_file(folder, file)) {
    return not_now("`{}` is the agency's own file: name another one with --out", file);
  }
  std::error_code fault;
  const auto there = std::filesystem::symlink_status(file, fault).type();
  if (there != std::filesystem::file_type::not_found &&
      there != std::filesystem::file_type::regular) {
    return not_now("`{}` is not a file: name another one with --out, or leave --out away", file);
  }
  return write_file_durably(file, text);
}

int init(const std::string& folder, const std::string& name) {
  const auto agency = Agency::init(folder, name, now());
  if (!agency.ok()) return fail(agency.status());
  say(fmt::format("The key that households pin: {}\nIts fingerprint, to be read aloud: {}\n",
                  Agency::public_key_file(folder).string(),
                  crypto::spoken_fingerprint((*agency)->key())));
  return kDone;
}

struct IssueOptions {
  std::string folder, officer, badge, out;
  int days = 30;
};

absl::Status issue(const IssueOptions& options) {
  LS_ASSIGN(const auto agency, Agency::open(options.folder));
  LS_ASSIGN(const std::string text, read_file(options.officer, kPaperMax));
  const auto officer = decode_public(text);
  if (!officer.ok()) {
    return data_loss("`{}` is not an officer's PUB.json: {}", options.officer,
                     message_of(officer.status()));
  }
  return agency->issue(
      *officer, options.badge, options.days, now(),
      [&options](std::string_view paper) { return put_out(options.folder, options.out, paper); });
}

absl::Status revoke(const std::string& folder, const std::string& id, const std::string& out) {
  LS_ASSIGN(const auto agency, Agency::open(folder));
  return agency->revoke(id, now(), [&](std::string_view list) {
    return put_out(folder, out, std::string(list) + "\n");
  });
}

void say_json(const std::vector<Issued>& all) {
  std::string text;
  for (const Issued& one : all) {
    json::Writer w;
    w.string("id", one.id).string("badge", one.badge).string("officer", one.officer);
    w.string("issued", to_rfc3339(one.issued)).string("expires", to_rfc3339(one.expires));
    w.boolean("revoked", one.revoked);
    text += (text.empty() ? "" : ",") + w.text();
  }
  say("[" + text + "]\n");
}

absl::Status list(const std::string& folder, bool as_json) {
  LS_ASSIGN(const auto agency, Agency::open(folder));
  LS_ASSIGN(const std::vector<Issued> all, agency->list());
  if (as_json) {
    say_json(all);
    return absl::OkStatus();
  }
  for (const Issued& one : all) {
    const std::string_view state = one.revoked            ? "revoked"
                                   : one.expires <= now() ? "expired"
                                                          : "valid";
    say(fmt::format("{}  {:7}  until {}  {}\n", one.id, state, to_rfc3339(one.expires),
                    shown(one.badge)));
  }
  return absl::OkStatus();
}

int told(const absl::Status& status) {
  return status.ok() ? kDone : fail(status);
}

void add_folder(CLI::App& command, std::string& folder) {
  command.add_option("--dir", folder, "folder of the agency")->type_name("DIR")->required();
}

void add_init(CLI::App& group, Run& run) {
  auto options = std::make_shared<std::pair<std::string, std::string>>();
  CLI::App* command = add_command(group, "init", "make an agency's signing key",
                                  "latchstring-request agency init --name \"River Police\" --dir "
                                  "~/agency");
  command->add_option("--name", options->first, "the agency's name")
      ->required()
      ->check([](const std::string& text) -> std::string {
        if (text.find_first_not_of(' ') == std::string::npos) return "say the agency's name";
        if (text.size() <= kAgencyNameMax) return "";
        return fmt::format("the agency's name has more than {} bytes", kAgencyNameMax);
      });
  add_folder(*command, options->second);
  command->callback(
      [&run, options] { run = [options] { return init(options->second, options->first); }; });
}

void add_issue(CLI::App& group, Run& run) {
  auto options = std::make_shared<IssueOptions>();
  CLI::App* command =
      add_command(group, "issue", "sign a credential for an officer; the file is for the officer",
                  "latchstring-request agency issue --dir ~/agency --officer PUB.json --badge 4711 "
                  "--days 30 --out credential.json");
  add_folder(*command, options->folder);
  command->add_option("--officer", options->officer, "the officer's PUB.json")
      ->type_name("FILE")
      ->required();
  command->add_option("--badge", options->badge, "how the officer is known")
      ->required()
      ->check([](const std::string& text) {
        return text.find_first_not_of(' ') == std::string::npos ? "say how the officer is known"
                                                                : "";
      });
  command->add_option("--days", options->days, "how long it is valid")
      ->check(CLI::Range(1, kCredentialDaysMax))
      ->capture_default_str();
  command->add_option("--out", options->out, "file to write; else standard output")
      ->type_name("FILE");
  command->callback([&run, options] { run = [options] { return told(issue(*options)); }; });
}

void add_revoke(CLI::App& group, Run& run) {
  struct Options {
    std::string folder, id, out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      group, "revoke",
      "take a credential back; every officer then needs the new list.\nOf one that was taken back "
      "before: writes the newest list again",
      "latchstring-request agency revoke --dir ~/agency --id ID --out revocations.jws");
  add_folder(*command, options->folder);
  command->add_option("--id", options->id, "of the credential, as `agency list` shows it")
      ->required();
  command->add_option("--out", options->out, "file for the new list; else standard output")
      ->type_name("FILE");
  command->callback([&run, options] {
    run = [options] { return told(revoke(options->folder, options->id, options->out)); };
  });
}

void add_list(CLI::App& group, Run& run) {
  auto options = std::make_shared<std::pair<std::string, bool>>();
  CLI::App* command = add_command(group, "list", "show the credentials that were issued",
                                  "latchstring-request agency list --dir ~/agency");
  add_folder(*command, options->first);
  command->add_flag("--json", options->second, "as JSON");
  command->callback(
      [&run, options] { run = [options] { return told(list(options->first, options->second)); }; });
}

}  // namespace

void add_agency_commands(CLI::App& app, Run& run) {
  CLI::App* group = add_group(app, "agency", "an agency's key and the credentials it issues",
                              "latchstring-request agency init --name \"River Police\" --dir "
                              "~/agency");
  add_init(*group, run);
  add_issue(*group, run);
  add_revoke(*group, run);
  add_list(*group, run);
}

}  // namespace latchstring::requester
