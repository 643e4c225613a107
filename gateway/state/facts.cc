#include "gateway/state/facts.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/state/schema.h"

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
  question.basis = subject.basis;
  question.purpose = subject.purpose;
  question.footage = subject.footage;
  question.has_case_number = has_case_number;
  question.received = subject.received;
  return question;
}

policy::Decision decide_one(const House& house, const StoredRequest& request,
                            const std::string& camera, const policy::Facts& outside) {
  const release::Subject& subject = request.state.subject;
  if (subject.is_gift) {
    return policy::decide_gift(
        *house.rules, {subject.agency, camera, subject.purpose, subject.footage, subject.received},
        outside);
  }
  return policy::decide(
      *house.rules, question_for(subject, camera, !request.origin.case_number.empty()), outside);
}

absl::Status decide_cameras(store::Database& database, const House& house,
                            const StoredRequest& request, release::Facts& facts) {
  const release::Subject& subject = request.state.subject;
  const Instant month = policy::calendar_month(*house.rules, facts.now).from;
  LS_ASSIGN(const Given others, given_since(database, subject.agency, month, subject.id));
  // What this request gave, or may give, through its other cameras counts for each of them.
  LS_ASSIGN(auto own, given_by_camera(database, subject.id, month));
  const std::vector<std::string> cameras =
      subject.is_gift ? subject.cameras : resolve_cameras(*house.rules, house, subject.cameras);
  for (const std::string& camera : cameras) {
    policy::Facts outside;
    outside.now = facts.now;
    facts.decisions_of_committed.emplace(camera, decide_one(house, request, camera, outside));
    outside.clips_given_this_month = others.clips;
    outside.time_given_this_month = others.time;
    for (const auto& [other, given] : own) {
      if (other == camera) continue;
      outside.clips_given_this_month += given.clips;
      outside.time_given_this_month += given.time;
    }
    policy::Decision decision = decide_one(house, request, camera, outside);
    Given may;
    for (const policy::Piece& piece : decision.pieces) {
      if (piece.approval == policy::Approval::refuse) continue;
      ++may.clips;
      may.time += piece.footage.length();
    }
    Given& given = own[camera];
    given = {std::max(given.clips, may.clips), std::max(given.time, may.time)};
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

}  // namespace

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
  if (!clock.is_right()) return "the clock is not known to be right";
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
  const auto& terms = house.rules != nullptr ? house.rules : house.last_valid;
  facts.answers_after = terms != nullptr ? terms->always.answers_after : kAnswersAfter;
  if (terms != nullptr) {
    LS_ASSIGN(const int open,
              count_open_of(database, request.state.subject.agency, request.state.subject.id));
    facts.too_many_open = open >= terms->always.open_requests_per_agency;
  }
  LS_ASSIGN(facts.blocked, why_blocked(database, clock, house, ledger));
  if (terms != nullptr) facts.residents = {terms->residents.begin(), terms->residents.end()};
  if (!facts.blocked.empty()) return facts;

  facts.policy = house.rules.get();
  if (house.in_work) facts.in_work = house.in_work(request.state.subject.id);
  trust::Agencies agencies;
  for (const auto& [id, agency] : house.rules->agencies) agencies.push_back({id, agency.key});
  LS_RETURN_IF_ERROR(check_requester(database, agencies, gateway_id, request, facts));
  LS_RETURN_IF_ERROR(decide_cameras(database, house, request, facts));
  return facts;
}

}  // namespace latchstring::state
