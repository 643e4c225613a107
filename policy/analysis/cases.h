// The finite fields of a question, as far as the rules of some policies tell their values apart.
// Pure; any thread.
#pragma once

#include <array>

#include "policy/analysis/weekly.h"

namespace latchstring::policy {

// Names that nobody uses stand for all others; officers are one without a name where no rule names
// any.
struct Fields {
  std::vector<std::string> agencies;
  std::vector<std::string> officers;
  std::vector<std::string> cameras;
  std::vector<Basis> bases;
  std::vector<std::string> purposes;
  std::string other_officer;
  std::string other_purpose;
};
Fields fields_of(const std::vector<const Policy*>& policies);

// A case as the places of its values in Fields.
struct CaseNumbers {
  std::size_t agency = 0;
  std::size_t officer = 0;
  std::size_t camera = 0;
  std::size_t basis = 0;
  std::size_t purpose = 0;
};
std::vector<CaseNumbers> all_cases(const Fields& fields);
Case case_of(const Fields& fields, const CaseNumbers& numbers);

// Some of the rules of the policies: those of the first, then those of the next.
using RuleSet = std::vector<std::uint64_t>;
RuleSet rule_set(const std::vector<bool>& rules);
RuleSet in_both(RuleSet a, const RuleSet& b);

// Which rules concern a case. Only that cases are judged once whom the same rules concern: what
// they get is the engine's to say.
class Scopes {
 public:
  Scopes(const std::vector<const Policy*>& policies, const Fields& fields);
  RuleSet rules_of(const CaseNumbers& one) const;

 private:
  // For each value of a field, the rules that it fits.
  std::vector<RuleSet> agencies_;
  std::vector<RuleSet> officers_;
  std::vector<RuleSet> cameras_;
  std::vector<RuleSet> bases_;
  std::vector<RuleSet> purposes_;
};

}  // namespace latchstring::policy
