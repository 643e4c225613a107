// docs/guide/writing-house-rules.md and its ten files: what the guide quotes stands in the files,
// the answers that it prints are the program's, and no step gives more than the guide says.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "policy/analysis/analysis.h"
#include "tests/support/catch.h"
#include "tests/support/policy.h"

namespace latchstring::policy {
namespace {

using test::at;

constexpr int kSteps = 10;
constexpr std::size_t kGuideMax = 256 * 1024;
const Path kFolder = Path(LATCHSTRING_SOURCE) / "docs" / "guide" / "house-rules";
const Instant kToday = at("2026-10-01T00:00:00Z");

std::string file_name(int step) {
  return fmt::format("step-{:02}.yaml", step);
}

std::string text_of(const Path& path) {
  const auto text = read_file(path, kGuideMax);
  INFO(path);
  REQUIRE(text.ok());
  return *text;
}

std::shared_ptr<const Policy> step_policy(int step) {
  const auto policy = load_and_test(kFolder / file_name(step));
  INFO(file_name(step) << ": " << policy.status().ToString());
  REQUIRE(policy.ok());
  return *policy;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

// What stands between two fences of the guide.
struct Block {
  std::string kind;  // the word behind the fence: yaml, console, or none
  std::string text;
  int line = 0;  // of the guide
  int step = 0;  // the file that the guide named last
};

std::vector<Block> read_guide() {
  constexpr std::string_view kFence = "```";
  constexpr std::string_view kLink = "](house-rules/step-";
  std::vector<Block> out;
  bool inside = false;
  int number = 0;
  int step = 0;
  for (const std::string& line :
       lines_of(text_of(kFolder.parent_path() / "writing-house-rules.md"))) {
    ++number;
    if (line.starts_with(kFence)) {
      inside = !inside;
      if (inside) out.push_back({line.substr(kFence.size()), "", number, step});
    } else if (inside) {
      out.back().text += line + "\n";
    } else if (const std::size_t link = line.find(kLink); link != std::string::npos) {
      step = std::stoi(line.substr(link + kLink.size(), 2));
    }
  }
  CHECK_FALSE(inside);
  return out;
}

TEST_CASE("every step of the guide loads without a warning, and its tests reach every rule") {
  for (int step = 1; step <= kSteps; ++step) {
    const auto policy = step_policy(step);
    INFO(file_name(step));
    for (const Warning& said : warnings(*policy, kToday)) FAIL_CHECK(said.text);
    for (const Warning& said : notes(*policy, kToday)) FAIL_CHECK(said.text);
    const Output output = check({kFolder / file_name(step)}, kToday, false);
    CHECK(output.exit_code == 0);
    CHECK(output.err.empty());
    CHECK(policy::test(kFolder / file_name(step), false).exit_code == 0);
    CHECK(policy->tests.empty() == (step < 3));
  }
}

TEST_CASE("what the guide quotes stands in the file that it names, and all that is new is quoted") {
  std::array<std::set<std::string>, kSteps + 1> quoted;
  for (const Block& block : read_guide()) {
    if (block.kind != "yaml") continue;
    INFO("line " << block.line << " of the guide");
    REQUIRE(block.step >= 1);
    REQUIRE(block.step <= kSteps);
    CHECK(text_of(kFolder / file_name(block.step)).find("\n" + block.text) != std::string::npos);
    for (const std::string& line : lines_of(block.text))
      quoted[static_cast<std::size_t>(block.step)].insert(line);
  }
  std::set<std::string> known{""};
  for (int step = 1; step <= kSteps; ++step) {
    for (const std::string& line : lines_of(text_of(kFolder / file_name(step)))) {
      if (line.starts_with("#") || !known.insert(line).second) continue;
      INFO(file_name(step) << ": " << line);
      CHECK(quoted[static_cast<std::size_t>(step)].count(line) == 1);
    }
  }
}

// `$ a b "c d"` and the lines that a backslash joins to it.
std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> out;
  bool quoted = false;
  bool fresh = true;
  for (const char c : command) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      fresh = true;
    } else {
      if (fresh) out.emplace_back();
      fresh = false;
      out.back() += c;
    }
  }
  return out;
}

// The guide's reader works in the folder of the files.
std::string without_folder(std::string text) {
  const std::string folder = kFolder.string() + "/";
  for (std::size_t i = text.find(folder); i != std::string::npos; i = text.find(folder))
    text.erase(i, folder.size());
  return text;
}

std::string answer_to(const std::vector<std::string>& words) {
  REQUIRE(words.size() >= 5);
  REQUIRE(words[1] == "latchstring");
  REQUIRE(words[2] == "policy");
  const Path file = kFolder / words[4];
  Output output;
  if (words[3] == "check") {
    output = check({file}, kToday, false);
  } else if (words[3] == "test") {
    output = policy::test(file, false);
  } else {
    REQUIRE(words[3] == "explain");
    std::map<std::string, std::string> options;
    for (std::size_t i = 5; i + 1 < words.size(); i += 2) options[words[i]] = words[i + 1];
    const ExplainArguments asked{options["--who"],     "",
                                 options["--camera"],  options["--basis"],
                                 options["--purpose"], options["--footage"],
                                 options["--now"]};
    output = explain(file, asked, false);
  }
  CHECK(output.exit_code == 0);
  return without_folder(output.err + output.out);
}

// Whether these are the lines of the answer; `...` stands for lines left out.
bool is_quoted_from(const std::vector<std::string>& quoted,
                    const std::vector<std::string>& answer) {
  auto next = answer.begin();
  bool left_out = false;
  for (const std::string& line : quoted) {
    if (line == "...") {
      left_out = true;
      continue;
    }
    if (left_out) next = std::find(next, answer.end(), line);
    if (next == answer.end() || *next != line) return false;
    ++next;
    left_out = false;
  }
  return left_out || next == answer.end();
}

TEST_CASE("the answers in the guide are the program's") {
  int answers = 0;
  for (const Block& block : read_guide()) {
    if (block.kind != "console") continue;
    const std::vector<std::string> lines = lines_of(block.text);
    for (std::size_t i = 0; i < lines.size();) {
      INFO("line " << block.line << " of the guide");
      REQUIRE(lines[i].starts_with("$ "));
      std::string command = lines[i++];
      while (command.ends_with(" \\")) {
        command.pop_back();
        REQUIRE(i < lines.size());
        command += lines[i++];
      }
      std::vector<std::string> quoted;
      while (i < lines.size() && !lines[i].starts_with("$ ")) quoted.push_back(lines[i++]);
      const std::vector<std::string> words = words_of(command);
      const std::string answer = answer_to(words);
      INFO(answer);
      CHECK(words[4] == file_name(block.step));
      CHECK(is_quoted_from(quoted, lines_of(answer)));
      ++answers;
    }
  }
  CHECK(answers >= kSteps);
}

// What goes wrong most often: one change to a step's file.
struct Slip {
  int step;
  std::string_view text;
  std::string_view slip;
  std::string_view now = "2026-10-01T00:00:00Z";
};

constexpr Slip kSlips[] = {
    {1, "\n  residents", "\nresidents"},
    {1, "\"14 Maple Street\"", "\u201C14 Maple Street\u201D"},
    {1, "2027-12-31", "12/31/2027"},
    {2, "front_door", "Front Door"},
    {2, "sharing: never", "sharing: by_rule"},
    {3, "    redact: none\n", ""},
    {3, "camera: front_door", "camera: frontdoor"},
    {3, "keys/springfield_pd.jwk", "keys/springfield.jwk"},
    {4, "22:00 to 06:00", "10pm to 6am"},
    {4, "5 seconds", "5"},
    {4, "    part_outside: trim\n", ""},
    {5, "    always_redact: [neighbours_door]\n", ""},
    {5, "0.60], [0.70", "60], [0.70"},
    {5, "redact: [audio]", "redact: audio"},
    {6, "\nallow:", "\nnever:\n  - name: not_for_debts\n    purpose: debt\n\nallow:"},
    {6, "[sat]", "[saturday]"},
    {7, "vehicle_theft]", "vehicle_thefts]"},
    {8, "20 minutes", "20 min"},
    {8, "minutes: 40", "minutes: 15"},
    {9, "camera: back_yard", "camera: [front_door, back_yard]"},
    {9, "3 days", "8 days"},
    {10, "approval: ask_one", "approval: ask_all"},
    {10, "2028-12-31", "2028-02-30"},
    {10, "", "", "2029-01-01T12:00:00Z"},
};

std::string answer_to(const Slip& slip) {
  auto source = read_source(kFolder / file_name(slip.step));
  REQUIRE(source.ok());
  source->name = file_name(slip.step);
  const std::size_t where = source->text.find(slip.text);
  REQUIRE(where != std::string::npos);
  source->text.replace(where, slip.text.size(), slip.slip);
  const auto policy = load_and_test(*source);
  if (!policy.ok()) return without_folder(std::string(policy.status().message())) + "\n";
  std::string out;
  for (const Warning& said : warnings(**policy, at(slip.now)))
    out += fmt::format("{}: warning: {}\n", source->name, said.text);
  return out;
}

TEST_CASE("the messages in the guide are the program's") {
  std::size_t next = 0;
  for (const Block& block : read_guide()) {
    if (!block.kind.empty() || !block.text.starts_with("step-")) continue;
    INFO("line " << block.line << " of the guide");
    REQUIRE(next < std::size(kSlips));
    const Slip& slip = kSlips[next++];
    CHECK(slip.step == block.step);
    const std::string answer = answer_to(slip);
    INFO(answer);
    CHECK(answer.find(block.text) != std::string::npos);
  }
  CHECK(next == std::size(kSlips));
}

// Whether a step allows what no earlier one does. All else may only get stricter.
bool opens(int step, const Question& asked) {
  const bool consent = asked.basis == Basis::consent;
  const bool burglary = consent && asked.purpose == "burglary";
  if (step == 3) return burglary && asked.camera == "front_door";
  if (step == 7) return consent && asked.purpose == "vehicle_theft" && asked.camera == "front_door";
  if (step != 9) return false;
  return (burglary && asked.camera == "back_yard") ||
         (asked.basis == Basis::emergency && asked.camera == "front_door" &&
          (asked.purpose == "missing_person" || asked.purpose == "threat_to_life"));
}

const Piece& piece_at(const Decision& decision, Instant t) {
  const auto found = std::find_if(decision.pieces.begin(), decision.pieces.end(),
                                  [t](const Piece& piece) { return piece.footage.contains(t); });
  ensure(found != decision.pieces.end());
  return *found;
}

bool is_looser(const Decision& later, const Decision& earlier) {
  std::vector<Instant> starts;
  for (const Decision* decision : {&later, &earlier})
    for (const Piece& piece : decision->pieces) starts.push_back(piece.footage.from);
  return std::any_of(starts.begin(), starts.end(), [&](Instant t) {
    const Piece& now = piece_at(later, t);
    const Piece& before = piece_at(earlier, t);
    if (now.approval == Approval::refuse) return false;
    return now.approval > before.approval ||
           !std::includes(now.redact.begin(), now.redact.end(), before.redact.begin(),
                          before.redact.end());
  });
}

// What the guide promises of a piece that may be given, by step. Empty: kept.
std::string broken_promise(int step, const Question& asked, const Piece& piece) {
  constexpr Duration kDay = std::chrono::hours(24);
  const Duration since_monday = piece.footage.from - at("2026-10-05T00:00:00-05:00");
  const Duration of_day = since_monday % kDay;
  const bool by_day = of_day >= std::chrono::hours(6) && of_day < std::chrono::hours(22);
  const bool front = asked.camera == "front_door";
  const Interval saturday{at("2026-10-10T18:00:00-05:00"), at("2026-10-10T23:30:00-05:00")};
  if (step < 3) return "nothing is shared yet";
  if (piece.approval == Approval::automatic) return "somebody is asked";
  if (asked.basis == Basis::warrant) return "no warrants";
  if (asked.basis == Basis::emergency && step < 9) return "no emergencies yet";
  if (!front && (step < 9 || piece.approval != Approval::ask_all)) return "the back yard";
  if (step >= 4 && asked.basis == Basis::consent && by_day) return "the nights only";
  if (step >= 5 && piece.redact.count("audio") == 0) return "the sound is hidden";
  if (step >= 5 && front && piece.redact.count("neighbours_door") == 0) return "the door is hidden";
  if (step >= 6 && front && !intersection(piece.footage, saturday).empty()) return "Saturday";
  if (asked.purpose == "protest") return "not for protests";
  if (step >= 8 && asked.footage.length() > std::chrono::minutes(20)) return "twenty minutes";
  return "";
}

// Every 113 minutes of a week, long and short, for all that the rules tell apart.
std::vector<Question> questions() {
  std::vector<Question> out;
  const Instant monday = at("2026-10-05T00:00:00-05:00");
  for (int minute = 0; minute < 7 * 24 * 60; minute += 113)
    for (const int length : {10, 25})
      for (const char* camera : {"front_door", "back_yard"})
        for (const Basis basis : {Basis::consent, Basis::warrant, Basis::emergency})
          for (const char* purpose :
               {"burglary", "vehicle_theft", "protest", "missing_person", "threat_to_life"}) {
            Question asked;
            asked.agency = "springfield_pd";
            asked.camera = camera;
            asked.basis = basis;
            asked.purpose = purpose;
            asked.footage.from = monday + std::chrono::minutes(minute);
            asked.footage.to = asked.footage.from + std::chrono::minutes(length);
            out.push_back(std::move(asked));
          }
  return out;
}

TEST_CASE("no step gives more than the guide says") {
  const std::vector<Question> all = questions();
  std::vector<Decision> before;
  for (int step = 1; step <= kSteps; ++step) {
    const auto policy = step_policy(step);
    std::vector<Decision> decisions;
    int given = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      decisions.push_back(judge(*policy, all[i], std::nullopt));
      const Decision& decision = decisions.back();
      std::string fault;
      for (const Piece& piece : decision.pieces) {
        if (piece.approval == Approval::refuse) continue;
        ++given;
        if (fault.empty()) fault = broken_promise(step, all[i], piece);
      }
      if (step > 1 && !opens(step, all[i]) && is_looser(decision, before[i]))
        fault = "looser than the step before";
      if (fault.empty()) continue;
      FAIL_CHECK(file_name(step) << ": " << fault << ": " << all[i].camera << ", "
                                 << to_string(all[i].basis) << ", " << all[i].purpose << ", "
                                 << to_rfc3339(all[i].footage.from));
    }
    INFO(file_name(step));
    CHECK((given > 0) == (step >= 3));
    before = std::move(decisions);
  }
}

TEST_CASE("strangers get nothing at any step") {
  std::vector<Question> all = questions();
  for (Question& asked : all) asked.agency = "county_police";
  for (int step = 1; step <= kSteps; ++step) {
    const auto policy = step_policy(step);
    for (const Question& asked : all) {
      if (judge(*policy, asked, std::nullopt).overall() == Approval::refuse) continue;
      FAIL_CHECK(file_name(step) << " gives to a stranger");
    }
  }
}

}  // namespace
}  // namespace latchstring::policy
