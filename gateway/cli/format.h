// Values as people read them: tables, sizes, times by the household's clock.
// What strangers wrote is shown with its control and direction characters replaced. Thread: any.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/time.h"
#include "gateway/json/json.h"

namespace latchstring::cli {

// One line of text without anything that could move a terminal's cursor or turn text around.
std::string shown(std::string_view text);
// The same, keeping line breaks.
std::string shown_lines(std::string_view text);

// One word of a command line to copy, in quotes where a shell would take it apart.
std::string shell_word(std::string_view text);

std::string size_text(std::uint64_t bytes);  // 1.5 GiB
std::string count_text(std::uint64_t count, std::string_view one, std::string_view many);
std::string span_text(Duration span);  // 2 days 3 hours
// The first letter large, a full stop at the end.
std::string sentence(std::string_view text);

// Aligned columns; the widths are those of what a terminal shows (one column per character).
class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}
  void row(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  std::string text() const;

 private:
  std::vector<std::string> heads_;
  std::vector<std::vector<std::string>> rows_;
};

// The household's clock, as its rules file names it; UTC where that cannot be read.
class Zone {
 public:
  Zone() : zone_(absl::UTCTimeZone()) {}
  static Zone named(std::string_view name);
  std::string time(Instant instant) const;  // 2026-05-04 21:50:00 CDT
  // A time as JSON has it; what cannot be read is shown as it is.
  std::string time(std::string_view rfc3339) const;
  std::string span(std::string_view from, std::string_view to) const;

 private:
  absl::TimeZone zone_;
};

// Members of an answer; what is missing or of another kind reads as empty.
const json::Value* member(const json::Value& object, std::string_view name);
std::string text(const json::Value& object, std::string_view name);
std::uint64_t number(const json::Value& object, std::string_view name);
double real(const json::Value& object, std::string_view name);
bool flag(const json::Value& object, std::string_view name);
const json::List& list(const json::Value& object, std::string_view name);
std::vector<std::string> texts(const json::Value& object, std::string_view name);
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

}  // namespace latchstring::cli
