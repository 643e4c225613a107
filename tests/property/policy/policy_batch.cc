// What the engine decides, for tests/property/policy/oracle: one line of JSON for each house on
// standard input, its rules as YAML and questions, one line with the decisions on standard output.
// Times are microseconds since 1970.
#include <fmt/format.h>

#include <iostream>

#include "gateway/json/json.h"
#include "policy/engine/decide.h"
#include "policy/engine/pieces.h"
#include "policy/engine/words.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

constexpr std::int64_t kLater = std::int64_t{1} << 60;

Instant instant(json::Reader& reader, std::string_view name) {
  return Instant(Duration(reader.integer(name, -kLater, kLater)));
}

Interval interval(json::Reader& reader, std::string_view name) {
  const auto ends = reader.integers(name, 2, -kLater, kLater);
  if (ends.size() != 2) return {};
  return {Instant(Duration(ends[0])), Instant(Duration(ends[1]))};
}

std::int64_t micros(Instant instant) {
  return instant.time_since_epoch().count();
}

json::Writer written(const Piece& piece) {
  json::Writer out;
  out.integer("from", micros(piece.footage.from)).integer("to", micros(piece.footage.to));
  out.string("approval", to_string(piece.approval));
  out.strings("redact", {piece.redact.begin(), piece.redact.end()});
  out.integer("height", piece.height_at_most);
  out.integer("one_frame_per", piece.one_frame_per.count());
  out.boolean("watermark", piece.watermark);
  out.integer("answer_within", piece.answer_within.count());
  out.strings("rules", piece.rules);
  out.strings("reasons", piece.reasons);
  return out;
}

Facts facts_of(json::Reader& asked) {
  Facts facts;
  facts.now = instant(asked, "now");
  facts.clips_given_this_month = static_cast<int>(asked.integer("clips_given", 0, 1 << 20));
  facts.time_given_this_month = Duration(asked.integer("time_given", 0, kLater));
  facts.override_never = asked.optional_boolean("override");
  facts.can_hold = asked.optional_boolean("holds");
  if (asked.has("home")) {
    const auto home = asked.integers("home", 2, -kLongitudeMost, kLongitudeMost);
    if (home.size() == 2) facts.home = Place{static_cast<int>(home[0]), static_cast<int>(home[1])};
  }
  if (asked.has("warrant")) {
    json::Reader named = asked.object("warrant");
    const auto cameras = named.strings("cameras", 64, 64);
    facts.warrant.emplace();
    facts.warrant->cameras = {cameras.begin(), cameras.end()};
    facts.warrant->footage = interval(named, "footage");
    facts.warrant->is_paper = named.boolean("paper");
  }
  return facts;
}

Decision decision(const Policy& policy, json::Reader& asked, const Facts& facts) {
  Question question;
  question.agency = asked.string("agency", 64, 0);
  question.camera = asked.string("camera", 64);
  question.purpose = asked.string("purpose", 64, 0);
  question.footage = interval(asked, "footage");
  question.received = instant(asked, "received");
  if (asked.optional_boolean("gift")) {
    return decide_gift(
        policy,
        {question.agency, question.camera, question.purpose, question.footage, question.received},
        facts);
  }
  question.officer = asked.string("officer", 64, 0);
  question.basis = basis_from(asked.string("basis", 64)).value_or(Basis::consent);
  question.has_case_number = asked.boolean("case_number");
  if (asked.has("area")) {
    const auto area = asked.integers("area", 3, -kLongitudeMost, kLongitudeMost);
    if (area.size() == 3) {
      question.area =
          Area{{static_cast<int>(area[0]), static_cast<int>(area[1])}, static_cast<int>(area[2])};
    }
  }
  return decide(policy, question, facts);
}

using Policies = std::vector<std::shared_ptr<const Policy>>;  // the present one first

json::Writer answer(const Policies& policies, json::Reader& asked) {
  const Facts facts = facts_of(asked);
  const Interval footage = interval(asked, "footage");
  std::vector<Version> versions;
  for (const auto& policy : policies) versions.push_back({policy.get(), facts, "", ""});
  const Decision together =
      strictest(versions, footage, [&](const Policy& policy, const Facts& of_version) {
        return decision(policy, asked, of_version);
      });
  std::vector<json::Writer> pieces;
  for (const Piece& piece : together.pieces) pieces.push_back(written(piece));
  const Interval month = calendar_month(*policies.front(), facts.now);
  json::Writer out;
  out.objects("pieces", pieces).integers("month", {micros(month.from), micros(month.to)});
  return out;
}

std::string answer_house(std::string_view line) {
  json::Limits limits;
  limits.bytes = 4 * 1024 * 1024;
  const auto value = json::parse(line, limits);
  if (!value.ok()) return std::string(value.status().message());
  json::Reader reader(*value);
  json::Writer out;
  std::vector<std::string> texts{reader.string("rules", 64 * 1024)};
  for (std::string& text : reader.strings("earlier", 8, 64 * 1024)) {
    texts.push_back(std::move(text));
  }
  Policies policies;
  std::string fault;
  for (const std::string& text : texts) {
    const auto policy = load(text, "f.yaml", test::some_key);
    if (!policy.ok()) fault = std::string(policy.status().message());
    if (policy.ok()) policies.push_back(*policy);
  }
  std::vector<json::Writer> answers;
  for (json::Reader& asked : reader.objects("questions", 10'000)) {
    if (fault.empty()) answers.push_back(answer(policies, asked));
  }
  out.string("fault", fault);
  out.objects("answers", answers);
  const absl::Status done = fault.empty() ? reader.done() : absl::OkStatus();
  return done.ok() ? out.text() : std::string(done.message());
}

}  // namespace
}  // namespace latchstring::policy

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << latchstring::policy::answer_house(line) << "\n" << std::flush;
  }
}
