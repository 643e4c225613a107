#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"
#include "gateway/cli/save.h"
#include "gateway/config/edit.h"
#include "gateway/crypto/sign.h"
#include "gateway/wire/ticket.h"

namespace latchstring::cli {
namespace {

struct AddOptions {
  std::string agency;
  std::string key_file;
  std::string ticket;
  std::string mailbox;
  std::string full_name;
};

absl::StatusOr<crypto::VerifyKey> read_key(const std::string& file) {
  LS_ASSIGN(const std::string text, read_file(file, kKeyFileBytesMax));
  const absl::StatusOr<crypto::VerifyKey> key = crypto::VerifyKey::from_jwk(text);
  if (!key.ok()) return within(fmt::format("`{}`", file), key.status());
  return *key;
}

// A key file that the rules name, whoever's it is, is never overwritten; any other pins nobody.
absl::Status write_key(const Path& pinned, bool is_named, const crypto::VerifyKey& key) {
  std::error_code ignored;
  if (is_named && std::filesystem::exists(pinned, ignored)) {
    LS_ASSIGN(const crypto::VerifyKey there, read_key(pinned.string()));
    if (there == key) return absl::OkStatus();
    return not_now("`{}` holds another key, and the rules name it", pinned.string());
  }
  LS_RETURN_IF_ERROR(make_folder(pinned.parent_path(), 0755));
  return write_file_durably(pinned, key.to_jwk() + "\n", 0644);
}

// Enters the agency where it is not yet in the rules; the key must be the pinned one.
absl::Status enter(const config::Config& config, const AddOptions& options,
                   const crypto::VerifyKey& key) {
  LS_ASSIGN(const std::string text, read_file(config.rules, kRulesBytesMax));
  absl::StatusOr<std::shared_ptr<const policy::Policy>> rules = load_rules(text, config.rules);
  if (!rules.ok()) return rules.status();
  const auto known = (*rules)->agencies.find(options.agency);
  if (known != (*rules)->agencies.end()) {
    if (known->second.key == key) return absl::OkStatus();
    return not_now(
        "`{}` stands in the rules with another key; remove the agency first if this one "
        "takes its place",
        options.agency);
  }
  const std::string name = fmt::format("keys/{}.jwk", options.agency);
  const bool is_named = text.find(name) != std::string::npos;
  LS_RETURN_IF_ERROR(write_key(config.rules.parent_path() / name, is_named, key));
  const std::string value = fmt::format(
      "{{name: {}, key_file: {}}}",
      config::yaml_text(options.full_name.empty() ? options.agency : options.full_name), name);
  LS_ASSIGN(const std::string edited, config::insert_entry(text, config.rules.filename().string(),
                                                           "agencies", options.agency, value));
  LS_RETURN_IF_ERROR(load_rules(edited, config.rules).status());
  return replace_file(config.rules, edited);
}

// NotFound: they do not have it.
absl::Status leave_rules(const config::Config& config, const std::string& agency) {
  LS_ASSIGN(const std::string text, read_file(config.rules, kRulesBytesMax));
  const absl::Status before = load_rules(text, config.rules).status();
  LS_ASSIGN(const std::string edited,
            config::remove_entry(text, config.rules.filename().string(), "agencies", agency));
  if (load_rules(edited, config.rules).ok()) return replace_file(config.rules, edited);
  if (!before.ok()) return before;
  return not_now("`{}` is still named by a rule or a test in `{}`: take it out there", agency,
                 config.rules.string());
}

absl::Status check_add(const Session& session, const AddOptions& options) {
  if (!config::is_name(options.agency))
    return invalid("`{}` is no name for an agency: small letters, digits and _, a letter first",
                   options.agency);
  std::error_code ignored;
  if (std::filesystem::exists(options.ticket, ignored))
    return not_now("`{}` is there already", options.ticket);
  // Only a running daemon can make the mailbox: nothing is written before it is known to be there.
  return session.call(call_of("status")).status;
}

// The managed broker listens on this box alone until its owner says otherwise.
void warn_if_only_here(const wire::Ticket& ticket) {
  const bool only_here =
      std::all_of(ticket.brokers.begin(), ticket.brokers.end(), [](const std::string& url) {
        return url.starts_with("mqtts://127.") || url.starts_with("mqtts://localhost:") ||
               url.starts_with("mqtts://[::1]");
      });
  if (!only_here) return;
  warn(
      "only programs on this box can use the ticket: it names the address that the broker listens "
      "on. For others set `broker` in gateway.yaml (`listen` and `reach_at`), restart the daemon, "
      "and make the ticket anew");
}

int give_ticket(const Session& session, const AddOptions& options, const crypto::VerifyKey& key) {
  control::Call call = call_of("agency.add");
  call.arguments.string("agency", options.agency).optional_string("mailbox", options.mailbox);
  const control::Answer answer = session.call(std::move(call));
  if (!answer.status.ok()) return fail(answer);
  std::string ticket = text(answer.result, "ticket");
  const absl::Status written = write_file_durably(options.ticket, ticket, 0600);
  if (!written.ok())
    return fail(written, "a ticket that the agency had before has ended: repeat this command");
  say(fmt::format("The agency {} may ask now; what it gets stands in the rules.\n",
                  options.agency));
  say(fmt::format("Fingerprint of its key, to compare with them by voice: {}\n",
                  crypto::spoken_fingerprint(key)));
  if (shows_to_a_terminal()) {
    absl::StatusOr<std::string> picture = wire::qr_text(ticket);
    if (picture.ok()) say("\n" + *picture);
  }
  absl::StatusOr<wire::Ticket> made = wire::decode_ticket(ticket);
  // A broker of somebody else gives no secret, and listens where it likes.
  const bool managed = made.ok() && !made->secret.empty();
  say(fmt::format("Ticket: {}{}\n", shown(options.ticket),
                  managed ? " (it holds a secret: give it to this agency alone)" : ""));
  if (managed) warn_if_only_here(*made);
  if (managed) control::wipe(made->secret);
  control::wipe(ticket);
  return kDone;
}

int add(const Session& session, const AddOptions& options) {
  const absl::StatusOr<config::Config> config = session.config();
  if (!config.ok()) return fail(config.status());
  const absl::Status checked = check_add(session, options);
  if (absl::IsInvalidArgument(checked)) return usage(message_of(checked));
  if (!checked.ok())
    return fail(checked, absl::IsUnavailable(checked) ? "start latchstringd first" : "");
  const absl::StatusOr<crypto::VerifyKey> key = read_key(options.key_file);
  if (!key.ok()) return fail(key.status(), "an agency's key file is a public Ed25519 key as JWK");
  // A ticket that cannot be written would have ended the one before for nothing.
  absl::Status status = write_file_durably(options.ticket, "", 0600);
  if (status.ok()) status = enter(*config, options, *key);
  if (status.ok()) status = reload(session);
  const int code = status.ok() ? give_ticket(session, options, *key) : fail(status);
  std::error_code ignored;
  if (code != kDone) std::filesystem::remove(options.ticket, ignored);
  return code;
}

// Its login ends first, whatever the rules file is like.
int remove(const Session& session, const std::string& agency) {
  const absl::StatusOr<config::Config> config = session.config();
  if (!config.ok()) return fail(config.status());
  control::Call call = call_of("agency.remove");
  call.arguments.string("agency", agency);
  const control::Answer answer = session.call(std::move(call));
  if (!answer.status.ok()) return fail(answer);
  const absl::Status left = leave_rules(*config, agency);
  if (absl::IsNotFound(left) && !flag(answer.result, "known"))
    return fail(not_found("there is no agency `{}`", agency), "`latchstring agency list`");
  if (!left.ok() && !absl::IsNotFound(left))
    return fail(left,
                "its login has ended all the same; mend that, then repeat this command: what is "
                "open is taken back then");
  if (const absl::Status read = reload(session); !read.ok()) return fail(read);
  say(fmt::format("The agency {} can no longer ask.\n", shown(agency)));
  return kDone;
}

void show_agencies(const json::Value& value, const Zone& zone) {
  const json::List& agencies = list(value, "agencies");
  if (agencies.empty()) {
    say("No agencies yet: `latchstring agency add NAME KEYFILE --ticket FILE`.\n");
    return;
  }
  Table table({"AGENCY", "NAME", "MAILBOX", "IN THE RULES", "LAST SEEN"});
  for (const json::Value& agency : agencies) {
    const std::string seen = text(agency, "last_seen");
    table.row({text(agency, "agency"), text(agency, "name"), text(agency, "mailbox"),
               flag(agency, "in_rules") ? "yes" : "no", seen.empty() ? "never" : zone.time(seen)});
  }
  say(table.text());
}

// The key in this file, or the one that the rules pin for an agency of this name.
absl::StatusOr<crypto::VerifyKey> find_key(const Session& session, const std::string& named) {
  std::error_code ignored;
  if (!config::is_name(named) || std::filesystem::exists(named, ignored)) return read_key(named);
  const absl::StatusOr<config::Config> config = session.config();
  if (!config.ok()) return not_found("there is no file `{}` here, and no house", named);
  LS_ASSIGN(const std::string text, read_file(config->rules, kRulesBytesMax));
  LS_ASSIGN(const auto rules, load_rules(text, config->rules));
  const auto agency = rules->agencies.find(named);
  if (agency == rules->agencies.end())
    return not_found("there is no file `{}` here, and the rules name no such agency", named);
  return agency->second.key;
}

int show_key(const Session& session, const std::string& named, bool as_json) {
  const absl::StatusOr<crypto::VerifyKey> key = find_key(session, named);
  if (!key.ok()) return fail(key.status());
  const std::string spoken = crypto::spoken_fingerprint(*key);
  if (as_json) {
    say(json::Writer().string("thumbprint", key->thumbprint()).string("spoken", spoken).text() +
        "\n");
  } else {
    say(fmt::format("Fingerprint of the key, to compare with them by voice: {}\n", spoken));
  }
  return kDone;
}

void add_show(CLI::App& group, Session& session) {
  struct Options {
    std::string named;
    bool json = false;
  };
  const auto options = keep<Options>();
  CLI::App* command =
      add_command(group, "show", "the fingerprint of a key; compare it before you add the agency",
                  "latchstring agency show springfield.jwk");
  command
      ->add_option("KEYFILE", options->named,
                   "a public key, as a JWK; or the name of an agency of the rules file")
      ->required();
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &session] {
    session.run = [options, &session] { return show_key(session, options->named, options->json); };
  });
}

void add_add(CLI::App& group, Session& session) {
  const auto options = keep<AddOptions>();
  CLI::App* command = add_command(
      group, "add", "pin an agency's key, let it ask, and make its ticket",
      "latchstring agency add springfield_pd springfield.jwk --ticket springfield.ticket");
  command->add_option("NAME", options->agency, "small letters, digits and _")->required();
  command->add_option("KEYFILE", options->key_file, "its public key, as a JWK")->required();
  command->add_option("--ticket", options->ticket, "the file to write and hand to it")
      ->type_name("OUT")
      ->required();
  command->add_option("--full-name", options->full_name, "its name as people know it")
      ->type_name("TEXT");
  command->add_option("--mailbox", options->mailbox, "its mailbox on somebody else's broker")
      ->type_name("R");
  command->callback([options, &session] {
    session.run = [options, &session] { return add(session, *options); };
  });
}

}  // namespace

void add_agency_commands(CLI::App& app, Session& session) {
  CLI::App* group = add_group(app, "agency", "who may ask for footage", "latchstring agency list");
  add_show(*group, session);
  add_add(*group, session);
  const auto as_json = keep<bool>();
  CLI::App* show =
      add_command(*group, "list", "agencies and their mailboxes", "latchstring agency list");
  show->add_flag("--json", *as_json, "as one JSON document");
  show->callback([as_json, &session] {
    session.run = [as_json, &session] {
      return show_answer(
          session.call(call_of("agency.list")), *as_json,
          [&](const json::Value& value) { show_agencies(value, zone_of(session.config())); });
    };
  });
  const auto name = keep<std::string>();
  CLI::App* gone = add_command(*group, "remove", "it can no longer ask; open offers are withdrawn",
                               "latchstring agency remove springfield_pd");
  gone->add_option("NAME", *name, "an agency of the rules file")->required();
  gone->callback(
      [name, &session] { session.run = [name, &session] { return remove(session, *name); }; });
}

}  // namespace latchstring::cli
