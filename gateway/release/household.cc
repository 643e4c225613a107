#include "gateway/release/household.h"

#include <algorithm>

namespace latchstring::release {
namespace {

bool includes(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

bool meet(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& each) { return b.contains(each); });
}

}  // namespace

std::set<std::string> Household::all() const {
  std::set<std::string> all = leaving;
  for (const auto& each : residents) all.insert(each.begin(), each.end());
  return all;
}

bool Household::has(const std::string& resident) const {
  return all().contains(resident);
}

bool is_approved(policy::Approval approval, const std::vector<Answer>& answers,
                 const Household& household) {
  std::set<std::string> yes;
  for (const Answer& answer : answers) {
    if (!answer.yes) return false;
    if (!household.waiting.contains(answer.resident)) yes.insert(answer.resident);
  }
  if (approval == policy::Approval::automatic) return true;
  if (approval == policy::Approval::refuse || household.residents.empty()) return false;
  const bool all = approval == policy::Approval::ask_all;
  if (all && !includes(yes, household.leaving)) return false;
  return std::all_of(household.residents.begin(), household.residents.end(),
                     [&](const std::set<std::string>& residents) {
                       return all ? !residents.empty() && includes(yes, residents)
                                  : meet(yes, residents);
                     });
}

bool any_counts(const std::set<std::string>& residents, const Household& household) {
  std::vector<Answer> answers;
  for (const std::string& name : residents) answers.push_back({name, true, Instant{}});
  return is_approved(policy::Approval::ask_one, answers, household);
}

}  // namespace latchstring::release
