#include "gateway/cli/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/status.h"
#include "gateway/config/edit.h"
#include "gateway/yaml/yaml.h"
#include "policy/analysis/analysis.h"

namespace latchstring::cli {
namespace {

constexpr std::string_view kRulesHead =
    "# What this household shares, with whom, and what it never shares. Everything that is not\n"
    "# allowed here is refused; this file, as it stands, shares nothing.\n"
    "# `latchstring policy check house-rules.yaml` says what it means and what is wrong with it.\n"
    "policy_version: 1\n";

constexpr std::string_view kRulesRest =
    "\n"
    "# Everybody not listed is refused. `latchstring agency add NAME KEYFILE --ticket FILE` writes "
    "a\n"
    "# line here.\n"
    "agencies: {}\n"
    "\n"
    "# Cameras that rules may name: by_rule, warrant_only or never. A camera that is not listed "
    "is\n"
    "# not shared.\n"
    "#   front_door: {sharing: by_rule}\n"
    "cameras: {}\n"
    "\n"
    "# True for every clip, whatever rule let it out.\n"
    "always:\n"
    "  redact: [audio]\n"
    "\n"
    "# What is refused whatever is allowed below; a line left out covers everything.\n"
    "#   - name: not_for_protests\n"
    "#     purpose: [protest]\n"
    "never: []\n"
    "\n"
    "# What may be shared, and who is asked. Every line of this example must be there.\n"
    "#   - name: night_burglaries\n"
    "#     who: springfield_pd\n"
    "#     camera: front_door\n"
    "#     basis: consent\n"
    "#     purpose: [burglary, vehicle_theft]\n"
    "#     footage_days: every_day\n"
    "#     footage_time: \"22:00 to 06:00\"\n"
    "#     approval: ask_one\n"
    "#     redact: none\n"
    "allow: []\n";

// Of a file that others have judged or will judge.
std::optional<yaml::Node> parsed(std::string_view text) {
  yaml::Faults ignored("rules", text);
  return yaml::parse(text, ignored);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const policy::Policy>> load_rules(std::string_view text,
                                                                 const Path& file) {
  const Path folder = file.has_parent_path() ? file.parent_path() : Path(".");
  policy::Source source;
  source.text = text;
  source.name = file.filename().string();
  source.read_key_file = [folder](std::string_view name) {
    return read_file(folder / name, kKeyFileBytesMax);
  };
  return policy::load_and_test(source);
}

std::optional<std::string> sharing_in_rules(std::string_view text, std::string_view camera) {
  const std::optional<yaml::Node> root = parsed(text);
  const yaml::Node* cameras = root.has_value() ? root->find("cameras") : nullptr;
  const yaml::Node* listed =
      cameras != nullptr && cameras->is_map() ? cameras->find(camera) : nullptr;
  if (listed == nullptr) return std::nullopt;
  const yaml::Node* word = listed->is_map() ? listed->find("sharing") : nullptr;
  return word != nullptr && word->is_scalar() ? word->text : "never";  // the default
}

absl::Status replace_file(const Path& file, std::string_view text) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0)
    return errno_status(fmt::format("cannot look at `{}`", file.string()));
  LS_RETURN_IF_ERROR(write_file_durably(file, text, about.st_mode & 07777));
  // Run as root, the file stays its owner's; where that is not allowed, it is ours already.
  if (::geteuid() == 0 && ::chown(file.c_str(), about.st_uid, about.st_gid) != 0)
    return errno_status(fmt::format("cannot give `{}` back to its owner", file.string()));
  return absl::OkStatus();
}

Zone zone_of(const absl::StatusOr<config::Config>& config) {
  if (!config.ok()) return Zone();
  const absl::StatusOr<std::string> text = read_file(config->rules, kRulesBytesMax);
  if (!text.ok()) return Zone();
  const std::optional<yaml::Node> root = parsed(*text);
  const yaml::Node* household = root.has_value() ? root->find("household") : nullptr;
  const yaml::Node* name =
      household != nullptr && household->is_map() ? household->find("timezone") : nullptr;
  return name != nullptr && name->is_scalar() ? Zone::named(name->text) : Zone();
}

std::string fresh_house_rules(const FreshRules& fresh) {
  std::string text(kRulesHead);
  text += fmt::format("household:\n  name: {}\n  timezone: {}\n",
                      config::yaml_text(fresh.household), fresh.timezone);
  text += fmt::format("  residents: [{}]\n", joined(fresh.residents));
  text += fmt::format("  rules_end_on: {}   # after this day nothing is shared until you renew\n",
                      fresh.ends);
  return text + std::string(kRulesRest);
}

}  // namespace latchstring::cli
