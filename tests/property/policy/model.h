// Random households for property tests: a model of our own, its text as a rules file, and an oracle
// that judges one second of footage by the words of docs/ref/policy.md, slowly and apart from the
// engine: whole seconds, no intervals.
#pragma once

#include <absl/time/time.h>

#include <set>
#include <string>
#include <vector>

#include "policy/engine/decide.h"

namespace latchstring::test {

struct ModelRule {
  bool is_never = false;
  std::set<int> agencies;  // empty: any
  std::set<int> cameras;
  std::set<int> bases;                                  // as policy::Basis
  std::string purpose;                                  // empty: any; never rules only
  std::vector<bool> days = std::vector<bool>(7, true);  // Monday first
  int from_minute = 0;
  int to_minute = 24 * 60;
  bool trim = false;
  bool has_ended = false;
};

// How an allow rule asks hangs on its purpose alone, so that rules never overlap and differ.
struct ModelTerms {
  std::string purpose;
  policy::Approval approval = policy::Approval::ask_one;
  std::set<std::string> redact;
  int clip_minutes = 30;
  int height = 0;
};

struct ModelCamera {
  int sharing = 0;  // as policy::Sharing
  std::set<std::string> redact;
  int error_seconds = 0;
};

struct Model {
  std::string zone = "America/Chicago";
  std::vector<ModelCamera> cameras;
  std::set<std::string> redact;
  int height = 0;
  int clip_minutes = 30;
  int age_days = 14;
  std::vector<ModelTerms> terms;
  std::vector<ModelRule> rules;

  std::string text() const;
};

struct Verdict {
  policy::Approval approval = policy::Approval::refuse;
  std::set<std::string> redact;
  int height = 0;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// One verdict for each second of the question's footage.
std::vector<Verdict> oracle(const Model& model, const policy::Question& question,
                            const policy::Facts& facts);

// Edges: rules whose windows stand where clocks change, cut into by a never rule, and footage
// there. Less of it is released than usually.
enum class Aim { usual, edges };

// Draws with RapidCheck; call inside a property.
Model draw_model(Aim aim = Aim::usual);
policy::Question draw_question(const Model& model, policy::Facts& facts, Aim aim = Aim::usual);

}  // namespace latchstring::test
