#include <fmt/format.h>

#include "gateway/base/status.h"
#include "gateway/json/json.h"
#include "policy/analysis/analysis.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

std::string warning_text(const std::string& name, const Warning& warning) {
  if (warning.line == 0) return fmt::format("{}: warning: {}", name, warning.text);
  return fmt::format("{}:{}: warning: {}", name, warning.line, warning.text);
}

std::string counts_text(const Policy& policy) {
  std::size_t nevers = 0;
  for (const Rule& rule : policy.rules) nevers += rule.is_never ? 1 : 0;
  return fmt::format(
      "{} residents, {} agencies, {} cameras, {} zones; {} allow rules, {} never rules, {} tests",
      policy.residents.size(), policy.agencies.size(), policy.cameras.size(), policy.zones.size(),
      policy.rules.size() - nevers, nevers, policy.tests.size());
}

struct Report {
  std::string name;
  absl::Status status;
  std::string counts;
  std::vector<std::string> possible;
  std::vector<Warning> warnings;
};

Report report_of(const Path& file, Instant now) {
  Report report;
  report.name = file.string();
  const auto policy = load_and_test(file);
  report.status = policy.status();
  if (!policy.ok()) return report;
  report.counts = counts_text(**policy);
  report.possible = possible(**policy, now);
  report.warnings = warnings(**policy, now);
  return report;
}

json::Writer to_json(const Report& report) {
  std::vector<json::Writer> notes;
  for (const Warning& warning : report.warnings) {
    notes.emplace_back().integer("line", warning.line).string("text", warning.text);
  }
  std::vector<std::string> errors;
  if (!report.status.ok()) errors.emplace_back(report.status.message());
  return json::Writer()
      .string("file", report.name)
      .boolean("ok", report.status.ok())
      .strings("errors", errors)
      .string("counts", report.counts)
      .strings("possible", report.possible)
      .objects("warnings", notes);
}

void print(const Report& report, Output& output) {
  if (!report.status.ok()) {
    output.err += fmt::format("{}\n{}\n", std::string(report.status.message()), kNothingIsShared);
    return;
  }
  output.out += fmt::format("{}: OK\n  {}\n", report.name, report.counts);
  if (report.possible.empty()) output.out += "  These rules share nothing.\n";
  for (const std::string& sentence : report.possible) output.out += "  " + sentence + "\n";
  for (const Warning& warning : report.warnings) {
    output.out += warning_text(report.name, warning) + "\n";
  }
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
