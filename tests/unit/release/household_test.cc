#include "gateway/release/household.h"

#include "tests/support/catch.h"

namespace latchstring::release {
namespace {

using policy::Approval;

std::vector<Answer> yes_of(const std::vector<std::string>& residents) {
  std::vector<Answer> answers;
  for (const std::string& name : residents) answers.push_back({name, true, Instant{}});
  return answers;
}

TEST_CASE("one yes of a resident is enough for one, all are needed for all") {
  Household household;
  household.residents = {{"alex", "sam"}};
  CHECK(is_approved(Approval::automatic, {}, household));
  CHECK(!is_approved(Approval::refuse, yes_of({"alex", "sam"}), household));
  CHECK(!is_approved(Approval::ask_one, {}, household));
  CHECK(is_approved(Approval::ask_one, yes_of({"sam"}), household));
  CHECK(!is_approved(Approval::ask_one, yes_of({"stranger"}), household));
  CHECK(!is_approved(Approval::ask_all, yes_of({"sam"}), household));
  CHECK(is_approved(Approval::ask_all, yes_of({"alex", "sam"}), household));
  CHECK(!is_approved(Approval::ask_all, yes_of({"alex", "stranger"}), household));
  std::vector<Answer> vetoed = yes_of({"alex", "sam"});
  vetoed.push_back({"kim", false, Instant{}});
  CHECK(!is_approved(Approval::automatic, vetoed, household));
}

TEST_CASE("who was added not long ago may veto, and their yes is not enough yet") {
  Household household;
  household.residents = {{"alex", "kim"}, {"alex"}};
  CHECK(household.has("kim"));
  CHECK(!is_approved(Approval::ask_one, yes_of({"kim"}), household));
  CHECK(is_approved(Approval::ask_one, yes_of({"alex"}), household));
  CHECK(!is_approved(Approval::ask_all, yes_of({"alex"}), household));  // kim is asked at once
  CHECK(is_approved(Approval::ask_all, yes_of({"alex", "kim"}), household));
}

TEST_CASE("who was taken out counts among all, and is no one of the rules as they are") {
  Household household;
  household.residents = {{"alex"}, {"alex", "sam"}};
  household.leaving = {"sam"};
  CHECK(household.has("sam"));
  CHECK(!is_approved(Approval::ask_one, yes_of({"sam"}), household));
  CHECK(!is_approved(Approval::ask_all, yes_of({"alex"}), household));
  household.residents.pop_back();  // a day later
  CHECK(household.has("sam"));
  CHECK(!is_approved(Approval::ask_all, yes_of({"alex"}), household));
  CHECK(is_approved(Approval::ask_all, yes_of({"alex", "sam"}), household));
  CHECK(is_approved(Approval::ask_one, yes_of({"alex"}), household));
  household.leaving.clear();  // they agreed, or seven days have passed
  CHECK(is_approved(Approval::ask_all, yes_of({"alex"}), household));
  CHECK(!household.has("sam"));
}

TEST_CASE("whose PIN is new may veto, and their yes counts for nothing yet") {
  Household household;
  household.residents = {{"alex", "sam"}};
  household.waiting = {"sam"};
  CHECK(household.has("sam"));
  CHECK(!is_approved(Approval::ask_one, yes_of({"sam"}), household));
  CHECK(is_approved(Approval::ask_one, yes_of({"alex"}), household));
  CHECK(!is_approved(Approval::ask_all, yes_of({"alex"}), household));
  CHECK(!is_approved(Approval::ask_all, yes_of({"alex", "sam"}), household));
  household.leaving = {"sam"};
  CHECK(!is_approved(Approval::ask_all, yes_of({"alex", "sam"}), household));
  std::vector<Answer> vetoed = yes_of({"alex"});
  vetoed.push_back({"sam", false, Instant{}});
  CHECK(!is_approved(Approval::ask_one, vetoed, household));
  household.waiting.clear();
  CHECK(is_approved(Approval::ask_one, yes_of({"sam"}), household));
  CHECK(is_approved(Approval::ask_all, yes_of({"alex", "sam"}), household));
}

TEST_CASE("who stands in for others must be known to all policies, and not wait") {
  Household household;
  household.residents = {{"alex", "kim", "sam"}, {"alex", "sam"}};
  household.waiting = {"sam"};
  CHECK(any_counts({"alex"}, household));
  CHECK(!any_counts({"kim", "sam"}, household));
  CHECK(any_counts({"alex", "sam"}, household));
  CHECK(!any_counts({}, household));
}

TEST_CASE("where nobody is known nobody can agree") {
  CHECK(!is_approved(Approval::ask_one, yes_of({"alex"}), Household{}));
  CHECK(!is_approved(Approval::ask_all, yes_of({"alex"}), Household{}));
}

}  // namespace
}  // namespace latchstring::release
