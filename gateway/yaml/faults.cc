#include <fmt/format.h>

#include <algorithm>

#include "gateway/yaml/scan.h"
#include "gateway/yaml/yaml.h"

namespace latchstring::yaml {
namespace {

constexpr std::size_t kMessageMax = 2000;    // characters
constexpr std::size_t kQuotedLineMax = 160;  // characters of a line that a message quotes

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at <= text.size()) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line(text.substr(at, end - at));
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
    at = end + 1;
  }
  return lines;
}

// What a terminal may be shown: bytes that are no printable text become `?`, characters that
// nobody sees become `<U+202E>`. `columns` gets where each character begins, and the end.
std::string printable(std::string_view line, std::size_t characters_max,
                      std::vector<std::size_t>* columns = nullptr) {
  std::string out;
  std::size_t column = 0;  // of the terminal
  std::size_t characters = 0;
  for (std::size_t at = 0; at < line.size() && characters < characters_max; ++characters) {
    if (columns != nullptr) columns->push_back(column);
    const std::size_t length = utf8_length(line, at);
    const auto byte = static_cast<unsigned char>(line[at]);
    std::string shown = "?";
    if (length != 0 && byte >= 0x20 && byte != 0x7F &&
        !(byte == 0xC2 && length == 2 && static_cast<unsigned char>(line[at + 1]) < 0xA0)) {
      const auto code = unseen(line, at, length);
      shown = code ? fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(*code))
                   : std::string(line.substr(at, length));
    }
    column += count_characters(shown);
    out += shown;
    at += std::max<std::size_t>(length, 1);
  }
  if (columns != nullptr) columns->push_back(column);
  return out;
}

// Under the quoted line, whose characters begin at `columns`.
std::string caret_line(const Place& at, const std::vector<std::size_t>& columns,
                       const std::string& hint) {
  if (at.column > static_cast<int>(kQuotedLineMax)) return hint.empty() ? "" : "      |   " + hint;
  const auto column = [&](int of) {  // beyond the line, each place has one
    const auto index = static_cast<std::size_t>(of - 1);
    return index < columns.size() ? columns[index] : columns.back() + index - columns.size() + 1;
  };
  const int width = std::clamp(at.width, 1, static_cast<int>(kQuotedLineMax) - at.column + 1);
  const std::size_t begin = column(at.column);
  std::string out =
      "      | " + std::string(begin, ' ') + std::string(column(at.column + width) - begin, '^');
  if (!hint.empty()) out += "   " + hint;
  return out;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

Faults::Faults(std::string_view file_name, std::string_view text)
    : file_name_(file_name), lines_(split_lines(text)) {}

void Faults::add(const Place& at, std::string message, std::string hint) {
  std::string out =
      fmt::format("{}:{}:{}: {}", file_name_, at.line, at.column, printable(message, kMessageMax));
  const auto index = static_cast<std::size_t>(std::max(at.line, 1) - 1);
  if (index < lines_.size()) {
    std::vector<std::size_t> columns;
    out += fmt::format("\n{:5} | {}", at.line, printable(lines_[index], kQuotedLineMax, &columns));
    const std::string caret = caret_line(at, columns, hint);
    if (!caret.empty()) out += "\n" + caret;
  } else if (!hint.empty()) {
    out += "\n      | " + hint;
  }
  entries_.push_back({at.line, at.column, std::move(out)});
}

void Faults::add_pair(int first_line, int second_line, std::string message) {
  entries_.push_back(
      {first_line, 1, fmt::format("{}:{},{}: {}", file_name_, first_line, second_line, message)});
}

std::string Faults::text() const {
  std::vector<Entry> sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  std::string out;
  for (std::size_t i = 0; i < std::min(sorted.size(), kFaultsMax); ++i) {
    if (i > 0) out += "\n";
    out += sorted[i].text;
  }
  if (sorted.size() > kFaultsMax) {
    out += fmt::format("\n... and {} more", sorted.size() - kFaultsMax);
  }
  return out;
}

absl::Status Faults::status() const {
  return empty() ? absl::OkStatus() : absl::InvalidArgumentError(text());
}

}  // namespace latchstring::yaml
