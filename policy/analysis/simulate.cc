// `latchstring policy simulate`: what it prints.
#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/status.h"
#include "policy/analysis/analysis.h"
#include "policy/analysis/outcome_words.h"
#include "policy/analysis/replay.h"
#include "policy/analysis/simulation.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::string_view kLetters = ".A1X";  // by Approval
constexpr std::string_view kLegend =
    "    X without asking   1 one resident must agree   A all residents must agree   . refused\n"
    "    Each letter is half an hour, and shows the most that it holds.\n";

std::string row_text(const std::string& words, std::size_t width, const Choice& choice) {
  const auto hours = [&](Approval approval) {
    return hours_text(choice.time_of[static_cast<std::size_t>(approval)]);
  };
  return fmt::format("    {:<{}}  {:>14}  {:>12}  {:>13}  {:>7}\n", words, width,
                     hours(Approval::automatic), hours(Approval::ask_one), hours(Approval::ask_all),
                     hours(Approval::refuse));
}

// What gives nothing stands last, in one line.
std::string table_text(const Simulation& simulation, const std::vector<Choice>& choices) {
  constexpr std::string_view kElse = "all other words";
  std::size_t width = kElse.size();
  for (const Choice& choice : choices) {
    if (!choice.gives_nothing()) width = std::max(width, choice_words(simulation, choice).size());
  }
  std::string out = fmt::format("    {:<{}}  {:>14}  {:>12}  {:>13}  {:>7}\n", "WORDS", width,
                                "WITHOUT ASKING", "ONE RESIDENT", "ALL RESIDENTS", "REFUSED");
  for (const Choice& choice : choices) {
    const bool nothing = choice.gives_nothing();
    out += row_text(nothing ? std::string(kElse) : choice_words(simulation, choice), width, choice);
    if (nothing) break;
  }
  return out;
}

std::string chart_text(const std::set<Basis>& bases, const WeekChart& chart) {
  std::string out =
      fmt::format("\n    On {}, with the words that give most:\n", bases_words(bases));
  out += "         00    03    06    09    12    15    18    21\n";
  for (std::size_t day = 0; day < chart.size(); ++day) {
    std::string row;
    for (const Approval each : chart[day]) row += kLetters[static_cast<std::size_t>(each)];
    out += fmt::format("    {}  {}\n", kDays[day], row);
  }
  return out;
}

std::string camera_text(const Simulation& simulation, const std::string& camera) {
  const std::vector<Choice>& choices = simulation.choices(camera);
  if (choices.front().gives_nothing()) {
    return fmt::format("\n{}: nothing, whatever the agency writes\n", camera);
  }
  std::string out =
      fmt::format("\n{}: hours of a week, by the words that the agency chooses\n", camera);
  out += table_text(simulation, choices);
  const auto charts = charts_of(choices);
  for (const auto& [bases, chart] : charts) out += chart_text(bases, chart);
  if (!charts.empty()) out += kLegend;
  for (const Choice& choice : choices) {
    const std::vector<std::string> lines = choice_lines(simulation, choice);
    if (lines.empty()) continue;
    out += fmt::format("\n    {}\n", choice_words(simulation, choice));
    for (const std::string& line : lines) out += fmt::format("      {}\n", line);
  }
  return out;
}

std::string replay_text(const Policy& policy, const Replay& replay) {
  std::string out = "\nPast requests, as these rules would answer them (no quota used before):\n";
  for (const Replayed& each : replay.requests) {
    const Question& question = each.question;
    out += fmt::format(
        "  {}  {} / {} / {}, {} to {}: {}\n", each.id, question.camera, to_string(question.basis),
        question.purpose, wall_clock_text(policy, question.footage.from),
        wall_clock_text(policy, question.footage.to), to_string(each.decision.overall()));
    for (const Piece& piece : each.decision.pieces) {
      out += fmt::format("      {} to {}: {} ({})\n", wall_clock_text(policy, piece.footage.from),
                         wall_clock_text(policy, piece.footage.to), to_string(piece.approval),
                         fmt::join(piece.reasons, "; "));
    }
    if (!each.had.empty()) out += fmt::format("      what became of it: {}\n", each.had);
  }
  if (replay.requests.empty()) out += "  There are none of this agency.\n";
  return out +
         fmt::format("  Left out: {} of other agencies, {} gifts.\n", replay.others, replay.gifts);
}

std::string text_of(const Simulation& simulation, const std::optional<Replay>& replay) {
  std::string out = most_sentence(simulation) + "\n";
  for (const std::string& camera : simulation.cameras()) out += camera_text(simulation, camera);
  out += "\nFor every clip:\n";
  for (const std::string& line : always_true(simulation.policy())) out += "  " + line + "\n";
  for (const Basis basis : {Basis::warrant, Basis::preservation}) {
    out += fmt::format("  Today {}.\n", refused_today(basis));
  }
  if (replay) out += replay_text(simulation.policy(), *replay);
  return out;
}

json::Writer choice_json(const Simulation& simulation, const Choice& choice) {
  const auto seconds = [&](Approval approval) {
    return std::chrono::duration_cast<std::chrono::seconds>(
               choice.time_of[static_cast<std::size_t>(approval)])
        .count();
  };
  const Fields& fields = simulation.fields();
  std::vector<std::string> bases;
  for (const Basis basis : choice.bases) bases.emplace_back(to_string(basis));
  std::vector<std::string> purposes(choice.purposes.begin(), choice.purposes.end());
  std::erase(purposes, fields.other_purpose);
  std::vector<std::string> officers(choice.officers.begin(), choice.officers.end());
  std::erase(officers, fields.other_officer);
  std::vector<json::Writer> week;
  for (const WeekRun& run : choice.week) {
    week.emplace_back()
        .integer("from_second", to_unix_seconds(run.times.from))
        .integer("to_second", to_unix_seconds(run.times.to))
        .object("outcome", to_json(run.outcome));
  }
  return json::Writer()
      .string("camera", choice.camera)
      .strings("bases", bases)
      .strings("purposes", purposes)
      .boolean("any_other_purpose", choice.purposes.count(fields.other_purpose) != 0)
      .strings("officers", officers)
      .boolean("any_other_officer", choice.officers.count(fields.other_officer) != 0)
      .string("words", choice_words(simulation, choice))
      .integer("automatic_seconds", seconds(Approval::automatic))
      .integer("ask_one_seconds", seconds(Approval::ask_one))
      .integer("ask_all_seconds", seconds(Approval::ask_all))
      .integer("refused_seconds", seconds(Approval::refuse))
      .objects("week", week);
}

std::string document_of(const Simulation& simulation, const std::string& file,
                        const std::optional<Replay>& replay) {
  std::vector<json::Writer> choices;
  for (const std::string& camera : simulation.cameras()) {
    for (const Choice& choice : simulation.choices(camera)) {
      choices.push_back(choice_json(simulation, choice));
    }
  }
  json::Writer out;
  out.boolean("ok", true)
      .string("file", file)
      .string("who", simulation.agency())
      .string("most", most_sentence(simulation))
      .objects("choices", choices)
      .strings("always", always_true(simulation.policy()));
  if (!replay) return out.json("replay", "null").text() + "\n";
  std::vector<json::Writer> requests;
  for (const Replayed& each : replay->requests) {
    requests.emplace_back()
        .string("id", each.id)
        .string("camera", each.question.camera)
        .string("decision", to_string(each.decision.overall()))
        .string("had", each.had);
  }
  return out.objects("replay", requests).text() + "\n";
}

Simulated failed(int code, const std::string& message, bool json) {
  std::string out;
  if (json && code == 1) {
    out = json::Writer().boolean("ok", false).strings("errors", {message}).text() + "\n";
  }
  return {{code, out, code == 1 ? message + "\n" : "latchstring: error: " + message + "\n"}, ""};
}

absl::StatusOr<std::optional<Replay>> read_replay(const Policy& policy,
                                                  const SimulateArguments& arguments) {
  if (arguments.replay.empty()) return std::nullopt;
  const auto text = read_file(arguments.replay, kReplayBytesMax);
  if (absl::IsResourceExhausted(text.status())) {
    return invalid("`{}` is larger than {} bytes", arguments.replay, kReplayBytesMax);
  }
  if (!text.ok()) return text.status();
  auto replayed = replay(policy, arguments.agency, *text);
  if (replayed.ok()) return std::optional(*std::move(replayed));
  return invalid("`{}` is not what `latchstring request list --json` prints: {}", arguments.replay,
                 message_of(replayed.status()));
}

}  // namespace

Simulated simulate(const Path& file, const SimulateArguments& arguments, Instant now, bool json) {
  const auto loaded = load_and_test(file);
  if (!loaded.ok()) return failed(1, std::string(loaded.status().message()), json);
  const Policy& policy = **loaded;
  if (policy.agencies.count(arguments.agency) == 0) {
    return failed(
        2, fmt::format("\"{}\" is not among the agencies of these rules", arguments.agency), json);
  }
  if (!arguments.camera.empty() && policy.cameras.count(arguments.camera) == 0) {
    return failed(
        2, fmt::format("\"{}\" is not among the cameras of these rules", arguments.camera), json);
  }
  const auto replayed = read_replay(policy, arguments);
  if (!replayed.ok())
    return failed(1, fmt::format("latchstring: error: {}", message_of(replayed.status())), json);
  const Simulation simulation(policy, arguments.agency, arguments.camera,
                              std::chrono::ceil<std::chrono::seconds>(now));
  return {
      {0, json ? document_of(simulation, file.string(), *replayed) : text_of(simulation, *replayed),
       ""},
      week_page(simulation)};
}

}  // namespace latchstring::policy
