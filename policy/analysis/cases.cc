#include "policy/analysis/cases.h"

#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

// A name like `like` that is none of these.
std::string another(std::string like, const std::set<std::string>& names) {
  while (names.count(like) != 0) like += "_x";
  return like;
}

template <class T>
std::vector<RuleSet> fitting(const std::vector<const Policy*>& policies,
                             const std::vector<T>& values, std::set<T> Rule::*scope) {
  std::vector<RuleSet> out;
  for (const T& value : values) {
    std::vector<bool> fits;
    for (const Policy* policy : policies) {
      for (const Rule& rule : policy->rules) {
        const std::set<T>& named = rule.*scope;
        fits.push_back(named.empty() || named.count(value) != 0);
      }
    }
    out.push_back(rule_set(fits));
  }
  return out;
}

}  // namespace

Fields fields_of(const std::vector<const Policy*>& policies) {
  std::set<std::string> agencies;
  std::set<std::string> officers;
  std::set<std::string> cameras;
  std::set<std::string> purposes;
  for (const Policy* policy : policies) {
    for (const auto& each : policy->agencies) agencies.insert(each.first);
    for (const auto& each : policy->cameras) cameras.insert(each.first);
    for (const Rule& rule : policy->rules) {
      officers.insert(rule.officers.begin(), rule.officers.end());
      purposes.insert(rule.purposes.begin(), rule.purposes.end());
    }
  }
  Fields out;
  out.other_purpose = another("any_other", purposes);
  purposes.insert(out.other_purpose);
  if (!officers.empty()) out.other_officer = another("another", officers);
  officers.insert(out.other_officer);
  out.agencies.assign(agencies.begin(), agencies.end());
  out.officers.assign(officers.begin(), officers.end());
  out.cameras.assign(cameras.begin(), cameras.end());
  out.bases = {kAllBases.begin(), kAllBases.end()};
  out.purposes.assign(purposes.begin(), purposes.end());
  return out;
}

std::vector<CaseNumbers> all_cases(const Fields& fields) {
  std::vector<CaseNumbers> out;
  for (std::size_t agency = 0; agency < fields.agencies.size(); ++agency) {
    for (std::size_t officer = 0; officer < fields.officers.size(); ++officer) {
      for (std::size_t camera = 0; camera < fields.cameras.size(); ++camera) {
        for (std::size_t basis = 0; basis < fields.bases.size(); ++basis) {
          for (std::size_t purpose = 0; purpose < fields.purposes.size(); ++purpose) {
            out.push_back({agency, officer, camera, basis, purpose});
          }
        }
      }
    }
  }
  return out;
}

Case case_of(const Fields& fields, const CaseNumbers& numbers) {
  return {fields.agencies[numbers.agency], fields.officers[numbers.officer],
          fields.cameras[numbers.camera], fields.bases[numbers.basis],
          fields.purposes[numbers.purpose]};
}

RuleSet rule_set(const std::vector<bool>& rules) {
  RuleSet out((rules.size() + 63) / 64);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i]) out[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  return out;
}

RuleSet in_both(RuleSet a, const RuleSet& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] &= b[i];
  return a;
}

Scopes::Scopes(const std::vector<const Policy*>& policies, const Fields& fields)
    : agencies_(fitting(policies, fields.agencies, &Rule::who)),
      officers_(fitting(policies, fields.officers, &Rule::officers)),
      cameras_(fitting(policies, fields.cameras, &Rule::cameras)),
      bases_(fitting(policies, fields.bases, &Rule::bases)),
      purposes_(fitting(policies, fields.purposes, &Rule::purposes)) {}

RuleSet Scopes::rules_of(const CaseNumbers& one) const {
  RuleSet out = agencies_[one.agency];
  for (const RuleSet* each : {&officers_[one.officer], &cameras_[one.camera], &bases_[one.basis],
                              &purposes_[one.purpose]}) {
    out = in_both(std::move(out), *each);
  }
  return out;
}

}  // namespace latchstring::policy
