// The household's own files, as the command line reads and edits them: text in, text out, checked
// before it is written, and written so that the old or the new one stands. Thread: main.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/cli/format.h"
#include "gateway/config/config.h"
#include "policy/engine/policy.h"

namespace latchstring::cli {

inline constexpr std::uint64_t kRulesBytesMax = 64 * 1024;
inline constexpr std::uint64_t kKeyFileBytesMax = 16 * 1024;

// A rules file with its key files, which are meant from its own folder, and its tests: as the
// daemon loads it.
absl::StatusOr<std::shared_ptr<const policy::Policy>> load_rules(std::string_view text,
                                                                 const Path& file);

// How the rules file shares this camera, in its own word; nullopt: not listed, or no YAML.
std::optional<std::string> sharing_in_rules(std::string_view text, std::string_view camera);

// Whole new content, with the mode and the owner that the file has.
absl::Status replace_file(const Path& file, std::string_view text);

// The household's clock: from the rules file as far as it can be read, else UTC.
Zone zone_of(const absl::StatusOr<config::Config>& config);

// Cameras as `camera.list` gives them.
std::string camera_table(const json::List& cameras, const Zone& zone);

// The rules file that `init` writes: it shares nothing.
struct FreshRules {
  std::string household;
  std::string timezone;
  std::vector<std::string> residents;
  std::string ends;  // year-month-day
};
std::string fresh_house_rules(const FreshRules& fresh);

}  // namespace latchstring::cli
