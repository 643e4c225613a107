#include "gateway/cli/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "gateway/base/status.h"

namespace latchstring::cli {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
};

// JSON and the files we read are valid UTF-8; for anything else each byte stands alone.
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + bytes > text.size()) return {0xfffd, 1};
  std::uint32_t code = first & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {0xfffd, 1};
    code = (code << 6) | (byte(at + i) & 0x3f);
  }
  return {code, bytes};
}

// C0, DEL, C1; then what is invisible or turns the direction of text (Unicode TR 36, section 2).
bool is_treacherous(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c || code == 0xfeff ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || code == 0xfffd ||
         (code >= 0xe0000 && code < 0xe0080);
}

std::string cleaned(std::string_view text, bool keep_lines) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (is_treacherous(c.code) && !(keep_lines && c.code == '\n')) {
      out += '?';
    } else {
      out += text.substr(at, c.bytes);
    }
    at += c.bytes;
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); at += character_at(text, at).bytes) ++width;
  return width;
}

template <class T>
const T* member_as(const json::Value& object, std::string_view name) {
  const json::Value* value = member(object, name);
  return value == nullptr ? nullptr : value->as<T>();
}

}  // namespace

std::string shown(std::string_view text) {
  return cleaned(text, false);
}
std::string shown_lines(std::string_view text) {
  return cleaned(text, true);
}

std::string shell_word(std::string_view text) {
  const std::string word = shown(text);
  const bool plain = std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 ||
           std::string_view("_-./,:@%+=").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain && !word.empty()) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string count_text(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string span_text(Duration span) {
  struct Unit {
    std::int64_t seconds;
    std::string_view one;
    std::string_view many;
  };
  constexpr std::array<Unit, 4> kUnits{Unit{86'400, "day", "days"}, Unit{3'600, "hour", "hours"},
                                       Unit{60, "minute", "minutes"}, Unit{1, "second", "seconds"}};
  std::int64_t left = std::chrono::duration_cast<std::chrono::seconds>(span).count();
  std::string out;
  int parts = 0;
  for (const Unit& unit : kUnits) {
    const std::int64_t count = left / unit.seconds;
    if (parts == 2 || count <= 0) continue;
    left -= count * unit.seconds;
    out += fmt::format("{}{}", parts++ == 0 ? "" : " ",
                       count_text(static_cast<std::uint64_t>(count), unit.one, unit.many));
  }
  return out.empty() ? "0 seconds" : out;
}

std::string sentence(std::string_view text) {
  std::string out(text);
  if (out.empty()) return out;
  if (out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  if (out.back() != '.') out += '.';
  return out;
}

void Table::row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = shown(cell);
  cells.resize(heads_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    std::size_t width = width_of(heads_[i]);
    for (const auto& row : rows_) width = std::max(width, width_of(row[i]));
    widths.push_back(width);
  }
  std::string out;
  const auto add = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += cells[i];
      if (i + 1 < cells.size()) line += std::string(widths[i] - width_of(cells[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add(heads_);
  for (const auto& row : rows_) add(row);
  return out;
}

Zone Zone::named(std::string_view name) {
  Zone zone;
  absl::TimeZone found;
  if (absl::LoadTimeZone({name.data(), name.size()}, &found)) zone.zone_ = found;
  return zone;
}

std::string Zone::time(Instant instant) const {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S %Z",
                          absl::FromUnixMicros(instant.time_since_epoch().count()), zone_);
}

std::string Zone::time(std::string_view rfc3339) const {
  const absl::StatusOr<Instant> instant = from_rfc3339(rfc3339);
  return instant.ok() ? time(*instant) : shown(rfc3339);
}

std::string Zone::span(std::string_view from, std::string_view to) const {
  const absl::StatusOr<Instant> begin = from_rfc3339(from);
  const absl::StatusOr<Instant> end = from_rfc3339(to);
  if (!begin.ok() || !end.ok()) return fmt::format("{} to {}", shown(from), shown(to));
  const std::string first = time(*begin);
  const std::string last = time(*end);
  const bool same_day = first.substr(0, 10) == last.substr(0, 10);
  return fmt::format("{} to {}", first.substr(0, 19), same_day ? last.substr(11) : last);
}

const json::Value* member(const json::Value& object, std::string_view name) {
  const auto* members = object.as<json::Object>();
  if (members == nullptr) return nullptr;
  for (const json::Member& m : *members)
    if (m.first == name) return &m.second;
  return nullptr;
}

std::string text(const json::Value& object, std::string_view name) {
  const auto* found = member_as<std::string>(object, name);
  return found == nullptr ? std::string() : *found;
}

std::uint64_t number(const json::Value& object, std::string_view name) {
  const auto* found = member_as<std::int64_t>(object, name);
  return found == nullptr || *found < 0 ? 0 : static_cast<std::uint64_t>(*found);
}

double real(const json::Value& object, std::string_view name) {
  if (const auto* found = member_as<double>(object, name)) return *found;
  const auto* whole = member_as<std::int64_t>(object, name);
  return whole == nullptr ? 0 : static_cast<double>(*whole);
}

bool flag(const json::Value& object, std::string_view name) {
  const bool* found = member_as<bool>(object, name);
  return found != nullptr && *found;
}

const json::List& list(const json::Value& object, std::string_view name) {
  static const json::List none;
  const auto* found = member_as<json::List>(object, name);
  return found == nullptr ? none : *found;
}

std::vector<std::string> texts(const json::Value& object, std::string_view name) {
  std::vector<std::string> out;
  for (const json::Value& item : list(object, name))
    if (const auto* word = item.as<std::string>()) out.push_back(*word);
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

}  // namespace latchstring::cli
