// What a household is told about a fault in its rules: one file for each, with the words in it.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>
#include <vector>

#include "policy/analysis/analysis.h"
#include "tests/support/catch.h"

namespace latchstring::policy {
namespace {

const Path kBroken = Path(LATCHSTRING_SOURCE) / "tests" / "vectors" / "policy" / "broken";
constexpr std::size_t kFileMax = 1 << 20;        // bytes
constexpr std::size_t kQuotedMin = 40;           // characters of a line that a message must quote
constexpr std::string_view kWholeFile = "1:1";   // no line need be quoted
constexpr std::string_view kMark = "# expect ";  // see README.md beside the files

struct Expected {
  std::string place;  // LINE:COLUMN, or LINE,LINE of an overlap
  std::string message;
  std::string hint;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> lines_of(const Path& file) {
  const auto text = read_file(file, kFileMax);
  REQUIRE(text.ok());
  return lines_of(*text);
}

Expected expected_of(const Path& file) {
  Path beside = file;
  beside.replace_extension(".expect");
  const bool is_beside = std::filesystem::exists(beside);
  std::string line = lines_of(is_beside ? beside : file).at(0);
  if (!is_beside) {
    REQUIRE(line.starts_with(kMark));
    line.erase(0, kMark.size());
  }
  const std::size_t space = line.find(' ');
  REQUIRE(space != std::string::npos);
  const std::string words = line.substr(space + 1);
  const std::size_t arrow = std::min(words.find(" => "), words.size());
  const std::string hint = arrow == words.size() ? "" : words.substr(arrow + 4);
  return {line.substr(0, space), words.substr(0, arrow), hint};
}

bool is_plain(const std::string& line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// Under its message, the line that is at fault; characters that nobody sees are shown as names.
void check_quote(const Path& file, const std::string& place, const std::string& quoted) {
  const std::size_t number = std::stoul(place);
  const auto source = lines_of(file);
  REQUIRE(number >= 1);
  REQUIRE(number <= source.size());
  const std::string& line = source.at(number - 1);
  const std::string begin = is_plain(line) ? line.substr(0, kQuotedMin) : "";
  CHECK(quoted.starts_with(fmt::format("{:5} | {}", number, begin)));
}

std::vector<Path> broken_files() {
  std::vector<Path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kBroken)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("a fault is told where it is, in words that a household understands") {
  const auto files = broken_files();
  CHECK(files.size() >= 60);
  for (const Path& file : files) {
    INFO(file.filename());
    const Expected expected = expected_of(file);
    INFO("expected: " << expected.place << " " << expected.message << " => " << expected.hint);
    const auto policy = load_and_test(file);
    CHECK(!policy.ok());
    if (policy.ok()) continue;
    const std::string said(policy.status().message());
    INFO(said);
    const auto lines = lines_of(said);
    const std::string name = file.string() + ":";
    CHECK(lines.at(0).starts_with(name + expected.place + ": "));
    CHECK(lines.at(0).find(expected.message) != std::string::npos);
    CHECK(said.substr(lines.at(0).size()).find(expected.hint) != std::string::npos);
    CHECK(std::count_if(lines.begin(), lines.end(),
                        [&](const std::string& line) { return line.starts_with(name); }) == 1);
    if (expected.place == kWholeFile || expected.place.find(',') != std::string::npos) continue;
    check_quote(file, expected.place, lines.size() > 1 ? lines.at(1) : "");
  }
}

TEST_CASE("of a file with a fault, every command gives nothing") {
  for (const Path& file : broken_files()) {
    INFO(file.filename());
    const Output checked = check({file}, Instant{}, false);
    CHECK(checked.exit_code == 1);
    CHECK(checked.out.empty());
    CHECK(checked.err.ends_with(std::string(kNothingIsShared) + "\n"));
    const ExplainArguments question{"town_police",
                                    "",
                                    "street",
                                    "consent",
                                    "hit_and_run",
                                    "2027-02-02T12:00:00+01:00 to 2027-02-02T12:10:00+01:00",
                                    ""};
    const Output explained = explain(file, question, false);
    CHECK(explained.exit_code == 1);
    CHECK(explained.out == "decision: refuse\n");
  }
}

TEST_CASE("words beside a file belong to a file") {
  for (const auto& entry : std::filesystem::directory_iterator(kBroken)) {
    if (entry.path().extension() != ".expect") continue;
    INFO(entry.path());
    Path file = entry.path();
    CHECK(std::filesystem::exists(file.replace_extension(".yaml")));
  }
}

}  // namespace
}  // namespace latchstring::policy
