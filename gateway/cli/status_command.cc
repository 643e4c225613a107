#include "gateway/base/status.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/files.h"
#include "gateway/cli/format.h"

namespace latchstring::cli {
namespace {

const json::Value& part(const json::Value& object, std::string_view name) {
  static const json::Value nothing;
  const json::Value* found = member(object, name);
  return found == nullptr ? nothing : *found;
}

void line(std::string_view name, const std::string& words) {
  say(fmt::format("{:<12}{}\n", name, shown(words)));
}

std::string sharing_words(const json::Value& sharing) {
  const std::string state = text(sharing, "state");
  std::string words = state == "on" ? "by the rules" : state;
  const std::string paused_by = joined(texts(sharing, "paused_by"));
  if (!paused_by.empty()) words += " by " + paused_by;
  if (!text(sharing, "reason").empty()) words += ": " + text(sharing, "reason");
  return words;
}

std::string clock_words(const json::Value& clock) {
  if (text(clock, "trust") == "assumed") return "assumed to be right (a demo or a test)";
  return flag(clock, "right") ? "right, says the kernel"
                              : "not known to be right: nothing is decided";
}

std::string broker_words(const json::Value& broker, const Zone& zone) {
  std::string words = fmt::format("{} ({})", text(broker, "url"), text(broker, "kind"));
  words += flag(broker, "connected") ? ", connected" : ", not connected";
  if (!text(broker, "since").empty()) words += " since " + zone.time(text(broker, "since"));
  if (!text(broker, "fault").empty()) words += ": " + text(broker, "fault");
  return words;
}

std::string archive_words(const json::Value& archive, const Zone& zone) {
  std::string words = fmt::format(
      "{} of {}, {} free on the disk", size_text(number(archive, "bytes")),
      size_text(number(archive, "keep_bytes")), size_text(number(archive, "free_bytes")));
  if (!text(archive, "oldest").empty()) words += ", back to " + zone.time(text(archive, "oldest"));
  return words;
}

std::string rules_words(const json::Value& rules, const Zone& zone) {
  if (!flag(rules, "ok")) return text(rules, "file") + " is broken: nothing is shared";
  std::string words = text(rules, "file") + " in force";
  if (!text(rules, "ends").empty()) words += " until " + zone.time(text(rules, "ends"));
  return words;
}

void show_status(const json::Value& status) {
  const json::Value& gateway = part(status, "gateway");
  const json::Value& rules = part(status, "rules");
  const Zone zone = Zone::named(text(rules, "timezone"));
  line("house", fmt::format("{} ({}), latchstring {}", text(gateway, "name"), text(gateway, "id"),
                            text(gateway, "version")));
  line("fingerprint", text(gateway, "fingerprint"));
  line("sharing", sharing_words(part(status, "sharing")));
  line("rules", rules_words(rules, zone));
  line("clock", clock_words(part(status, "clock")));
  line("broker", broker_words(part(status, "broker"), zone));
  line("archive", archive_words(part(status, "archive"), zone));
  const json::Value& ledger = part(status, "ledger");
  line("ledger", count_text(number(ledger, "size"), "entry", "entries") +
                     (flag(ledger, "ok") ? "" : ", refused: it does not continue what was signed"));
  line("requests", fmt::format("{} for you to answer, {} being released",
                               number(status, "questions"), number(status, "releasing")));
  say("\n" + camera_table(list(status, "cameras"), zone));
  const std::string fault = text(rules, "fault");
  if (!fault.empty()) say("\n" + shown_lines(fault) + "\n");
  for (const std::string& warning : texts(status, "warnings")) warn(warning);
}

std::string sharing_note(const json::Value& camera) {
  if (member(camera, "in_rules") == nullptr) return "the rules are broken: nothing is shared";
  return flag(camera, "in_rules") ? "" : "not in the rules: never shared";
}

}  // namespace

std::string camera_table(const json::List& cameras, const Zone& zone) {
  if (cameras.empty()) return "No cameras yet: `latchstring camera add NAME --url URL`.\n";
  Table table({"CAMERA", "STATE", "PICTURE", "SOUND", "KEPT", "BACK TO", "NOTE"});
  for (const json::Value& camera : cameras) {
    std::string picture = text(camera, "video");
    if (number(camera, "width") != 0)
      picture += fmt::format(" {}x{}", number(camera, "width"), number(camera, "height"));
    std::string note = text(camera, "fault");
    if (note.empty()) note = sharing_note(camera);
    const std::string oldest = text(camera, "oldest");
    table.row({text(camera, "camera"), text(camera, "state"), picture,
               flag(camera, "audio") ? "yes" : "no", size_text(number(camera, "bytes")),
               oldest.empty() ? "" : zone.time(oldest), note});
  }
  return table.text();
}

void add_status_command(CLI::App& app, Session& session) {
  const auto as_json = keep<bool>();
  CLI::App* command =
      add_command(app, "status", "cameras, archive, broker, clock, open questions, warnings",
                  "latchstring status");
  command->add_flag("--json", *as_json, "as one JSON document");
  command->callback([as_json, &session] {
    session.run = [as_json, &session] {
      return show_answer(session.call(call_of("status")), *as_json, show_status);
    };
  });
}

}  // namespace latchstring::cli
