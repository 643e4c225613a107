// A household's rules, loaded and checked. Immutable; made by load() only; any thread.
// Semantics and keys: docs/ref/policy.md. Text form: strict YAML (gateway/yaml), key tables in
// policy/engine/language.h. Limits: yaml::kBytesMax and those below.
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/base/stages.h"
#include "gateway/base/time.h"
#include "gateway/crypto/sign.h"

namespace latchstring::policy {

inline constexpr std::size_t kResidentsMax = 32;
inline constexpr std::size_t kCornersMax = 64;         // of a zone's polygon
inline constexpr std::size_t kKeyFileMax = 16 * 1024;  // bytes

// From strict to free; the order is the meaning.
enum class Approval : std::uint8_t { refuse, ask_all, ask_one, automatic };
std::string_view to_string(Approval approval);
enum class Sharing : std::uint8_t { by_rule, warrant_only, never };
enum class Basis : std::uint8_t { consent, warrant, emergency, preservation };
std::string_view to_string(Basis basis);

struct Agency {  // whoever signs: a court too
  std::string id;
  std::string name;
  crypto::VerifyKey key;
};

struct Camera {
  std::string id;
  Sharing sharing = Sharing::by_rule;
  std::set<std::string> always_redact;
  Duration clock_error;
};

// A window of the household's wall clock: [from, to) in minutes of the day; to < from runs over
// midnight and belongs to its start day.
struct DayWindow {
  std::array<bool, 7> days{true, true, true, true, true, true, true};  // Monday first
  int from_minute = 0;
  int to_minute = 24 * 60;
};

struct Rule {
  std::string name;
  int line = 0;
  bool is_never = false;
  // Scope. An empty set means all (`any`, or a line left out of a never rule).
  std::set<std::string> who;
  std::set<std::string> officers;
  std::set<std::string> cameras;
  std::set<Basis> bases;
  std::set<std::string> purposes;
  DayWindow footage;
  DayWindow requests;
  std::optional<Instant> starts;  // first instant of rule_starts_on
  std::optional<Instant> ends;    // first instant after rule_ends_on
  // Conditions, allow only.
  Approval approval = Approval::refuse;
  Duration answer_within{0};     // 0: the default of the request's basis
  std::set<std::string> redact;  // people has faces with it
  bool part_outside_trim = false;
  Duration clip_at_most{0};
  int height_at_most = 0;  // 0: none
  Duration one_frame_per{0};
  bool watermark = false;
  bool release_unreviewed = false;
};

struct Always {
  std::set<std::string> redact;
  int height_at_most = 0;
  Duration clip_at_most;
  Duration footage_no_older_than;
  int clips_per_month = 6;
  int minutes_per_month = 60;
  Duration delete_after;
  bool case_number_required = true;
  bool say_reason = false;  // when_refused_say: reason
  Duration answers_after;
  IfUnsure if_unsure = IfUnsure::fill;
  int open_requests_per_agency = 20;
  Duration one_frame_per{0};
  bool watermark = false;
  Approval gifts = Approval::ask_all;  // ask_all or ask_one
  int area_within_metres = 0;          // 0: requests about a place are not listened to
};

struct Test {  // a line of `tests:`; run by policy/analysis
  std::string name;
  int line = 0;
  int column = 1;
  std::string agency;
  std::string officer;
  std::string camera;
  Basis basis = Basis::consent;
  std::string purpose;
  Interval footage;
  Approval expect = Approval::refuse;
  std::optional<std::vector<Interval>> expect_footage;
  std::optional<std::set<std::string>> expect_redact;
};

struct Index;  // policy/engine/index.h
struct Policy {
  std::string household;
  std::string timezone;
  std::vector<std::string> residents;
  Instant ends;  // first instant after rules_end_on
  std::map<std::string, Agency> agencies;
  std::map<std::string, Camera> cameras;
  std::map<std::string, Zone> zones;
  std::map<std::string, std::string> zone_camera;
  Always always;
  std::map<std::string, Agency> courts;
  std::vector<Rule> rules;  // in the file's order
  std::vector<Test> tests;
  std::shared_ptr<const Index> index;
  std::string sha256;  // of the file's bytes, hex
};

// Detector classes need a model that finds them; a zone, audio and moving do not.
bool is_detector_class(std::string_view name);   // faces, people, plates, vehicles
bool is_redaction_class(std::string_view name);  // those, audio and moving

// For quotas; by the household's clock.
Interval calendar_month(const Policy& policy, Instant instant);
Duration answer_within(const Rule& rule, Basis basis);

// Reads a key file named in the rules; the loader gives the path as written.
using ReadKeyFile = std::function<absl::StatusOr<std::string>(std::string_view path)>;

// InvalidArgument carries every fault, one message each, as `file:line:column: ...` with the quoted
// line and a hint, joined by newlines. In-file tests are run by policy/analysis, not here.
absl::StatusOr<std::shared_ptr<const Policy>> load(std::string_view text,
                                                   std::string_view file_name,
                                                   const ReadKeyFile& read_key_file);

}  // namespace latchstring::policy
