// The tests of a rules file.
#include <fmt/format.h>

#include <algorithm>

#include "gateway/json/json.h"
#include "policy/analysis/analysis.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

std::vector<Interval> given(const Decision& decision) {
  std::vector<Interval> out;
  for (const Piece& piece : decision.pieces) {
    if (piece.approval == Approval::refuse) continue;
    if (!out.empty() && out.back().to == piece.footage.from) {
      out.back().to = piece.footage.to;
    } else {
      out.push_back(piece.footage);
    }
  }
  return out;
}

std::string intervals_text(const Policy& policy, const std::vector<Interval>& intervals) {
  if (intervals.empty()) return "nothing";
  std::string out;
  for (const Interval& each : intervals) {
    if (!out.empty()) out += ", ";
    out += wall_clock_text(policy, each.from) + " to " + wall_clock_text(policy, each.to);
  }
  return out;
}

std::string reasons_text(const Decision& decision) {
  std::set<std::string> reasons;
  for (const Piece& piece : decision.pieces) {
    if (piece.approval == Approval::refuse) {
      reasons.insert(piece.reasons.begin(), piece.reasons.end());
    }
  }
  return reasons.empty() ? "" : ": " + fmt::format("{}", fmt::join(reasons, "; "));
}

// Why the decision is not what the test expects; empty where it is.
std::string failure_of(const Policy& policy, const Test& test, const Decision& decision) {
  const std::string who = fmt::format("The test \"{}\"", test.name);
  if (decision.overall() != test.expect) {
    return fmt::format("{} expects {}, but gets {}{}.", who, to_string(test.expect),
                       to_string(decision.overall()),
                       decision.overall() == Approval::refuse ? reasons_text(decision) : "");
  }
  const auto footage = given(decision);
  if (test.expect_footage && *test.expect_footage != footage) {
    return fmt::format("{} expects the footage {}, but gets {}{}.", who,
                       intervals_text(policy, *test.expect_footage),
                       intervals_text(policy, footage), reasons_text(decision));
  }
  if (!test.expect_redact) return "";
  for (const Piece& piece : decision.pieces) {
    if (piece.approval == Approval::refuse || piece.redact == *test.expect_redact) continue;
    return fmt::format("{} expects {} hidden, but it is {}.", who, in_words(*test.expect_redact),
                       in_words(piece.redact));
  }
  return "";
}

Question question_of(const Test& test) {
  Question question;
  question.agency = test.agency;
  question.officer = test.officer;
  question.camera = test.camera;
  question.basis = test.basis;
  question.purpose = test.purpose;
  question.footage = test.footage;
  return question;
}

Output broken(const absl::Status& status, const std::string& name, bool json) {
  std::string out;
  if (json) {
    out = json::Writer()
              .string("file", name)
              .boolean("ok", false)
              .strings("errors", {std::string(status.message())})
              .text() +
          "\n";
  }
  return {1, out, fmt::format("{}\n{}\n", std::string(status.message()), kNothingIsShared)};
}

std::string test_json(const std::string& name, const std::vector<TestResult>& results,
                      const std::vector<std::string>& untested, bool ok) {
  std::vector<json::Writer> tests;
  for (const TestResult& result : results) {
    tests.emplace_back()
        .string("name", result.test->name)
        .integer("line", result.test->line)
        .boolean("ok", result.failure.empty())
        .string("failure", result.failure)
        .strings("rules", result.rules);
  }
  return json::Writer()
             .string("file", name)
             .boolean("ok", ok)
             .objects("tests", tests)
             .strings("untested_rules", untested)
             .text() +
         "\n";
}

}  // namespace

Decision judge(const Policy& policy, Question question, std::optional<Instant> now,
               std::optional<Place> home) {
  Facts facts;
  facts.can_hold = true;
  facts.home = home;
  if (question.area && !home) facts.home = question.area->centre;
  facts.now = now.value_or(question.footage.to + std::chrono::hours(1));
  question.received = facts.now;
  if (question.basis == Basis::warrant) {
    facts.warrant = Facts::Warrant{{question.camera}, question.footage, false};
  }
  return decide(policy, question, facts);
}

std::vector<TestResult> run_tests(const Policy& policy) {
  std::vector<TestResult> results;
  for (const Test& test : policy.tests) {
    const Decision decision = judge(policy, question_of(test), std::nullopt);
    std::set<std::string> rules;
    for (const Piece& piece : decision.pieces) rules.insert(piece.rules.begin(), piece.rules.end());
    results.push_back({&test, failure_of(policy, test, decision), {rules.begin(), rules.end()}});
  }
  return results;
}

std::vector<std::string> untested_rules(const Policy& policy) {
  std::set<std::string> reached;
  for (const TestResult& result : run_tests(policy)) {
    reached.insert(result.rules.begin(), result.rules.end());
  }
  std::vector<std::string> out;
  for (const Rule& rule : policy.rules) {
    if (reached.count(rule.name) == 0) out.push_back(rule.name);
  }
  return out;
}

yaml::Faults failures_of(const std::vector<TestResult>& results, const Source& source) {
  yaml::Faults faults(source.name, source.text);
  for (const TestResult& result : results) {
    if (result.failure.empty()) continue;
    faults.add({result.test->line, result.test->column, 1}, result.failure,
               "change the rules, or what the test expects");
  }
  return faults;
}

Output test(const Path& file, bool json) {
  const auto source = read_source(file);
  if (!source.ok()) return broken(source.status(), file.string(), json);
  const auto policy = load(source->text, source->name, source->read_key_file);
  if (!policy.ok()) return broken(policy.status(), file.string(), json);
  const auto results = run_tests(**policy);
  const auto untested = untested_rules(**policy);
  const yaml::Faults faults = failures_of(results, *source);
  Output output;
  output.exit_code = faults.empty() ? 0 : 1;
  if (!faults.empty()) output.err = fmt::format("{}\n{}\n", faults.text(), kNothingIsShared);
  if (json) {
    output.out = test_json(source->name, results, untested, faults.empty());
    return output;
  }
  output.out = source->name + ": ";
  output.out += results.empty() ? "there are no tests in this file\n"
                                : fmt::format("{} of {} tests hold\n",
                                              results.size() - faults.count(), results.size());
  for (const std::string& name : untested) {
    output.out += fmt::format("  no test reaches the rule \"{}\"\n", name);
  }
  return output;
}

}  // namespace latchstring::policy
