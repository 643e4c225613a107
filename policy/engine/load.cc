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

constexpr std::string_view kZoneHint = "write it like America/Chicago or Europe/Berlin";
constexpr Section kAgencies{"agencies", "town_police: {name: \"...\", key_file: keys/....jwk}"};
constexpr Section kCourts{"courts", "district_court: {name: \"...\", key_file: keys/....jwk}"};

constexpr std::string_view kHasAMeaning = "this word has a meaning of its own: take another";

bool has_a_meaning(std::string_view word) {
  return word == "all" || word == "any" || word == "none" || is_redaction_class(word);
}

void load_residents(const MapReader& household, Loading& loading) {
  for (const yaml::Word& word : household.words("residents")) {
    if (has_a_meaning(word.value)) {
      loading.faults.add(word.place, fmt::format("\"{}\" cannot be a name here.", word.value),
                         std::string(kHasAMeaning));
    }
    loading.policy.residents.push_back(word.value);
  }
  if (loading.policy.residents.size() > kResidentsMax) {
    loading.faults.add(household.place("residents"),
                       fmt::format("At most {} residents.", kResidentsMax), "leave some out");
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

// What is told of a key file, by words of the status that it gave; the first that fits.
struct KeyFault {
  std::string_view part;
  std::string_view told;
};
constexpr KeyFault kKeyFaults[] = {
    {"private key", "it holds a private key, which nobody may give away"},
    {"s a directory", "it is a folder"},
    {"`kty`", "it holds another kind of key; an Ed25519 key is needed"},
    {"`crv`", "it holds another kind of key; an Ed25519 key is needed"},
    {"not JSON", "it holds no public key (JWK)"},
};

std::string key_fault(std::string_view path, const absl::StatusOr<std::string>& text,
                      const absl::Status& status) {
  if (absl::IsNotFound(text.status())) return fmt::format("There is no key file \"{}\".", path);
  const std::string said(message_of(status));
  std::string_view told = said;
  if (text.ok() && text->empty()) {
    told = "it is empty";
  } else {
    for (const KeyFault& each : kKeyFaults) {
      if (said.find(each.part) == std::string::npos) continue;
      told = each.told;
      break;
    }
  }
  return fmt::format("I cannot use this key file: {}.", told);
}

// Every key so far, and whose it is. Somebody with the key of a court could write warrants.
using Keys = std::vector<std::pair<crypto::VerifyKey, std::string>>;

std::map<std::string, Agency> load_signers(const MapReader& file, const Section& section, Part part,
                                           const ReadKeyFile& read, Keys& keys, Faults& faults) {
  std::map<std::string, Agency> out;
  for (const auto& [name, node] : entries(file, section, faults)) {
    const MapReader signer = reader_of(*node, part, faults);
    const auto title = signer.has("name") ? signer.text("name") : std::nullopt;
    const auto path = key_path(signer, faults);
    out[name.text] = Agency{name.text, title.value_or(name.text), {}};  // known, whatever its key
    if (!path) continue;
    const auto text = read(*path);
    const auto jwk = text.ok() ? crypto::VerifyKey::from_jwk(*text) : text.status();
    if (!jwk.ok()) {
      faults.add(signer.place("key_file"), key_fault(*path, text, jwk.status()),
                 "put the public key (JWK) there");
      continue;
    }
    for (const auto& other : keys) {
      if (!(other.first == *jwk)) continue;
      faults.add(signer.place("key_file"),
                 fmt::format("\"{}\" has the same key as \"{}\".", name.text, other.second),
                 "each needs a key of its own");
    }
    keys.emplace_back(*jwk, name.text);
    out[name.text].key = *jwk;
  }
  return out;
}

void load_quota(const MapReader& reader, Loading& loading) {
  const Node none{Node::Kind::map, reader.place(), "", false, {}, {}};
  const Node* node = reader.node("per_agency_per_month");
  const MapReader quota = reader_of(node != nullptr ? *node : none, Part::quota, loading.faults);
  loading.policy.always.clips_per_month = static_cast<int>(quota.integer("clips").value_or(0));
  loading.policy.always.minutes_per_month = static_cast<int>(quota.integer("minutes").value_or(0));
}

void load_area_requests(const MapReader& always, Loading& loading) {
  const Node* node = always.node("area_requests");
  if (node == nullptr) return;
  const MapReader reader = reader_of(*node, Part::area, loading.faults);
  const auto within = reader.distance("within");
  if (reader.yes_no("listen") && within) {
    loading.policy.always.area_within_metres = static_cast<int>(*within);
  }
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
  load_area_requests(reader, loading);
}

// Where the rule says how long its answer may take.
yaml::Place answer_place(const MapReader& file, const Rule& rule) {
  for (const Node& node : file.node("allow")->items) {
    const Node* value = node.find("answer_within");
    if (node.place.line == rule.line && value != nullptr) return value->place;
  }
  return {rule.line, 1, 1};
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
  const Node* always_node = file.node("always");
  const Node* value = always_node != nullptr ? always_node->find("answers_after") : nullptr;
  if (value != nullptr) {
    loading.faults.add(
        value->place,
        fmt::format("\"answers_after\" is {}; the rule \"{}\" (line {}) gives {} to answer.",
                    in_words(always.answers_after), longest->name, longest->line, in_words(most)),
        "answers_after must be at least 24 hours longer");
    return;
  }
  loading.faults.add(
      answer_place(file, *longest),
      fmt::format(
          "\"answers_after\" is {} where it is left out; the rule \"{}\" gives {} to answer.",
          in_words(always.answers_after), longest->name, in_words(most)),
      fmt::format("write \"answers_after: {}\" under \"always\"",
                  in_words(most + std::chrono::hours(24))));
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
               std::string(kZoneHint));
    clock = WallClock::open("UTC");
    if (!clock.ok()) return;
  } else if (!is_of_a_place(policy.timezone)) {
    faults.add(household.place("timezone"),
               fmt::format("\"{}\" is not the time zone of a place.", policy.timezone),
               std::string(kZoneHint));
  }
  Loading loading{policy, faults, *clock};
  load_residents(household, loading);
  policy.ends = clock->day_end(household.date("rules_end_on").value_or(19700101));
  Keys keys;
  policy.agencies = load_signers(file, kAgencies, Part::agency, read, keys, faults);
  policy.courts = load_signers(file, kCourts, Part::court, read, keys, faults);
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

MapReader reader_of(const Node& node, Part part, Faults& faults) {
  const Table& found = table(part);
  return {node, found.rows, std::string(found.what), faults,
          yaml::Advice{std::string(found.like), belongs}};
}

std::vector<std::pair<yaml::Key, const Node*>> entries(const MapReader& file,
                                                       const Section& section, Faults& faults) {
  std::vector<std::pair<yaml::Key, const Node*>> out;
  const Node* node = file.node(section.key);
  if (node == nullptr) return out;
  if (!node->is_map()) {
    faults.add(node->place,
               fmt::format("\"{}\" must be names, each with what belongs to it.", section.key),
               fmt::format("write it like \"{}\"", section.example));
    return out;
  }
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    const yaml::Key& name = node->keys[i];
    if (!yaml::is_identifier(name.text) || has_a_meaning(name.text)) {
      faults.add(name.place, fmt::format("\"{}\" cannot be a name here.", name.text),
                 has_a_meaning(name.text)
                     ? std::string(kHasAMeaning)
                     : fmt::format("small letters, digits and _ only, a letter first, at most {}",
                                   yaml::kIdentifierMax));
    }
    out.emplace_back(name, &node->items[i]);
  }
  return out;
}

bool declared(const yaml::Word& word, const std::vector<std::string>& names, std::string_view kind,
              Faults& faults, std::string_view otherwise) {
  if (std::find(names.begin(), names.end(), word.value) != names.end()) return true;
  std::string hint = yaml::did_you_mean(word.value, names);
  if (hint.empty()) hint = otherwise;
  if (hint.empty()) hint = fmt::format("no such {} is declared in this file", kind);
  faults.add(word.place, fmt::format("I don't know the {} \"{}\".", kind, word.value), hint);
  return false;
}

absl::StatusOr<std::shared_ptr<const Policy>> load(std::string_view text,
                                                   std::string_view file_name,
                                                   const ReadKeyFile& read_key_file) {
  Faults faults(file_name, text);
  const auto root = yaml::parse(text, faults, "begin with \"policy_version: 1\"");
  if (!root) return faults.status();
  auto policy = std::make_shared<Policy>();
  load_all(*root, *policy, read_key_file, faults);
  if (!faults.empty()) return faults.status();
  policy->sha256 = crypto::sha256_hex(text);
  return std::shared_ptr<const Policy>(std::move(policy));
}

}  // namespace latchstring::policy
