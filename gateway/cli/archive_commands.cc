#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"

namespace latchstring::cli {
namespace {

void show_days(const json::Value& value, const Zone& zone) {
  const json::List& days = list(value, "days");
  if (days.empty()) {
    say("No footage yet.\n");
    return;
  }
  Table table({"CAMERA", "DAY", "FOOTAGE", "LENGTH", "SIZE", "SEGMENTS", "NOTE"});
  for (const json::Value& day : days) {
    const std::uint64_t recovered = number(day, "recovered");
    const std::string key_fault = text(day, "key_fault");
    std::string note = recovered > 0 ? fmt::format("{} recovered", recovered) : "";
    if (!key_fault.empty()) note += (note.empty() ? "its key " : "; its key ") + shown(key_fault);
    const auto seconds = std::chrono::seconds(number(day, "seconds"));
    table.row({text(day, "camera"), text(day, "day"), zone.span(text(day, "from"), text(day, "to")),
               span_text(seconds), size_text(number(day, "bytes")),
               std::to_string(number(day, "segments")), note});
  }
  say(table.text());
}

// Of a segment, whose id has the camera and the day, or of a whole day; its times are for people.
void show_fault(const json::Value& fault, const Zone& zone) {
  const std::string from = text(fault, "from");
  const std::string when =
      from.empty() ? "" : fmt::format(" ({})", zone.span(from, text(fault, "to")));
  const std::string day = text(fault, "day");
  const std::string about = shown(day.empty() ? text(fault, "segment") : day);
  say(fmt::format("{}{}: {}{}\n", about, when, shown(text(fault, "fault")),
                  flag(fault, "repaired") ? " (repaired)" : ""));
}

void show_check(const json::Value& value, bool repair, const Zone& zone) {
  for (const json::Value& each : list(value, "faults")) show_fault(each, zone);
  const std::string fault = text(value, "fault");
  if (!fault.empty()) say(sentence(shown(fault)) + "\n");
  const bool is_left = number(value, "left") > 0;
  std::string verdict = "all well";
  if (!flag(value, "ok")) {
    verdict = is_left || !fault.empty() ? "faults" : "faults, and nothing is left to repair";
    if (is_left && !repair) verdict += "; `latchstring archive check --repair` mends what it can";
  }
  say(fmt::format("{}, of {} in all: {}\n",
                  count_text(number(value, "segments"), "whole segment", "whole segments"),
                  size_text(number(value, "bytes")), verdict));
}

int check(const Session& session, bool repair, bool as_json) {
  control::Call call = call_of("archive.check");
  if (repair) call.arguments.boolean("repair", true);
  const control::Answer answer = session.call(std::move(call));
  const int code = show_answer(answer, as_json, [&](const json::Value& value) {
    show_check(value, repair, zone_of(session.config()));
  });
  return code == kDone && !flag(answer.result, "ok") ? kFailed : code;
}

}  // namespace

void add_archive_commands(CLI::App& app, Session& session) {
  CLI::App* group =
      add_group(app, "archive", "the footage that is kept", "latchstring archive list");
  const auto as_json = keep<bool>();
  CLI::App* show = add_command(*group, "list", "what footage is there, by camera and day",
                               "latchstring archive list");
  show->add_flag("--json", *as_json, "as one JSON document");
  show->callback([as_json, &session] {
    session.run = [as_json, &session] {
      return show_answer(
          session.call(call_of("archive.list")), *as_json,
          [&](const json::Value& value) { show_days(value, zone_of(session.config())); });
    };
  });
  struct Options {
    bool repair = false;
    bool json = false;
  };
  const auto options = keep<Options>();
  CLI::App* checks = add_command(*group, "check", "compare every segment with the index",
                                 "latchstring archive check --repair");
  checks->add_flag("--repair", options->repair, "rebuild the index, recover cut segments");
  checks->add_flag("--json", options->json, "as one JSON document");
  checks->callback([options, &session] {
    session.run = [options, &session] { return check(session, options->repair, options->json); };
  });
  CLI::App* accepts =
      add_command(*group, "accept", "this archive folder is the right one, though it is another",
                  "latchstring archive accept");
  accepts->callback([&session] {
    session.run = [&session] {
      return show_answer(session.call(call_of("archive.accept")), false, [](const json::Value&) {
        say("This archive is the right one from now on.\n");
      });
    };
  });
}

}  // namespace latchstring::cli
