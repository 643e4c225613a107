#include <fmt/format.h>

#include <algorithm>

#include "policy/engine/index.h"
#include "policy/engine/language.h"
#include "policy/engine/load.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

using yaml::MapReader;
using yaml::Node;
using yaml::Word;

constexpr std::string_view kAny = "for all of them write any";
constexpr std::string_view kBases = "write consent, warrant, emergency or preservation";

// One rule while it is read; `declares` are the names that its lines may use.
class RuleLoader {
 public:
  RuleLoader(const Node& node, bool is_never, const Loading& loading)
      : loading_(loading),
        reader_(reader_of(node, is_never ? Part::never : Part::allow, loading.faults)) {
    rule_.is_never = is_never;
    rule_.line = node.place.line;
  }

  Rule read() {
    if (reader_.has("name")) rule_.name = reader_.text("name").value_or("");
    read_scope();
    rule_.footage = window("footage_days", "footage_time");
    rule_.requests = window("request_days", "request_time");
    if (const auto date = reader_.date("rule_starts_on")) {
      rule_.starts = loading_.clock.day_start(*date);
    }
    if (const auto date = reader_.date("rule_ends_on")) rule_.ends = loading_.clock.day_end(*date);
    if (rule_.starts && rule_.ends && *rule_.ends <= *rule_.starts) {
      fault("rule_ends_on", "This rule ends before it starts.",
            fmt::format("it starts on {} (line {})", reader_.node("rule_starts_on")->text,
                        reader_.place("rule_starts_on").line));
    }
    if (!rule_.is_never) read_conditions();
    return std::move(rule_);
  }

 private:
  void fault(std::string_view key, std::string message, std::string hint) {
    loading_.faults.add(reader_.place(key), std::move(message), std::move(hint));
  }

  // The words of a scope line; `any` alone means all, an empty set.
  template <typename Check>
  std::set<std::string> words(const MapReader& reader, std::string_view key, Check is_right) {
    std::set<std::string> out;
    const Node* node = reader.node(key);
    if (node == nullptr || (node->is_scalar() && node->text == "any")) return out;
    for (const Word& word : reader.words(key)) {
      if (word.value == "any") {
        loading_.faults.add(word.place, "\"any\" stands alone.", fmt::format("{}: any", key));
      } else if (is_right(word)) {
        out.insert(word.value);
      }
    }
    return out;
  }

  std::set<std::string> names(const MapReader& reader, std::string_view key,
                              const std::vector<std::string>& known, std::string_view kind,
                              std::string_view otherwise = {}) {
    return words(reader, key, [&](const Word& word) {
      return declared(word, known, kind, loading_.faults, word.value == "all" ? kAny : otherwise);
    });
  }

  // A purpose that no officer can write would let a never rule protect nothing.
  std::set<std::string> purposes() {
    return words(reader_, "purpose", [&](const Word& word) {
      if (word.value == "all" || word.value == "none") {
        loading_.faults.add(word.place, fmt::format("\"{}\" is no purpose.", word.value),
                            std::string(word.value == "all" ? kAny : "write what it is for"));
        return false;
      }
      if (yaml::is_identifier(word.value)) return true;
      loading_.faults.add(word.place, fmt::format("\"{}\" is not a purpose.", word.value),
                          "one word in small letters, with _ for a space; several in brackets: "
                          "[protest, immigration_raid]");
      return false;
    });
  }

  void read_scope() {
    const auto cameras = names_of(loading_.policy.cameras);
    const std::vector<std::string> bases{"consent", "warrant", "emergency", "preservation"};
    read_who();
    const std::size_t before = loading_.faults.count();
    rule_.cameras = names(reader_, "camera", cameras, "camera");
    cameras_are_known_ = reader_.has("camera") && loading_.faults.count() == before;
    for (const std::string& word : names(reader_, "basis", bases, "basis", kBases)) {
      rule_.bases.insert(*basis_from(word));
    }
    rule_.purposes = purposes();
  }

  void read_who() {
    const auto agencies = names_of(loading_.policy.agencies);
    const Node* node = reader_.node("who");
    if (node == nullptr || !node->is_map()) {
      rule_.who = names(reader_, "who", agencies, "agency");
      return;
    }
    const MapReader who = reader_of(*node, Part::who, loading_.faults);
    if (who.has("agency")) rule_.who = names(who, "agency", agencies, "agency");
    for (const Word& badge : who.words("officer")) rule_.officers.insert(badge.value);
  }

  DayWindow window(std::string_view days_key, std::string_view time_key) {
    DayWindow out;
    if (const auto days = reader_.days(days_key)) {
      for (std::size_t i = 0; i < out.days.size(); ++i) out.days[i] = (*days)[i];
    }
    if (const auto time = reader_.time_window(time_key)) {
      out.from_minute = time->from_minute;
      out.to_minute = time->to_minute;
    }
    return out;
  }

  void read_conditions() {
    if (reader_.has("approval")) {
      rule_.approval =
          approval_from(reader_.text("approval").value_or("refuse")).value_or(Approval::refuse);
    }
    rule_.redact = read_redact(reader_, "redact", loading_);
    rule_.answer_within = reader_.duration("answer_within").value_or(Duration{0});
    rule_.part_outside_trim = reader_.text("part_outside") == "trim";
    rule_.clip_at_most =
        reader_.duration("clip_at_most").value_or(loading_.policy.always.clip_at_most);
    rule_.height_at_most = static_cast<int>(reader_.integer("picture_height_at_most").value_or(0));
    rule_.one_frame_per = reader_.duration("slow_to_one_frame_per").value_or(Duration{0});
    rule_.watermark = reader_.yes_no("watermark");
    rule_.release_unreviewed = reader_.yes_no("release_unreviewed");
    if (!cameras_are_known_) return;
    refuse_foreign_zones();
    if (rule_.approval == Approval::automatic) refuse_unseen_release();
  }

  bool names_camera(const std::string& camera) const {
    return rule_.cameras.empty() || rule_.cameras.count(camera) != 0;
  }

  void refuse_foreign_zones() {
    for (const std::string& hidden : rule_.redact) {
      const auto zone = loading_.policy.zone_camera.find(hidden);
      if (zone == loading_.policy.zone_camera.end() || names_camera(zone->second) ||
          loading_.policy.cameras.count(zone->second) == 0) {
        continue;
      }
      loading_.faults.add(
          place_of(reader_, "redact", hidden),
          fmt::format("The zone \"{}\" is of the camera \"{}\", which this rule does not name.",
                      hidden, zone->second),
          "take it out, or name that camera");
    }
  }

  void refuse_unseen_release() {
    std::string unseen = detector_in(rule_.redact, "");
    if (unseen.empty()) unseen = detector_in(loading_.policy.always.redact, " (in \"always\")");
    for (const auto& entry : loading_.policy.cameras) {
      const Camera& camera = entry.second;
      if (!names_camera(camera.id)) continue;
      if (unseen.empty()) {
        unseen =
            detector_in(camera.always_redact, fmt::format(" (of the camera \"{}\")", camera.id));
      }
      if (camera.sharing != Sharing::warrant_only) continue;
      fault("approval",
            fmt::format("\"automatic\" is not possible for \"{}\": it is warrant_only.", camera.id),
            "write ask_one or ask_all, or leave that camera out");
    }
    if (unseen.empty() || rule_.release_unreviewed) return;
    fault("approval",
          fmt::format("Nobody would look first, and the detector for {} can miss.", unseen),
          "write ask_one or ask_all, or add \"release_unreviewed: yes\"");
  }

  // What of this needs a detector, and where it is written; empty: nothing.
  static std::string detector_in(const std::set<std::string>& hidden, const std::string& where) {
    auto found = hidden.find("people");  // has faces with it, which nobody wrote
    if (found == hidden.end())
      found = std::find_if(hidden.begin(), hidden.end(), is_detector_class);
    return found == hidden.end() ? "" : fmt::format("\"{}\"{}", *found, where);
  }

  const Loading& loading_;
  const MapReader reader_;
  Rule rule_;
  bool cameras_are_known_ = false;  // false: what is said of them would follow from another fault
};

void refuse_second_name(const Rule& rule, const yaml::Place& place, const Loading& loading) {
  for (const Rule& other : loading.policy.rules) {
    if (rule.name.empty() || other.name != rule.name) continue;
    loading.faults.add(
        place, fmt::format("A rule \"{}\" is here already (line {}).", rule.name, other.line),
        "give each rule a name of its own");
  }
}

void load_list(const MapReader& file, std::string_view key, bool is_never, const Loading& loading) {
  const Node* list = file.node(key);
  if (list == nullptr) return;
  if (!list->is_list()) {
    loading.faults.add(list->place, fmt::format("\"{}\" must be a list of rules.", key),
                       "begin each rule with \"- name: ...\"");
    return;
  }
  for (const Node& node : list->items) {
    Rule rule = RuleLoader(node, is_never, loading).read();
    const Node* name = node.is_map() ? node.find("name") : nullptr;
    refuse_second_name(rule, name != nullptr ? name->place : node.place, loading);
    loading.policy.rules.push_back(std::move(rule));
  }
}

std::vector<bool> numbered(const std::set<std::string>& names, const Numbers& numbers) {
  if (names.empty()) return {};
  std::vector<bool> out(numbers.size(), false);
  for (const std::string& name : names) out[numbers.at(name)] = true;
  return out;
}

Numbers numbers_of(const std::vector<std::string>& names) {
  Numbers out;
  for (const std::string& name : names) out.try_emplace(name, out.size());
  return out;
}

}  // namespace

void load_rules(const MapReader& file, const Loading& loading) {
  load_list(file, "never", true, loading);
  load_list(file, "allow", false, loading);
}

std::shared_ptr<const Index> make_index(const Policy& policy, WallClock clock) {
  std::vector<std::string> purposes;
  for (const Rule& rule : policy.rules) {
    purposes.insert(purposes.end(), rule.purposes.begin(), rule.purposes.end());
  }
  auto index = std::make_shared<Index>(Index{std::move(clock),
                                             numbers_of(names_of(policy.agencies)),
                                             numbers_of(names_of(policy.cameras)),
                                             numbers_of(purposes),
                                             {}});
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const Rule& rule = policy.rules[i];
    std::uint8_t bases = rule.bases.empty() ? 0x0F : 0;
    for (const Basis basis : rule.bases) {
      bases = static_cast<std::uint8_t>(bases | (1U << static_cast<unsigned>(basis)));
    }
    index->scopes.push_back({i, numbered(rule.who, index->agencies),
                             numbered(rule.cameras, index->cameras),
                             numbered(rule.purposes, index->purposes), bases});
  }
  std::sort(index->scopes.begin(), index->scopes.end(),
            [&](const RuleScope& a, const RuleScope& b) {
              return policy.rules[a.rule].name < policy.rules[b.rule].name;
            });
  return index;
}

}  // namespace latchstring::policy
