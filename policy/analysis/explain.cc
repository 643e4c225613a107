#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/json/json.h"
#include "gateway/yaml/keys.h"
#include "policy/analysis/analysis.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

struct Asked {
  Question question;
  std::optional<Instant> now;
  std::optional<Place> home;
};

absl::StatusOr<Interval> footage_from(const std::string& text) {
  const std::size_t middle = text.find(" to ");
  if (middle == std::string::npos) {
    return invalid("`{}` is no footage; write \"FROM to TO\" in RFC 3339 times", text);
  }
  LS_ASSIGN(const Instant from, from_rfc3339(text.substr(0, middle)));
  LS_ASSIGN(const Instant to, from_rfc3339(text.substr(middle + 4)));
  if (to == from) return invalid("the footage `{}` is empty", text);
  if (to < from) return invalid("the footage `{}` ends before it begins", text);
  return Interval{from, to};
}

absl::StatusOr<Asked> read_question(const ExplainArguments& arguments) {
  Asked asked;
  for (const std::string* name : {&arguments.agency, &arguments.camera, &arguments.purpose}) {
    if (!yaml::is_identifier(*name)) return invalid("`{}` is not a name", *name);
  }
  const auto basis = basis_from(arguments.basis);
  if (!basis) {
    return invalid("`{}` is no basis; write consent, warrant, emergency or preservation",
                   arguments.basis);
  }
  LS_ASSIGN(asked.question.footage, footage_from(arguments.footage));
  if (!arguments.now.empty()) {
    LS_ASSIGN(asked.now, from_rfc3339(arguments.now));
  }
  if (!arguments.area.empty()) {
    LS_ASSIGN(asked.question.area, area_from(arguments.area));
  }
  if (!arguments.home.empty()) {
    LS_ASSIGN(asked.home, place_from(arguments.home));
  }
  asked.question.agency = arguments.agency;
  asked.question.officer = arguments.officer;
  asked.question.camera = arguments.camera;
  asked.question.basis = *basis;
  asked.question.purpose = arguments.purpose;
  return asked;
}

json::Writer limits_json(const Always& always) {
  const auto seconds = [](Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  };
  return json::Writer()
      .integer("clip_at_most_seconds", seconds(always.clip_at_most))
      .integer("footage_no_older_than_seconds", seconds(always.footage_no_older_than))
      .integer("clips_per_month", always.clips_per_month)
      .integer("minutes_per_month", always.minutes_per_month)
      .integer("agency_must_delete_after_seconds", seconds(always.delete_after));
}

json::Writer piece_json(const Piece& piece) {
  json::Writer out;
  out.string("from", to_rfc3339(piece.footage.from))
      .string("to", to_rfc3339(piece.footage.to))
      .string("decision", to_string(piece.approval))
      .strings("redact", {piece.redact.begin(), piece.redact.end()});
  if (piece.height_at_most == 0 || piece.approval == Approval::refuse) {
    out.json("height_at_most", "null");
  } else {
    out.integer("height_at_most", piece.height_at_most);
  }
  return out.strings("rules", piece.rules).strings("reasons", piece.reasons);
}

std::string document(const Decision& decision, const Always& always, Basis basis) {
  std::vector<json::Writer> pieces;
  for (const Piece& piece : decision.pieces) pieces.push_back(piece_json(piece));
  json::Writer out;
  out.string("decision", to_string(decision.overall()))
      .objects("pieces", pieces)
      .object("limits", limits_json(always));
  const std::string refused = refused_today(basis);
  if (refused.empty()) {
    out.json("gateway_refuses", "null");
  } else {
    out.string("gateway_refuses", refused);
  }
  return out.text();
}

// `Mon 2026-05-04T21:50:05-05:00`: with its offset, for an hour that the clock shows twice, and so
// that it can be typed into a request.
std::string time_text(const Policy& policy, Instant instant) {
  const std::string shown = wall_clock_text(policy, instant);
  return shown.substr(0, shown.find(' ') + 1) + to_local_rfc3339(policy, instant);
}

std::string rules_text(const Policy& policy, const Piece& piece) {
  std::string out;
  for (const std::string& name : piece.rules) {
    const auto rule = std::find_if(policy.rules.begin(), policy.rules.end(),
                                   [&](const Rule& each) { return each.name == name; });
    out += fmt::format("    rule {} (line {})\n", name, rule->line);
  }
  return out;
}

std::string plain_text(const Policy& policy, const Decision& decision, Basis basis) {
  std::string out = fmt::format("decision: {}\n", to_string(decision.overall()));
  const std::string refused = refused_today(basis);
  if (!refused.empty()) out += fmt::format("REFUSED TODAY: {}\n", refused);
  for (const Piece& piece : decision.pieces) {
    out += fmt::format("{} to {}: {}\n", time_text(policy, piece.footage.from),
                       time_text(policy, piece.footage.to), to_string(piece.approval));
    for (const std::string& reason : piece.reasons) out += fmt::format("    {}\n", reason);
    if (piece.approval == Approval::refuse) continue;
    out += fmt::format("    hidden: {}\n", hidden_in_words(policy, piece.redact));
    if (piece.height_at_most != 0) {
      out += fmt::format("    picture at most {} lines high\n", piece.height_at_most);
    }
    out += rules_text(policy, piece);
  }
  return out;
}

// What a broken file decides: nothing but refuse.
Output broken(const absl::Status& status, const Question& question, bool json) {
  Piece piece;
  piece.footage = question.footage;
  piece.reasons = {"the rules file is broken: nothing is shared"};
  const Decision decision{{piece}};
  // No limits: none of a broken file is to be believed.
  Always none{};
  none.clips_per_month = 0;
  none.minutes_per_month = 0;
  return {1, json ? document(decision, none, question.basis) + "\n" : "decision: refuse\n",
          fmt::format("{}\n{}\n", std::string(status.message()), kNothingIsShared)};
}

}  // namespace

Output explain(const Path& file, const ExplainArguments& arguments, bool json) {
  const auto asked = read_question(arguments);
  if (!asked.ok()) {
    return {2, "", fmt::format("latchstring: error: {}\n", std::string(asked.status().message()))};
  }
  const auto policy = load_and_test(file);
  if (!policy.ok()) return broken(policy.status(), asked->question, json);
  const Decision decision = judge(**policy, asked->question, asked->now, asked->home);
  const Basis basis = asked->question.basis;
  return {0,
          json ? document(decision, (*policy)->always, basis) + "\n"
               : plain_text(**policy, decision, basis),
          ""};
}

}  // namespace latchstring::policy
