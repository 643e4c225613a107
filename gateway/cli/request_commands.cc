#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"
#include "gateway/cli/request_words.h"

namespace latchstring::cli {
namespace {

struct AnswerOptions {
  std::string id;
  SignOptions by;
  bool json = false;
};

void show_list(const json::Value& value, const Zone& zone) {
  const json::List& requests = list(value, "requests");
  if (requests.empty()) {
    say("No requests.\n");
    return;
  }
  Table table({"ID", "STATE", "WHO", "PURPOSE", "CAMERA", "FOOTAGE", "RECEIVED", "ANSWER BY"});
  for (const json::Value& request : requests) {
    const std::string by = text(request, "answer_by");
    const std::string purpose =
        fmt::format("{} ({})", text(request, "purpose"), text(request, "basis"));
    table.row({text(request, "id"), state_words(request), who_words(request),
               flag(request, "gift") ? "a gift" : purpose, camera_words(request),
               zone.span(text(request, "from"), text(request, "to")),
               zone.time(text(request, "received")), by.empty() ? "" : zone.time(by)});
  }
  say(table.text());
  if (flag(value, "cut")) {
    say("There are older ones, more than an answer can hold: `latchstring request list --open` "
        "shows "
        "those that are not over.\n");
  }
}

void line(std::string_view name, const std::string& words) {
  if (!words.empty()) say(fmt::format("{:<12}{}\n", name, shown(words)));
}

std::string receipt_words(const json::Value& receipt, const Zone& zone) {
  const std::string until = text(receipt, "delete_after");
  const std::string why = text(receipt, "kept_longer_because");
  return fmt::format("part {}: the officer signed {} for having it, and promises {}{}",
                     number(receipt, "part"), zone.time(text(receipt, "signed")),
                     until.empty() ? "no deletion" : "to delete it by " + zone.time(until),
                     why.empty() ? "" : ", because " + why);
}

// Empty: it is what the clip was given for.
std::string promise_fault(const json::Value& receipt, const Zone& zone) {
  const std::string promise = text(receipt, "promise");
  if (promise != "missing" && promise != "another" && promise != "longer") return "";
  const std::string asked = zone.time(text(receipt, "asked_delete_after"));
  return promise == "missing"
             ? fmt::format("MISSING: your rules ask to delete it by {}; ask the agency", asked)
             : fmt::format("DIFFERS: your rules ask to delete it by {}; ask the agency", asked);
}

void show_pieces(const json::Value& request, const Zone& zone) {
  for (const json::Value& piece : list(request, "pieces")) {
    say(fmt::format("\npiece {}: {}, {}: {}{}\n", number(piece, "piece"),
                    shown(text(piece, "camera")), zone.span(text(piece, "from"), text(piece, "to")),
                    shown(text(piece, "state")), progress_words(piece)));
    line("  clip", clip_words(piece));
    line("  approval", text(piece, "approval"));
    line("  hidden", hidden_words(piece));
    line("  no model", text(piece, "model_missing"));
    line("  rules", joined(texts(piece, "rules")));
    for (const std::string& reason : texts(piece, "reasons")) line("  because", reason);
    line("  ended", text(piece, "reason"));
    for (const json::Value& receipt : list(piece, "receipts")) {
      line("  receipt", receipt_words(receipt, zone));
      line("  promise", promise_fault(receipt, zone));
    }
    if (!text(piece, "expires").empty()) line("  until", zone.time(text(piece, "expires")));
  }
}

void show_request(const json::Value& request, const Zone& zone) {
  line("request", text(request, "id") + ": " + state_words(request));
  const std::string officer = text(request, "officer");
  line("who", who_words(request) + (officer.empty() ? "" : ", officer " + officer));
  line("why", flag(request, "gift")
                  ? "a gift"
                  : fmt::format("{} ({})", text(request, "purpose"), text(request, "basis")));
  line("case", text(request, "case_number"));
  line("title", text(request, "title"));
  line("they write", text(request, "description"));
  line("contact", text(request, "contact"));
  line("cameras", joined(texts(request, "cameras")));
  line("footage", zone.span(text(request, "from"), text(request, "to")));
  line("", fmt::format("{} to {}", text(request, "from"), text(request, "to")));
  if (flag(request, "want_audio")) line("asks for", "sound too, where your rules let it out");
  if (flag(request, "want_native"))
    line("asks for", "the camera's own pictures, if nothing is hidden");
  line("received", zone.time(text(request, "received")));
  line("on hold", text(request, "blocked"));
  if (!text(request, "answer_by").empty()) line("answer by", zone.time(text(request, "answer_by")));
  if (!text(request, "close_at").empty()) line("closed at", zone.time(text(request, "close_at")));
  for (const json::Value& answer : list(request, "answers")) {
    line("answer", fmt::format("{} said {} at {}", text(answer, "resident"),
                               flag(answer, "yes") ? "yes" : "no", zone.time(text(answer, "at"))));
    line("", text(answer, "not_yet"));
  }
  line("waits for", joined(texts(request, "waiting_for")));
  for (const std::string& reason : texts(request, "reasons")) line("because", reason);
  show_pieces(request, zone);
}

control::Call call_about(std::string operation, const std::string& id) {
  control::Call call = call_of(std::move(operation));
  call.arguments.string("id", id);
  return call;
}

int answer_request(const Session& session, const AnswerOptions& options,
                   const std::string& operation) {
  const Zone zone = zone_of(session.config());
  // At a terminal a resident sees what it is about before they give their PIN.
  if (!options.by.pin_fd.has_value() && can_ask()) {
    const control::Answer asked = session.call(call_about("request.show", options.id));
    if (!asked.status.ok()) return fail(asked);
    show_request(asked.result, zone);
    say("\n");
  }
  absl::StatusOr<std::vector<control::SignedBy>> pins = options.by.pins();
  if (!pins.ok()) return fail(pins.status());
  control::Call call = call_about(operation, options.id);
  call.pins = *std::move(pins);
  return show_answer(session.call(std::move(call)), options.json,
                     [&](const json::Value& value) { show_request(value, zone); });
}

void add_answer(CLI::App& group, Session& session, const std::string& name,
                const std::string& sentence) {
  const auto options = keep<AnswerOptions>();
  CLI::App* command = add_command(group, name, sentence,
                                  fmt::format("latchstring request {} k3v7q2mzpa --as alex", name));
  command->add_option("ID", options->id, "the request")->required();
  options->by.add_to(*command, true);
  command->add_flag("--json", options->json, "the request afterwards, as one JSON document");
  command->callback([options, name, &session] {
    session.run = [options, name, &session] {
      return answer_request(session, *options, "request." + name);
    };
  });
}

void add_list(CLI::App& group, Session& session) {
  struct Options {
    bool open = false;
    bool json = false;
  };
  const auto options = keep<Options>();
  CLI::App* command =
      add_command(group, "list", "requests, newest first", "latchstring request list --open");
  command->add_flag("--open", options->open, "only what has not ended");
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &session] {
    session.run = [options, &session] {
      control::Call call = call_of("request.list");
      if (options->open) call.arguments.boolean("open", true);
      return show_answer(
          session.call(std::move(call)), options->json,
          [&](const json::Value& value) { show_list(value, zone_of(session.config())); });
    };
  });
}

void add_show(CLI::App& group, Session& session) {
  const auto options = keep<AnswerOptions>();
  CLI::App* command = add_command(group, "show", "one request: who, why, answers, transfer",
                                  "latchstring request show k3v7q2mzpa");
  command->add_option("ID", options->id, "the request")->required();
  command->add_flag("--json", options->json, "as one JSON document");
  command->callback([options, &session] {
    session.run = [options, &session] {
      return show_answer(
          session.call(call_about("request.show", options->id)), options->json,
          [&](const json::Value& value) { show_request(value, zone_of(session.config())); });
    };
  });
}

}  // namespace

void add_request_commands(CLI::App& app, Session& session) {
  CLI::App* group = add_group(app, "request", "what agencies ask for, and your answers",
                              "latchstring request list --open");
  add_list(*group, session);
  add_show(*group, session);
  add_answer(*group, session, "approve", "say yes to a request");
  add_answer(*group, session, "refuse", "say no; one no is enough");
  add_answer(*group, session, "revoke", "take back what was not delivered yet");
}

}  // namespace latchstring::cli
