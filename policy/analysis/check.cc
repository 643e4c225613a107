#include <fmt/format.h>

#include "gateway/base/status.h"
#include "gateway/json/json.h"
#include "policy/analysis/analysis.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

std::string remark(const std::string& name, std::string_view kind, const Warning& said) {
  if (said.line == 0) return fmt::format("{}: {}: {}\n", name, kind, said.text);
  return fmt::format("{}:{}: {}: {}\n", name, said.line, kind, said.text);
}

// `1 camera`, `2 cameras`.
std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string counts_text(const Policy& policy) {
  std::size_t nevers = 0;
  for (const Rule& rule : policy.rules) nevers += rule.is_never ? 1 : 0;
  return fmt::format(
      "{}, {}, {}, {}; {}, {}, {}", counted(policy.residents.size(), "resident", "residents"),
      counted(policy.agencies.size(), "agency", "agencies"),
      counted(policy.cameras.size(), "camera", "cameras"),
      counted(policy.zones.size(), "zone", "zones"),
      counted(policy.rules.size() - nevers, "allow rule", "allow rules"),
      counted(nevers, "never rule", "never rules"), counted(policy.tests.size(), "test", "tests"));
}

struct Report {
  std::string name;
  absl::Status status;
  std::string counts;
  std::vector<std::string> possible;
  std::vector<std::string> never;
  std::vector<std::string> always;
  std::vector<Warning> warnings;
  std::vector<Warning> notes;
};

Report report_of(const Path& file, Instant now) {
  Report report;
  report.name = file.string();
  const auto policy = load_and_test(file);
  report.status = policy.status();
  if (!policy.ok()) return report;
  report.counts = counts_text(**policy);
  report.possible = possible(**policy, now);
  report.never = never_given(**policy, now);
  report.always = always_true(**policy);
  report.warnings = warnings(**policy, now);
  report.notes = notes(**policy, now);
  return report;
}

std::vector<json::Writer> to_json(const std::vector<Warning>& remarks) {
  std::vector<json::Writer> out;
  for (const Warning& said : remarks) {
    out.emplace_back().integer("line", said.line).string("text", said.text);
  }
  return out;
}

json::Writer to_json(const Report& report) {
  std::vector<std::string> errors;
  if (!report.status.ok()) errors.emplace_back(report.status.message());
  return json::Writer()
      .string("file", report.name)
      .boolean("ok", report.status.ok())
      .strings("errors", errors)
      .string("counts", report.counts)
      .strings("possible", report.possible)
      .strings("never", report.never)
      .strings("always", report.always)
      .objects("warnings", to_json(report.warnings))
      .objects("notes", to_json(report.notes));
}

std::string list(std::string_view head, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string out = fmt::format("  {}\n", head);
  for (const std::string& sentence : sentences) out += fmt::format("    {}\n", sentence);
  return out;
}

void print(const Report& report, Output& output) {
  if (!report.status.ok()) {
    output.err += fmt::format("{}\n{}\n", std::string(report.status.message()), kNothingIsShared);
    return;
  }
  output.out += fmt::format("{}: OK\n  {}\n", report.name, report.counts);
  if (report.possible.empty()) output.out += "  These rules share nothing.\n";
  output.out += list("What may be given; all else is refused:", report.possible);
  // Also where nothing is allowed: gifts keep to these.
  output.out += list("What is never given, whatever is allowed:", report.never);
  output.out += list("For every clip:", report.always);
  for (const Warning& said : report.warnings) output.out += remark(report.name, "warning", said);
  for (const Warning& said : report.notes) output.out += remark(report.name, "note", said);
}

}  // namespace

Output check(const std::vector<Path>& files, Instant now, bool json) {
  Output output;
  std::vector<json::Writer> documents;
  for (const Path& file : files) {
    const Report report = report_of(file, now);
    if (!report.status.ok()) output.exit_code = 1;
    if (json) {
      documents.push_back(to_json(report));
    } else {
      print(report, output);
    }
  }
  if (json) output.out = json::Writer().objects("files", documents).text() + "\n";
  return output;
}

}  // namespace latchstring::policy
