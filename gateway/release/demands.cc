#include "gateway/release/demands.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "gateway/release/release.h"

namespace latchstring::release {
namespace {

constexpr std::string_view kClass = "class ";
constexpr std::string_view kZone = "zone ";
constexpr std::string_view kNoSound = "no sound";
constexpr std::string_view kHeight = "height at most ";
constexpr std::string_view kFrameEvery = "microseconds per frame at least ";
constexpr std::string_view kRefuseIfUnsure = "refuse if unsure";

std::string zone_line(const Zone& zone) {
  std::string line =
      fmt::format("{}{} {}", kZone, zone.name, zone.keep_only ? "keep only" : "fill");
  for (const auto& [x, y] : zone.polygon) line += fmt::format(" {},{}", x, y);
  return line;
}

std::optional<std::int64_t> number_after(std::string_view prefix, std::string_view line) {
  if (!line.starts_with(prefix)) return std::nullopt;
  std::int64_t number = 0;
  const char* end = line.data() + line.size();
  const auto read = std::from_chars(line.data() + prefix.size(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

// What the redaction worker may be unsure of. Sound, size, rate and watermark need no detector.
bool looks_at_pictures(const RedactionPlan& plan) {
  return !plan.classes.empty() || !plan.zones.empty();
}

bool meets_line(std::string_view hidden, std::string_view demanded) {
  if (hidden == demanded) return true;
  const auto height = number_after(kHeight, hidden);
  const auto height_wanted = number_after(kHeight, demanded);
  if (height && height_wanted) return *height <= *height_wanted;
  const auto every = number_after(kFrameEvery, hidden);
  const auto every_wanted = number_after(kFrameEvery, demanded);
  return every && every_wanted && *every >= *every_wanted;
}

std::set<std::string> names_in(const std::vector<std::string>& lines) {
  std::set<std::string> names;
  for (const std::string_view line : lines) {
    if (line.starts_with(kClass)) names.emplace(line.substr(kClass.size()));
    if (line == kNoSound) names.emplace("audio");
    if (!line.starts_with(kZone)) continue;
    const std::string_view zone = line.substr(kZone.size());
    names.emplace(zone.substr(0, zone.find(' ')));
  }
  return names;
}

}  // namespace

std::vector<std::string> demands(const RedactionPlan& plan) {
  std::vector<std::string> lines;
  for (const std::string& name : plan.classes) lines.push_back(fmt::format("{}{}", kClass, name));
  for (const Zone& zone : plan.zones) lines.push_back(zone_line(zone));
  if (!plan.keep_audio) lines.emplace_back(kNoSound);
  if (plan.height_at_most != 0) lines.push_back(fmt::format("{}{}", kHeight, plan.height_at_most));
  if (plan.one_frame_per != Duration::zero()) {
    lines.push_back(fmt::format("{}{}", kFrameEvery, plan.one_frame_per.count()));
  }
  if (!plan.watermark.empty()) lines.push_back("watermark " + plan.watermark);
  if (plan.if_unsure == IfUnsure::refuse && looks_at_pictures(plan)) {
    lines.emplace_back(kRefuseIfUnsure);
  }
  return lines;
}

std::set<std::string> hidden_names(const Piece& piece) {
  return names_in(piece.hidden);
}

std::set<std::string> hidden_names(const State& state, const Piece& piece,
                                   const policy::Piece& decided,
                                   const std::vector<const policy::Policy*>& policies) {
  return names_in(demands(Release::plan_of(state, piece, decided, policies)));
}

bool meets(const std::vector<std::string>& hidden, const std::vector<std::string>& demanded) {
  return std::all_of(demanded.begin(), demanded.end(), [&](const std::string& line) {
    return std::any_of(hidden.begin(), hidden.end(),
                       [&](const std::string& made) { return meets_line(made, line); });
  });
}

std::string_view shortfall(const std::vector<std::string>& hidden,
                           const std::vector<std::string>& demanded) {
  if (meets(hidden, demanded)) return "";
  std::vector<std::string> never_unsure = hidden;
  never_unsure.emplace_back(kRefuseIfUnsure);
  return meets(never_unsure, demanded)
             ? "the rules now refuse where a detector is unsure (`if_unsure: refuse`)"
             : "the rules now hide more than it does";
}

}  // namespace latchstring::release
