#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"
#include "gateway/cli/save.h"

namespace latchstring::cli {
namespace {

struct ShowOptions {
  std::string id;
  std::string event;
  std::optional<std::uint64_t> from;
  std::uint64_t count = 50;
  bool json = false;
};

// A list stands as lines.
std::string in_one_line(std::string detail) {
  for (std::size_t at = 0; (at = detail.find('\n', at)) != std::string::npos;) {
    detail.replace(at, 1, ", ");
  }
  return detail;
}

// `approval: yes`.
std::string event_words(const json::Value& entry) {
  const std::string word = text(entry, "word");
  return text(entry, "event") + (word.empty() ? "" : ": " + word);
}

void show_log(const json::Value& value, const Zone& zone) {
  Table table({"ENTRY", "WHEN", "EVENT", "ABOUT", "DETAIL"});
  for (const json::Value& entry : list(value, "entries"))
    table.row({std::to_string(number(entry, "index")), zone.time(text(entry, "at")),
               event_words(entry), text(entry, "about"), in_one_line(text(entry, "detail"))});
  say(table.text());
  say(count_text(number(value, "size"), "entry", "entries") + " in all\n");
}

int show(const Session& session, const ShowOptions& options) {
  control::Call call = call_of("log.show");
  call.arguments.optional_string("id", options.id).optional_string("event", options.event);
  if (options.from.has_value()) call.arguments.natural("from", *options.from);
  call.arguments.natural("count", options.count);
  return show_answer(session.call(std::move(call)), options.json,
                     [&](const json::Value& value) { show_log(value, zone_of(session.config())); });
}

void show_verified(const json::Value& value) {
  say(fmt::format("All {} hash to the tree that was signed.\nroot {}\n{}\n",
                  count_text(number(value, "size"), "entry", "entries"), shown(text(value, "root")),
                  shown_lines(text(value, "checkpoint"))));
}

int save_to(const Session& session, control::Call call, const std::string& out) {
  const absl::StatusOr<Saved> saved = save_file(session, std::move(call), out);
  if (!saved.ok()) return fail(saved.status());
  if (!saved->answer.status.ok()) return fail(saved->answer);
  if (out != "-") say(fmt::format("{}: {}\n", shown(out), size_text(saved->bytes)));
  return kDone;
}

void add_show(CLI::App& group, Session& session) {
  const auto options = keep<ShowOptions>();
  CLI::App* command = add_command(group, "show", "entries of the ledger, newest first",
                                  "latchstring log show --count 20");
  command->add_option("--request", options->id, "only entries about this request")->type_name("ID");
  command->add_option("--event", options->event, "only entries of this event")->type_name("WORD");
  command->add_option("--from", options->from, "from this entry on, oldest first")->type_name("N");
  command->add_option("--count", options->count, "how many entries, at most 200")
      ->type_name("N")
      ->check(CLI::Range(1, 200))
      ->capture_default_str();
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &session] {
    session.run = [options, &session] { return show(session, *options); };
  });
}

void add_verify(CLI::App& group, Session& session) {
  const auto as_json = keep<bool>();
  CLI::App* command = add_command(group, "verify", "compute the whole ledger again and compare",
                                  "latchstring log verify");
  command->add_flag("--json", *as_json, "as one JSON document");
  command->callback([as_json, &session] {
    session.run = [as_json, &session] {
      return show_answer(session.call(call_of("log.verify")), *as_json, show_verified);
    };
  });
}

void add_prove(CLI::App& group, Session& session) {
  struct Options {
    std::string id;
    std::string out = "-";
  };
  const auto options = keep<Options>();
  CLI::App* command = add_command(group, "prove", "receipts for every entry about a request",
                                  "latchstring log prove k3v7q2mzpa --out proof.jsonl");
  command->add_option("ID", options->id, "the request")->required();
  command->add_option("--out", options->out, "the file to write; -: standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command->callback([options, &session] {
    session.run = [options, &session] {
      control::Call call = call_of("log.prove");
      call.arguments.string("id", options->id);
      return save_to(session, std::move(call), options->out);
    };
  });
}

}  // namespace

void add_log_commands(CLI::App& app, Session& session) {
  CLI::App* group =
      add_group(app, "log", "what this gateway did, provably", "latchstring log show");
  add_show(*group, session);
  add_verify(*group, session);
  add_prove(*group, session);
  const auto out = keep<std::string>();
  *out = "-";
  CLI::App* command = add_command(*group, "export", "all entries and the newest signed checkpoint",
                                  "latchstring log export --out ledger.txt");
  command->add_option("--out", *out, "the file to write; -: standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command->callback([out, &session] {
    session.run = [out, &session] { return save_to(session, call_of("log.export"), *out); };
  });
}

}  // namespace latchstring::cli
