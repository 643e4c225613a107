// What a rules file means, without a daemon: check, explain, test. Each gives what the command
// prints, and its exit code. Pure but for reading the file and the key files beside it; any thread.
// Limits: yaml::kBytesMax, kKeyFileMax.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/files.h"
#include "gateway/yaml/yaml.h"
#include "policy/engine/decide.h"

namespace latchstring::policy {

// Stands under every list of faults that a household sees.
inline constexpr std::string_view kNothingIsShared = "NOTHING IS SHARED until this is fixed.";

struct Output {
  int exit_code = 0;
  std::string out;  // standard output
  std::string err;  // standard error
};

// The text of a rules file and what reads its key files, relative to its folder.
struct Source {
  std::string text;
  std::string name;  // as given, for messages
  ReadKeyFile read_key_file;
};
absl::StatusOr<Source> read_source(const Path& file);

struct TestResult {
  const Test* test;                // of the policy
  std::string failure;             // empty: it holds
  std::vector<std::string> rules;  // that it reaches
};
std::vector<TestResult> run_tests(const Policy& policy);
// A fault for each test that fails, where it stands.
yaml::Faults failures_of(const std::vector<TestResult>& results, const Source& source);

// As the daemon loads it: one failing test makes the file broken. InvalidArgument carries every
// fault as a household reads it, without kNothingIsShared.
absl::StatusOr<std::shared_ptr<const Policy>> load_and_test(const Source& source);
absl::StatusOr<std::shared_ptr<const Policy>> load_and_test(const Path& file);

// `latchstring policy check FILE...`: exit 0, or 1 where a file is broken.
Output check(const std::vector<Path>& files, Instant now, bool json);

// `latchstring policy test FILE`: exit 0, or 1 where a test fails or the file is broken.
Output test(const Path& file, bool json);

// `latchstring policy explain FILE ...`: exit 0 whatever the decision, 1 for a broken file, 2 for a
// question that is not well-formed.
struct ExplainArguments {
  std::string agency;
  std::string officer;  // may be empty
  std::string camera;
  std::string basis;
  std::string purpose;
  std::string footage;  // `FROM to TO`, RFC 3339
  std::string now;      // RFC 3339; empty: an hour after the footage ends
  std::string area{};   // `LATITUDE,LONGITUDE,METRES`; empty: not about a place
  std::string home{};   // `LATITUDE,LONGITUDE`; empty: the middle of `area`
};
Output explain(const Path& file, const ExplainArguments& arguments, bool json);

// `latchstring policy diff OLD NEW`: exit 0 where nothing becomes looser, 3 where something does or
// is neither looser nor tighter, 1 for a broken file. `now`: requests from then on are compared.
Output diff(const Path& before, const Path& after, Instant now, bool json);

// `latchstring policy simulate FILE --who A`: what an agency may get by choosing its words. Exit 0;
// 1 for a broken file or replay, 2 for an agency or camera that is not in the file.
struct SimulateArguments {
  std::string agency;
  std::string camera;  // empty: all
  std::string replay;  // a file that `request list --json` printed; may be empty
};
struct Simulated {
  Output output;
  std::string page;  // of --html
};
Simulated simulate(const Path& file, const SimulateArguments& arguments, Instant now, bool json);

// `latchstring policy schema`: a JSON Schema (draft 7) of the language, for editors. It is
// policy/schema/house-rules.json: a test holds the file against this text.
std::string schema();

// The decision for a question as `explain` and `tests:` judge it: no quota used, the case number
// present, a warrant, where the basis is one, for exactly this camera and footage; what is asked to
// be held can be; the house in the middle of an area that is asked about, unless `home` says where.
Decision judge(const Policy& policy, Question question, std::optional<Instant> now,
               std::optional<Place> home = std::nullopt);
// Why the gateway of this version refuses every request on this basis, whatever the rules say;
// empty where it does not.
std::string refused_today(Basis basis);

// All that some clip must hide: by `always`, by its camera or by a rule.
std::set<std::string> hidden_anywhere(const Policy& policy);
// What becomes of a clip that must hide what no detector of this version finds; empty where all of
// `redact` can be found.
std::string model_missing(const Policy& policy, const std::set<std::string>& redact);

// What `check` says besides faults.
struct Warning {
  int line = 0;  // 0: the whole file
  std::string text;
};
std::vector<Warning> warnings(const Policy& policy, Instant now);
// What the rules say and the gateway of this version cannot do: refused_today(), detectors.
std::vector<Warning> notes(const Policy& policy, Instant now);
// What may be given, one sentence for each allow rule that permits anything.
std::vector<std::string> possible(const Policy& policy, Instant now);
// `audio and all outside street`: a zone that keeps its inside hides the rest.
std::string hidden_in_words(const Policy& policy, const std::set<std::string>& redact);
std::string allow_sentence(const Policy& policy, const Rule& rule);
// What is never given whatever is allowed, and what is true for every clip: sentences.
std::vector<std::string> never_given(const Policy& policy, Instant now);
std::vector<std::string> always_true(const Policy& policy);
// Rules that no test reaches.
std::vector<std::string> untested_rules(const Policy& policy);

}  // namespace latchstring::policy
