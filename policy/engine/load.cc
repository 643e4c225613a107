#include "policy/engine/load.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "policy/engine/index.h"
#include "policy/engine/language.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

using yaml::Faults;
using yaml::MapReader;
using yaml::Node;

MapReader reader_of(const Node& node, Part part, Faults& faults) {
  return {node, table(part).rows, std::string(table(part).what), faults};
}

// A map of named entries: `cameras`, `agencies`. Calls `entry` with each name and value.
template <class Entry>
void each_entry(const MapReader& file, std::string_view key, Faults& faults, Entry entry) {
  const Node* node = file.node(key);
  if (node == nullptr) return;
  if (!node->is_map()) {
    faults.add(node->place, fmt::format("\"{}\" must be a map of names.", key),
               "write `name: {key: value}`");
    return;
  }
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    const yaml::Key& name = node->keys[i];
    if (!yaml::is_identifier(name.text) || name.text == "any" || name.text == "none" ||
        is_redaction_class(name.text)) {
      faults.add(name.place, fmt::format("\"{}\" cannot be a name here.", name.text),
                 "small letters, digits and _ only, a letter first; not any, none or a class");
    }
    entry(name, node->items[i]);
  }
}

void load_residents(const MapReader& household, Loading& loading) {
  for (const yaml::Word& word : household.words("residents")) {
    loading.policy.residents.push_back(word.value);
  }
  if (loading.policy.residents.size() > kResidentsMax) {
    loading.faults.add(household.place("residents"),
                       fmt::format("At most {} residents.", kResidentsMax));
  }
}

std::optional<std::string> key_path(const MapReader& signer, Faults& faults) {
  const auto path = signer.has("key_file") ? signer.text("key_file") : std::nullopt;
  if (!path) return std::nullopt;
  if (path->front() == '/' || ("/" + *path + "/").find("/../") != std::string::npos) {
    faults.add(signer.place("key_file"), "A key file lies in the folder of this file or below it.",
               "write it like keys/county_fire.jwk");
    return std::nullopt;
  }
  return path;
}

void load_signers(const MapReader& file, std::string_view key, Part part,
                  std::map<std::string, Agency>& out, const ReadKeyFile& read, Faults& faults) {
  each_entry(file, key, faults, [&](const yaml::Key& name, const Node& node) {
    const MapReader signer = reader_of(node, part, faults);
    const auto title = signer.has("name") ? signer.text("name") : std::nullopt;
    const auto path = key_path(signer, faults);
    out[name.text] = Agency{name.text, title.value_or(name.text), {}};  // known, whatever its key
    if (!path) return;
    const auto text = read(*path);
    const auto jwk = text.ok() ? crypto::VerifyKey::from_jwk(*text) : text.status();
    if (!jwk.ok()) {
      faults.add(signer.place("key_file"),
                 fmt::format("I cannot use this key file: {}.", message_of(jwk.status())),
                 "put the public key (JWK) there");
      return;
    }
    for (const auto& other : out) {
      if (other.first == name.text || !(other.second.key == *jwk)) continue;
      faults.add(signer.place("key_file"),
                 fmt::format("\"{}\" has the same key as \"{}\".", name.text, other.first));
    }
    out[name.text].key = *jwk;
  });
}

Sharing sharing_from(std::string_view word) {
  if (word == "by_rule") return Sharing::by_rule;
  return word == "warrant_only" ? Sharing::warrant_only : Sharing::never;
}

void load_zones(const MapReader& file, Loading& loading);

void load_cameras(const MapReader& file, Loading& loading) {
  // Names first: zones name cameras, and cameras name zones.
  each_entry(file, "cameras", loading.faults, [&](const yaml::Key& name, const Node&) {
    loading.policy.cameras[name.text].id = name.text;
  });
  load_zones(file, loading);
  Faults ignored("", "");  // names were judged above
  each_entry(file, "cameras", ignored, [&](const yaml::Key& name, const Node& node) {
    const MapReader reader = reader_of(node, Part::camera, loading.faults);
    Camera& camera = loading.policy.cameras[name.text];
    camera.sharing = sharing_from(reader.text("sharing").value_or("never"));
    camera.clock_error = reader.duration("clock_error").value_or(Duration{0});
    camera.always_redact = read_redact(reader, "always_redact", loading);
    for (const std::string& hidden : camera.always_redact) {
      const auto zone = loading.policy.zone_camera.find(hidden);
      if (zone == loading.policy.zone_camera.end() || zone->second == name.text) continue;
      loading.faults.add(
          reader.place("always_redact"),
          fmt::format("The zone \"{}\" is of the camera \"{}\".", hidden, zone->second));
    }
  });
}

std::vector<std::pair<double, double>> read_polygon(const Node& node, Faults& faults) {
  std::vector<std::pair<double, double>> out;
  const auto part_of_picture = [&](const Node& number) -> std::optional<double> {
    const auto value = yaml::read_number(number, faults);
    if (!value || (*value >= 0 && *value <= 1)) return value;
    faults.add(number.place, fmt::format("{} lies outside the picture.", number.text),
               "from 0 (left, top) to 1 (right, bottom)");
    return std::nullopt;
  };
  for (const Node& corner : node.items) {
    if (!corner.is_list() || corner.items.size() != 2) {
      faults.add(corner.place, "A corner is a pair of numbers.", "write it like [0.70, 0.10]");
      continue;
    }
    const auto x = part_of_picture(corner.items[0]);
    const auto y = part_of_picture(corner.items[1]);
    if (x && y) out.emplace_back(*x, *y);
  }
  if (!node.is_list() || node.items.size() < 3 || node.items.size() > kCornersMax) {
    faults.add(node.place, fmt::format("A polygon has 3 to {} corners.", kCornersMax),
               "write it like [[0.7, 0.1], [0.9, 0.1], [0.9, 0.4]]");
  }
  return out;
}

double twice_area(const std::vector<std::pair<double, double>>& polygon) {
  double sum = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const auto& a = polygon[i];
    const auto& b = polygon[(i + 1) % polygon.size()];
    sum += a.first * b.second - b.first * a.second;
  }
  return sum < 0 ? -sum : sum;
}

void load_zones(const MapReader& file, Loading& loading) {
  Faults& faults = loading.faults;
  each_entry(file, "zones", faults, [&](const yaml::Key& name, const Node& node) {
    const MapReader reader = reader_of(node, Part::zone, faults);
    Zone zone{name.text, reader.yes_no("keep_only"), {}};
    const Node* polygon = reader.node("polygon");
    const std::size_t before = faults.count();
    if (polygon != nullptr) zone.polygon = read_polygon(*polygon, faults);
    if (polygon != nullptr && faults.count() == before && twice_area(zone.polygon) < 1e-6) {
      faults.add(polygon->place, "This polygon covers nothing.", "its corners lie on one line");
    }
    const auto camera = reader.has("camera") ? reader.text("camera") : std::nullopt;
    if (camera) {
      declared({*camera, reader.place("camera")}, names_of(loading.policy.cameras), "camera",
               faults);
    }
    loading.policy.zone_camera[name.text] = camera.value_or("");
    loading.policy.zones[name.text] = std::move(zone);
  });
}

void load_quota(const MapReader& reader, Loading& loading) {
  const Node none{Node::Kind::map, reader.place(), "", false, {}, {}};
  const Node* node = reader.node("per_agency_per_month");
  const MapReader quota = reader_of(node != nullptr ? *node : none, Part::quota, loading.faults);
  loading.policy.always.clips_per_month = static_cast<int>(quota.integer("clips").value_or(0));
  loading.policy.always.minutes_per_month = static_cast<int>(quota.integer("minutes").value_or(0));
}

void load_always(const MapReader& file, Loading& loading) {
  const Node none{Node::Kind::map, file.place(), "", false, {}, {}};
  const Node* node = file.node("always");
  const MapReader reader = reader_of(node != nullptr ? *node : none, Part::always, loading.faults);
  Always& always = loading.policy.always;
  const auto duration = [&](std::string_view key) {
    return reader.duration(key).value_or(Duration{0});
  };
  always.redact = read_redact(reader, "redact", loading);
  always.height_at_most = static_cast<int>(reader.integer("picture_height_at_most").value_or(0));
  always.clip_at_most = duration("clip_at_most");
  always.footage_no_older_than = duration("footage_no_older_than");
  always.delete_after = duration("agency_must_delete_after");
  always.case_number_required = reader.text("case_number") != "optional";
  always.say_reason = reader.text("when_refused_say") == "reason";
  always.answers_after = duration("answers_after");
  always.if_unsure = reader.text("if_unsure") == "refuse" ? IfUnsure::refuse : IfUnsure::fill;
  always.open_requests_per_agency =
      static_cast<int>(reader.integer("open_requests_per_agency").value_or(0));
  always.one_frame_per = duration("slow_to_one_frame_per");
  always.watermark = reader.yes_no("watermark");
  always.gifts = reader.text("gifts") == "ask_one" ? Approval::ask_one : Approval::ask_all;
  load_quota(reader, loading);
  if (reader.has("area_requests")) {
    loading.faults.add(reader.place("area_requests"),
                       "This program cannot answer area requests yet.", "take this line out");
  }
}

// The longest time to answer must leave a day before every request is closed.
void check_answers_after(const MapReader& file, Loading& loading) {
  const Always& always = loading.policy.always;
  const Rule* longest = nullptr;
  Duration most{0};
  for (const Rule& rule : loading.policy.rules) {
    if (rule.is_never) continue;
    for (const Basis basis : {Basis::consent, Basis::emergency}) {
      if (answer_within(rule, basis) <= most) continue;
      most = answer_within(rule, basis);
      longest = &rule;
    }
  }
  if (longest == nullptr || always.answers_after >= most + std::chrono::hours(24)) return;
  const Node* node = file.node("always");
  const Node* value = node != nullptr ? node->find("answers_after") : nullptr;
  yaml::Place place{longest->line, 1, 1};
  if (value != nullptr) place = value->place;
  loading.faults.add(
      place,
      fmt::format("\"answers_after\" is {}; the rule \"{}\" (line {}) gives {} to "
                  "answer.",
                  in_words(always.answers_after), longest->name, longest->line, in_words(most)),
      "answers_after must be at least 24 hours longer");
}

void load_all(const Node& root, Policy& policy, const ReadKeyFile& read, Faults& faults) {
  const MapReader file = reader_of(root, Part::file, faults);
  if (file.has("policy_version")) static_cast<void>(file.integer("policy_version"));
  const Node none{Node::Kind::map, file.place(), "", false, {}, {}};
  const Node* node = file.node("household");
  Faults said("", "");  // a missing household was said already
  const MapReader household =
      reader_of(node != nullptr ? *node : none, Part::household, node != nullptr ? faults : said);
  policy.household = household.text("name").value_or("");
  policy.timezone = household.text("timezone").value_or("UTC");
  auto clock = WallClock::open(policy.timezone);
  if (!clock.ok()) {
    faults.add(household.place("timezone"),
               fmt::format("I don't know the time zone \"{}\".", policy.timezone),
               "write it like America/Chicago or Europe/Berlin");
    clock = WallClock::open("UTC");
    if (!clock.ok()) return;
  }
  Loading loading{policy, faults, *clock};
  load_residents(household, loading);
  policy.ends = clock->day_end(household.date("rules_end_on").value_or(19700101));
  load_signers(file, "agencies", Part::agency, policy.agencies, read, faults);
  load_signers(file, "courts", Part::court, policy.courts, read, faults);
  load_cameras(file, loading);
  load_always(file, loading);
  load_rules(file, loading);
  if (faults.empty()) {
    check_answers_after(file, loading);
    refuse_overlaps(policy, faults);
  }
  load_tests(file, loading);
  if (faults.empty()) policy.index = make_index(policy, *clock);
}

}  // namespace

bool is_detector_class(std::string_view name) {
  return name == "faces" || name == "people" || name == "plates" || name == "vehicles";
}

bool is_redaction_class(std::string_view name) {
  return is_detector_class(name) || name == "audio" || name == "moving";
}

Duration answer_within(const Rule& rule, Basis basis) {
  if (rule.answer_within != Duration::zero()) return rule.answer_within;
  if (basis == Basis::emergency) return std::chrono::minutes(30);
  return std::chrono::hours(48);
}

bool declared(const yaml::Word& word, const std::vector<std::string>& names, std::string_view kind,
              Faults& faults) {
  if (std::find(names.begin(), names.end(), word.value) != names.end()) return true;
  std::string hint = yaml::did_you_mean(word.value, names);
  if (hint.empty()) hint = fmt::format("no such {} is declared in this file", kind);
  faults.add(word.place, fmt::format("I don't know the {} \"{}\".", kind, word.value), hint);
  return false;
}

std::set<std::string> read_redact(const MapReader& reader, std::string_view key,
                                  const Loading& loading) {
  std::set<std::string> out;
  const Node* node = reader.node(key);
  if (node == nullptr || (node->is_scalar() && node->text == "none")) return out;
  if (!node->is_list() || node->items.empty()) {
    loading.faults.add(node->place, fmt::format("\"{}\" must be none or a list.", key),
                       "write it like [faces, audio]");
    return out;
  }
  std::vector<std::string> known{"audio", "faces", "people", "plates", "vehicles", "moving"};
  for (const auto& zone : loading.policy.zones) known.push_back(zone.first);
  for (const Node& item : node->items) {
    const auto name = yaml::read_identifier(item, loading.faults);
    if (!name || !declared({*name, item.place}, known, "class or zone", loading.faults)) continue;
    if (!out.insert(*name).second) {
      loading.faults.add(item.place, fmt::format("\"{}\" is here twice.", *name), "take one out");
    }
  }
  if (out.count("people") != 0) out.insert("faces");
  return out;
}

absl::StatusOr<std::shared_ptr<const Policy>> load(std::string_view text,
                                                   std::string_view file_name,
                                                   const ReadKeyFile& read_key_file) {
  Faults faults(file_name, text);
  const auto root = yaml::parse(text, faults);
  if (!root) return faults.status();
  auto policy = std::make_shared<Policy>();
  load_all(*root, *policy, read_key_file, faults);
  if (!faults.empty()) return faults.status();
  policy->sha256 = crypto::sha256_hex(text);
  return std::shared_ptr<const Policy>(std::move(policy));
}

}  // namespace latchstring::policy
