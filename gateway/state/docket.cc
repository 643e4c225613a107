#include "gateway/state/docket.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/crypto/hash.h"
#include "gateway/state/facts.h"

namespace latchstring::state {
namespace {

constexpr std::string_view kPausedBy = "paused-by";

policy::Basis basis_of(wire::Basis basis) {
  switch (basis) {
    case wire::Basis::consent:
      return policy::Basis::consent;
    case wire::Basis::warrant:
      return policy::Basis::warrant;
    case wire::Basis::emergency:
      return policy::Basis::emergency;
    case wire::Basis::preservation:
      return policy::Basis::preservation;
  }
  ensure(false);
  return policy::Basis::consent;
}

StoredRequest stored_from(const trust::Verified& verified, const wire::Peer& peer, Instant now) {
  const wire::Request& asked = verified.request;
  StoredRequest stored;
  release::Subject& subject = stored.state.subject;
  subject.id = asked.id;
  subject.agency = verified.officer.agency;
  subject.officer = verified.officer.badge;
  subject.cameras = asked.cameras;
  subject.area = asked.area;
  subject.basis = basis_of(asked.basis);
  subject.purpose = asked.purpose;
  subject.footage = asked.footage;
  subject.want_audio = asked.want_audio;
  subject.want_native = asked.want_native;
  subject.received = now;
  Origin& origin = stored.origin;
  origin.peer = peer;
  origin.recipients = asked.recipients;
  origin.compact = verified.compact;
  origin.sha256 = verified.request_sha256;
  origin.credential = verified.officer.credential_jws;
  origin.officer = verified.officer.thumbprint;
  origin.case_number = asked.case_number;
  origin.title = asked.title;
  origin.description = asked.description;
  origin.contact = asked.contact;
  origin.dates_pending = verified.officer.dates_pending;
  return stored;
}

void append(Step step, Step& all) {
  for (Effect& effect : step.effects) all.effects.push_back(std::move(effect));
  all.mail.merge(step.mail);
  if (!step.answer.ok()) all.answer = std::move(step.answer);
}

// Both ways: a clock that was set back has taken some in what is the future now.
Interval day_around(Instant now) {
  return {now - std::chrono::days{1}, now + std::chrono::days{1}};
}

bool is_time(const Clock& clock, Duration every, Duration& next) {
  if (clock.steady() < next) return false;
  next = clock.steady() + every;
  return true;
}

// Whose effects were not run yet: a second one would be worked on as well.
bool begins_a_cut(const Step& step, const std::string& request) {
  return std::any_of(step.effects.begin(), step.effects.end(), [&](const Effect& effect) {
    return effect.request == request && std::holds_alternative<release::effect::Cut>(effect.effect);
  });
}

// While nothing blocks.
bool is_stranded(const House& house, const release::State& request) {
  if (request.phase == release::Phase::received) return true;
  const auto held = house.in_work ? house.in_work(request.subject.id) : std::set<int>{};
  const release::Household household = household_of(house);
  const auto is_left = [&](const release::Piece& piece) {
    if (piece.state == release::PieceState::working) return !held.contains(piece.number);
    return piece.state == release::PieceState::waiting &&
           release::is_approved(piece.approval, request.answers, household);
  };
  return std::any_of(request.pieces.begin(), request.pieces.end(), is_left);
}

void add_effects(std::string_view request, std::vector<release::Effect> effects,
                 std::vector<Effect>& out) {
  for (release::Effect& effect : effects) out.push_back({std::string(request), std::move(effect)});
}

}  // namespace

Docket::Docket(Parts parts)
    : database_(parts.database),
      ledger_(parts.ledger),
      clock_(parts.clock),
      key_(parts.key),
      gateway_id_(std::move(parts.gateway_id)),
      mail_(database_, key_),
      transfers_(database_) {}

trust::Agencies Docket::agencies() const {
  const auto& rules = house_.terms();
  trust::Agencies agencies;
  if (rules == nullptr) return agencies;
  for (const auto& [id, agency] : rules->agencies) agencies.push_back({id, agency.key});
  return agencies;
}

absl::StatusOr<Step> Docket::receive(const trust::Verified& verified, const wire::Peer& peer) {
  if (verified.repeat) return Step{};
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  trust::Verifier verifier(database_);
  const std::string& agency = verified.officer.agency;
  LS_ASSIGN(const int taken, count_received_in(database_, agency, day_around(clock_.now())));
  if (taken >= kRequestsPerDayMax) {
    // Whom the agency revokes may be the very one who sends so many.
    LS_RETURN_IF_ERROR(verifier.record_list(verified));
    LS_RETURN_IF_ERROR(transaction.commit());
    Step none;
    none.answer = exhausted("{} requests of `{}` were taken within a day", taken, agency);
    return none;
  }
  LS_RETURN_IF_ERROR(verifier.record(verified));
  LS_RETURN_IF_ERROR(insert_request(database_, stored_from(verified, peer, clock_.now())));
  LS_ASSIGN(Step step, perform(verified.request.id, release::event::Received{}, {}));
  LS_RETURN_IF_ERROR(transaction.commit());
  recheck_at_ = {};  // it may have brought a list that revokes another officer
  return step;
}

absl::StatusOr<Step> Docket::apply(std::string_view request, const release::Event& event) {
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  LS_ASSIGN(Step step, perform(request, event, {}));
  LS_RETURN_IF_ERROR(transaction.commit());
  return step;
}

absl::StatusOr<Step> Docket::apply_all(std::string_view request,
                                       const std::vector<release::Event>& events) {
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  Step all;
  for (const release::Event& event : events) {
    LS_ASSIGN(Step step, perform(request, event, {}));
    LS_RETURN_IF_ERROR(step.answer);
    append(std::move(step), all);
  }
  LS_RETURN_IF_ERROR(transaction.commit());
  return all;
}

absl::StatusOr<Step> Docket::sealed(const std::vector<SealedClip>& parts, Instant delete_after) {
  ensure(!parts.empty());
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  Extras extras;
  extras.sealed = &parts;
  extras.delete_after = delete_after;
  LS_ASSIGN(Step step, perform(parts.front().release_id(),
                               release::event::Sealed{parts.front().piece()}, extras));
  LS_RETURN_IF_ERROR(transaction.commit());
  return step;
}

absl::StatusOr<Step> Docket::give(const release::Subject& gift,
                                  const std::vector<std::string>& residents) {
  ensure(gift.is_gift && gift.cameras.size() == 1);
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  StoredRequest stored;
  stored.state.subject = gift;
  LS_RETURN_IF_ERROR(insert_request(database_, stored));
  LS_ASSIGN(Step step, perform(gift.id, release::event::Given{residents}, {}));
  LS_RETURN_IF_ERROR(step.answer);
  LS_RETURN_IF_ERROR(transaction.commit());
  return step;
}

absl::StatusOr<Step> Docket::meet(const trust::Officer& officer, const wire::Peer& peer) {
  Step all;
  if (officer.dates_pending) return all;
  LS_ASSIGN(const auto ids, unmade_gift_ids(database_, officer.agency));
  Origin origin;
  origin.peer = peer;
  origin.officer = officer.thumbprint;
  origin.recipients = officer.credential.recipients;
  origin.credential = officer.credential_jws;
  for (const std::string& id : ids) {
    if (house_.in_work && !house_.in_work(id).empty()) continue;  // for who came before
    LS_ASSIGN(store::Transaction transaction, database_.begin());
    LS_RETURN_IF_ERROR(save_addressee(database_, id, origin, officer.badge));
    LS_ASSIGN(Step step, perform(id, release::event::Reconsider{}, {}));
    LS_RETURN_IF_ERROR(transaction.commit());
    append(std::move(step), all);
  }
  return all;
}

absl::StatusOr<Docket::CommittedFile> Docket::commit_file(
    std::string_view gift, int piece, const std::vector<std::string>& manifest_sha256s) {
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  Extras extras;
  extras.manifest_sha256s = &manifest_sha256s;
  CommittedFile committed;
  extras.proofs = &committed.proofs;
  LS_ASSIGN(committed.step, perform(gift, release::event::Sealed{piece}, extras));
  LS_RETURN_IF_ERROR(transaction.commit());
  return committed;
}

absl::StatusOr<Step> Docket::reconsider() {
  LS_ASSIGN(const std::vector<std::string> ids, open_request_ids(database_));
  return apply_to(ids, release::event::Reconsider{});
}

absl::StatusOr<Step> Docket::tick() {
  if (!clock_.is_right()) return Step{};  // no term runs while the time is not known
  LS_ASSIGN(const std::vector<std::string> ids, due_request_ids(database_, clock_.now()));
  Step all = apply_to(ids, release::event::Tick{});
  if (is_time(clock_, kRecheckOffersEvery, recheck_at_)) {
    reconsider_some(offering_request_ids(database_), all);
  }
  if (is_time(clock_, kRedoEvery, redo_at_)) reconsider_some(stranded(all), all);
  return all;
}

void Docket::reconsider_some(const absl::StatusOr<std::vector<std::string>>& requests, Step& all) {
  if (requests.ok()) {
    append(apply_to(*requests, release::event::Reconsider{}), all);
  } else {
    all.answer = requests.status();
  }
}

// One request's failure keeps no other one waiting, and what was committed is carried out.
Step Docket::apply_to(const std::vector<std::string>& requests, const release::Event& event) {
  Step all;
  for (const std::string& id : requests) {
    auto step = apply(id, event);
    if (step.ok()) {
      append(*std::move(step), all);
    } else {
      all.answer = within(id, step.status());
    }
  }
  return all;
}

// What an error left lying, as on a full disk: not judged, agreed to and not begun, or made and not
// written.
absl::StatusOr<std::vector<std::string>> Docket::stranded(const Step& begun) const {
  std::vector<std::string> ids;
  LS_ASSIGN(const std::string why, blocked());
  if (!why.empty()) return ids;  // they wait for its end
  LS_ASSIGN(const std::vector<std::string> unfinished, unfinished_request_ids(database_));
  for (const std::string& id : unfinished) {
    if (begins_a_cut(begun, id)) continue;
    const auto stored = load_request(database_, id);
    // One that cannot be read: the step says why.
    if (!stored.ok() || is_stranded(house_, stored->state)) ids.push_back(id);
  }
  return ids;
}

// Inside the caller's transaction.
absl::StatusOr<Step> Docket::perform(std::string_view request, const release::Event& event,
                                     const Extras& extras) {
  LS_ASSIGN(StoredRequest stored, load_request(database_, request));
  const std::string said_before = release::public_word(stored.state);
  LS_ASSIGN(const release::Facts facts,
            gather_facts(database_, clock_, gateway_id_, house_, ledger_, stored));
  release::Outcome outcome = release::Release::step(stored.state, event, facts);
  // What is looked at often and seldom changes costs no write.
  const bool changed = stored.state != outcome.state;
  stored.state = std::move(outcome.state);
  if (changed) LS_RETURN_IF_ERROR(save_state(database_, stored.state));
  for (const release::Entry& entry : outcome.entries) {
    if (entry.what == release::Record::release_commit) {
      LS_RETURN_IF_ERROR(commit_release(stored, entry, extras));
      continue;
    }
    LS_ASSIGN(const ledger::Leaf leaf, record(stored, entry, extras));
    if (entry.what == release::Record::decision) {
      LS_RETURN_IF_ERROR(save_decision_leaf(database_, request, leaf.sha256));
    }
  }
  LS_ASSIGN(bool wrote, write_all_mail(stored, outcome.effects));
  LS_ASSIGN(const bool said, say_why(stored, said_before));
  Step step;
  if (wrote || said) step.mail.insert(stored.origin.peer);
  step.answer = std::move(outcome.answer);
  add_effects(request, std::move(outcome.effects), step.effects);
  return step;
}

absl::Status Docket::pause(std::string_view resident) {
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  LS_ASSIGN(std::vector<std::string> by, paused_by());
  if (std::find(by.begin(), by.end(), resident) != by.end()) {
    return not_now("`{}` has paused sharing already", resident);
  }
  by.emplace_back(resident);
  LS_RETURN_IF_ERROR(keep_setting(database_, kPausedBy, join_lines(by)));
  LS_RETURN_IF_ERROR(
      ledger_.append({clock_.now(), ledger::PolicyChange{"paused", ""}, "", std::string(resident)})
          .status());
  return transaction.commit();
}

absl::Status Docket::resume(const std::vector<std::string>& residents) {
  LS_ASSIGN(store::Transaction transaction, database_.begin());
  LS_ASSIGN(std::vector<std::string> by, paused_by());
  if (by.empty()) return not_now("sharing is not paused");
  const std::set<std::string> agreed(residents.begin(), residents.end());
  LS_RETURN_IF_ERROR(check_yes_counts(house_, residents));
  const std::set<std::string> everybody = household_of(house_).all();
  const bool all = !everybody.empty() &&
                   std::includes(agreed.begin(), agreed.end(), everybody.begin(), everybody.end());
  const std::size_t were = by.size();
  std::erase_if(by, [&](const std::string& resident) { return all || agreed.contains(resident); });
  if (by.size() == were) {
    return denied("`{}` paused sharing; only they, or all residents together, may resume it",
                  fmt::join(by, "`, `"));
  }
  LS_RETURN_IF_ERROR(by.empty() ? drop_setting(database_, kPausedBy)
                                : keep_setting(database_, kPausedBy, join_lines(by)));
  LS_RETURN_IF_ERROR(
      ledger_.append({clock_.now(), ledger::PolicyChange{"resumed", ""}, "", join_lines(residents)})
          .status());
  return transaction.commit();
}

absl::StatusOr<std::vector<std::string>> Docket::paused_by() const {
  LS_ASSIGN(const auto lines, find_setting(database_, kPausedBy));
  return split_lines(lines.value_or(""));
}

absl::StatusOr<std::string> Docket::blocked() const {
  return why_blocked(database_, clock_, house_, ledger_);
}

absl::StatusOr<std::map<std::string, policy::Decision>> Docket::explain(
    std::string_view request) const {
  LS_ASSIGN(const store::Transaction undone, database_.begin());  // looking changes nothing
  LS_ASSIGN(StoredRequest stored, load_request(database_, request));
  LS_ASSIGN(release::Facts facts,
            gather_facts(database_, clock_, gateway_id_, house_, ledger_, stored));
  return std::move(facts.decisions);
}

std::vector<std::string> Docket::cameras_of(const StoredRequest& request) const {
  const auto& rules = house_.terms();
  if (rules == nullptr) return {};
  if (request.state.subject.is_gift) return request.state.subject.cameras;  // ids, not labels
  return resolve_cameras(*rules, house_, request.state.subject.cameras);
}

absl::StatusOr<StoredRequest> Docket::find(std::string_view request) const {
  return load_request(database_, request);
}

absl::StatusOr<int> Docket::next_clip(std::string_view request) const {
  return next_clip_of(database_, request);
}

absl::StatusOr<std::map<int, int>> Docket::clips(std::string_view request) const {
  return clips_of(database_, request);
}

absl::StatusOr<std::multimap<int, KeptReceipt>> Docket::receipts(std::string_view request) const {
  return receipts_of(database_, request);
}

absl::StatusOr<std::vector<StoredRequest>> Docket::newest(std::size_t limit) const {
  LS_ASSIGN(const auto ids, newest_request_ids(database_, std::min(limit, kListMax)));
  std::vector<StoredRequest> requests;
  for (const std::string& id : ids) {
    LS_ASSIGN(StoredRequest request, load_request(database_, id));
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace latchstring::state
