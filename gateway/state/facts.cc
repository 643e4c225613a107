#include "gateway/state/facts.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/state/schema.h"
#include "policy/engine/pieces.h"
#include "policy/engine/words.h"

namespace latchstring::state {
namespace {

// When no rules were ever valid: the language's own default.
constexpr Duration kAnswersAfter = std::chrono::days{8};

policy::Question question_for(const release::Subject& subject, const std::string& camera,
                              bool has_case_number) {
  policy::Question question;
  question.agency = subject.agency;
  question.officer = subject.officer;
  question.camera = camera;
  question.area = subject.area;
  question.basis = subject.basis;
  question.purpose = subject.purpose;
  question.footage = subject.footage;
  question.has_case_number = has_case_number;
  question.received = subject.received;
  return question;
}

// Why earlier rules do not know what is asked for; empty: they do.
std::string stranger_to(const Earlier& earlier, const policy::Policy& present,
                        const std::string& agency, const std::string& camera) {
  if (earlier.rules == nullptr) return "they cannot be read any more";
  if (earlier.strange_cameras.contains(camera)) {
    return fmt::format("the camera `{}` took its pictures from elsewhere", camera);
  }
  const auto before = earlier.rules->agencies.find(agency);
  const auto now = present.agencies.find(agency);
  const bool both = before != earlier.rules->agencies.end() && now != present.agencies.end();
  if (!both || before->second.key.thumbprint() == now->second.key.thumbprint()) return "";
  return fmt::format("another key was pinned for `{}`", agency);
}

std::string says_of(const Earlier& earlier, const policy::Policy& present) {
  if (earlier.until == Instant{}) return "rules that were replaced, and count for 24 hours more: ";
  return fmt::format("rules that were replaced, and count until {}: ",
                     policy::wall_clock_text(present, earlier.until));
}

// The present rules first; what was given is not counted yet.
std::vector<policy::Version> versions_of(const House& house, const std::string& agency,
                                         const std::string& camera, Instant now) {
  policy::Facts outside;
  outside.now = now;
  outside.home = house.home;
  std::vector<policy::Version> versions{{house.rules.get(), outside, "", ""}};
  for (const Earlier& earlier : house.earlier) {
    outside.home = earlier.home;
    versions.push_back({earlier.rules.get(), outside, says_of(earlier, *house.rules),
                        stranger_to(earlier, *house.rules, agency, camera)});
  }
  return versions;
}

policy::Decision decide_one(const StoredRequest& request, const std::string& camera,
                            const std::vector<policy::Version>& versions) {
  const release::Subject& subject = request.state.subject;
  const bool has_case_number = !request.origin.case_number.empty();
  return policy::strictest(
      versions, subject.footage, [&](const policy::Policy& policy, const policy::Facts& outside) {
        if (!subject.is_gift) {
          return policy::decide(policy, question_for(subject, camera, has_case_number), outside);
        }
        return policy::decide_gift(
            policy, {subject.agency, camera, subject.purpose, subject.footage, subject.received},
            outside);
      });
}

// What was given in the calendar month of one version: to the agency, and of this request.
struct Counted {
  Given others;
  std::map<std::string, Given> own;  // by camera: given, or may be
};

absl::StatusOr<std::vector<Counted>> count_given(store::Database& database,
                                                 const release::Subject& subject,
                                                 const std::vector<policy::Version>& versions) {
  std::vector<Counted> counted(versions.size());
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions[i].policy == nullptr) continue;
    const Instant month = policy::calendar_month(*versions[i].policy, versions[i].facts.now).from;
    LS_ASSIGN(counted[i].others, given_since(database, subject.agency, month, subject.id));
    LS_ASSIGN(counted[i].own, given_by_camera(database, subject.id, month));
  }
  return counted;
}

// What this request gave, or may give, through its other cameras counts for each of them.
void count_for(const std::string& camera, const Counted& counted, policy::Facts& outside) {
  outside.clips_given_this_month = counted.others.clips;
  outside.time_given_this_month = counted.others.time;
  for (const auto& [other, given] : counted.own) {
    if (other == camera) continue;
    outside.clips_given_this_month += given.clips;
    outside.time_given_this_month += given.time;
  }
}

Given may_give(const policy::Decision& decision) {
  Given may;
  for (const policy::Piece& piece : decision.pieces) {
    if (piece.approval == policy::Approval::refuse) continue;
    ++may.clips;
    may.time += piece.footage.length();
  }
  return may;
}

absl::Status decide_cameras(store::Database& database, const House& house,
                            const StoredRequest& request, release::Facts& facts) {
  const release::Subject& subject = request.state.subject;
  const std::vector<std::string> cameras =
      subject.is_gift ? subject.cameras : resolve_cameras(*house.rules, house, subject.cameras);
  LS_ASSIGN(std::vector<Counted> counted,
            count_given(database, subject, versions_of(house, subject.agency, "", facts.now)));
  for (const std::string& camera : cameras) {
    std::vector<policy::Version> versions = versions_of(house, subject.agency, camera, facts.now);
    facts.decisions_of_committed.emplace(camera, decide_one(request, camera, versions));
    for (std::size_t i = 0; i < versions.size(); ++i) {
      count_for(camera, counted[i], versions[i].facts);
    }
    policy::Decision decision = decide_one(request, camera, versions);
    const Given may = may_give(decision);
    for (Counted& each : counted) {
      Given& given = each.own[camera];
      given = {std::max(given.clips, may.clips), std::max(given.time, may.time)};
    }
    facts.decisions.emplace(camera, std::move(decision));
  }
  return absl::OkStatus();
}

// A database that cannot be read says nothing about the requester: the step fails, and is tried
// again.
absl::Status unless_a_refusal(const absl::Status& checked) {
  return absl::IsPermissionDenied(checked) || absl::IsInvalidArgument(checked) ? absl::OkStatus()
                                                                               : checked;
}

// Signatures, dates and revocation once more; dates for the first time where the clock was not
// right at arrival.
absl::Status check_requester(store::Database& database, const trust::Agencies& agencies,
                             const std::string& gateway_id, StoredRequest& request,
                             release::Facts& facts) {
  const trust::Verifier verifier(database);
  const trust::Arrival arrival{gateway_id, request.state.subject.agency, facts.now, true};
  if (request.state.subject.is_gift) {
    const std::string& credential = request.origin.credential;
    if (credential.empty()) return absl::OkStatus();
    const absl::Status checked = verifier.verify_credential(credential, agencies, arrival).status();
    facts.requester_is_valid = checked.ok();
    return unless_a_refusal(checked);
  }
  if (request.origin.dates_pending) {
    const auto dated = verifier.recheck_dates(request.origin.compact, agencies, arrival);
    facts.requester_is_valid = dated.ok();
    if (!dated.ok()) return unless_a_refusal(dated.status());
    request.origin.dates_pending = false;
    request.state.subject.received = facts.now;
    LS_RETURN_IF_ERROR(
        database.run("UPDATE requests SET dates_pending = 0, received = ? WHERE id = ?",
                     {to_micros(facts.now), request.state.subject.id}));
  }
  const auto valid = verifier.recheck_for_release(request.origin.compact, agencies, arrival);
  facts.requester_is_valid = valid.ok();
  facts.lists_are_fresh = valid.ok() && valid->officer.list_fresh;
  return unless_a_refusal(valid.status());
}

int open_requests_per_agency(const House& house) {
  int least = house.terms()->always.open_requests_per_agency;
  for (const Earlier& earlier : house.earlier) {
    if (earlier.rules == nullptr) continue;
    least = std::min(least, earlier.rules->always.open_requests_per_agency);
  }
  return least;
}

}  // namespace

std::vector<const policy::Policy*> House::policies() const {
  std::vector<const policy::Policy*> all;
  if (rules == nullptr) return all;
  all.push_back(rules.get());
  for (const Earlier& each : earlier) {
    if (each.rules != nullptr) all.push_back(each.rules.get());
  }
  return all;
}

bool says_why(const House& house) {
  const auto all = house.policies();
  return !all.empty() && std::all_of(all.begin(), all.end(), [](const policy::Policy* policy) {
    return policy->always.say_reason;
  });
}

Duration delete_after(const House& house) {
  Duration least = house.rules->always.delete_after;
  for (const policy::Policy* policy : house.policies()) {
    least = std::min(least, policy->always.delete_after);
  }
  return least;
}

release::Household household_of(const House& house) {
  release::Household household;
  household.leaving = house.leaving;
  for (const auto& [name, from] : house.waiting) household.waiting.insert(name);
  const auto add = [&](const policy::Policy& policy) {
    household.residents.emplace_back(policy.residents.begin(), policy.residents.end());
  };
  const auto add_without_left = [&](const policy::Policy& policy) {
    add(policy);
    for (const std::string& name : house.left) household.residents.back().erase(name);
  };
  if (house.terms() == nullptr) return household;
  add(*house.terms());
  for (const Earlier& earlier : house.earlier) {
    if (earlier.rules != nullptr) add_without_left(*earlier.rules);
  }
  return household;
}

std::string time_text(const House& house, Instant instant) {
  const auto& terms = house.terms();
  return terms == nullptr ? to_rfc3339(instant) : policy::wall_clock_text(*terms, instant);
}

absl::Status check_yes_counts(const House& house, const std::vector<std::string>& residents) {
  for (const std::string& name : residents) {
    const auto waits = house.waiting.find(name);
    if (waits == house.waiting.end()) continue;
    if (waits->second == Instant{}) {
      return denied("the PIN of `{}` is new: their yes counts 24 hours after the clock is right",
                    name);
    }
    return denied("the PIN of `{}` is new: their yes counts from {}", name,
                  time_text(house, waits->second));
  }
  return absl::OkStatus();
}

std::vector<std::string> resolve_cameras(const policy::Policy& policy, const House& house,
                                         const std::vector<std::string>& asked) {
  std::vector<std::string> cameras;
  const auto add = [&](const std::string& camera) {
    if (policy.cameras.contains(camera) &&
        std::find(cameras.begin(), cameras.end(), camera) == cameras.end()) {
      cameras.push_back(camera);
    }
  };
  for (const std::string& name : asked) {
    const auto label = house.labels.find(name);
    add(label == house.labels.end() ? name : label->second);
  }
  if (asked.empty()) {
    for (const auto& [id, camera] : policy.cameras) {
      if (camera.sharing == policy::Sharing::by_rule) add(id);
    }
  }
  return cameras;
}

absl::StatusOr<std::string> why_blocked(store::Database& database, const Clock& clock,
                                        const House& house, const ledger::Ledger& ledger) {
  LS_ASSIGN(const auto paused, find_setting(database, "paused-by"));
  if (paused) return "sharing is paused; `latchstring resume` lets your rules decide again";
  if (house.rules == nullptr)
    return "the rules file is broken; `latchstring policy check` says where";
  const bool was_right = !house.clock_of_before || house.clock_of_before();
  if (!clock.is_right() || !was_right) return "the clock is not known to be right";
  if (house.no_archive && house.no_archive())
    return "the archive is not the one that was recorded to before; `latchstring status` says what "
           "to do";
  // What cannot be signed is not begun: it would be made again and again.
  if (ledger.refused())
    return "the log does not continue what was signed before; put the newest copy of the database "
           "back";
  return std::string{};
}

absl::StatusOr<release::Facts> gather_facts(store::Database& database, const Clock& clock,
                                            const std::string& gateway_id, const House& house,
                                            const ledger::Ledger& ledger, StoredRequest& request) {
  release::Facts facts;
  facts.now = clock.now();
  facts.clock_is_right = clock.is_right();
  const auto& terms = house.terms();
  facts.answers_after = terms != nullptr ? terms->always.answers_after : kAnswersAfter;
  if (terms != nullptr) {
    LS_ASSIGN(const int open,
              count_open_of(database, request.state.subject.agency, request.state.subject.id));
    facts.too_many_open = open >= open_requests_per_agency(house);
  }
  LS_ASSIGN(facts.blocked, why_blocked(database, clock, house, ledger));
  facts.household = household_of(house);
  if (!facts.blocked.empty()) return facts;

  facts.policies = house.policies();
  if (house.in_work) facts.in_work = house.in_work(request.state.subject.id);
  trust::Agencies agencies;
  for (const auto& [id, agency] : house.rules->agencies) agencies.push_back({id, agency.key});
  LS_RETURN_IF_ERROR(check_requester(database, agencies, gateway_id, request, facts));
  LS_RETURN_IF_ERROR(decide_cameras(database, house, request, facts));
  return facts;
}

}  // namespace latchstring::state
