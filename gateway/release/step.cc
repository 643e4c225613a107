#include "gateway/release/step.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/release/demands.h"

namespace latchstring::release {
namespace {

using policy::Approval;

bool any_piece(const State& state, PieceState wanted) {
  return std::any_of(state.pieces.begin(), state.pieces.end(),
                     [&](const Piece& piece) { return piece.state == wanted; });
}

}  // namespace

Piece* Step::find_piece(int number) {
  for (Piece& piece : state().pieces) {
    if (piece.number == number) return &piece;
  }
  return nullptr;
}

policy::Piece Step::decided_for(const Piece& piece) const {
  const auto& decisions =
      piece.state == PieceState::offered ? facts_.decisions_of_committed : facts_.decisions;
  const auto found = decisions.find(piece.camera);
  if (found == decisions.end() || !facts_.requester_is_valid) {
    policy::Piece refused;
    refused.footage = piece.footage;
    refused.reasons = {facts_.requester_is_valid
                           ? fmt::format("the rules know no camera `{}`", piece.camera)
                           : fmt::format("`{}` may not ask", outcome_.state.subject.agency)};
    return refused;
  }
  return strictest_over(found->second, piece.footage);
}

Approval Step::approval_now(const policy::Piece& decided) const {
  if (decided.approval == Approval::automatic && !facts_.lists_are_fresh) return Approval::ask_one;
  return decided.approval;
}

std::string Step::too_little(const Piece& piece, const policy::Piece& decided) const {
  const RedactionPlan plan = Release::plan_of(outcome_.state, piece, decided, facts_.policies);
  return std::string(shortfall(piece.hidden, demands(plan)));
}

void Step::receive() {
  effect(effect::SendReceived{});
  entry(Record::request, 0, "received");
  if (facts_.clock_is_right) state().close_at = facts_.now + facts_.answers_after;
  if (facts_.too_many_open) {
    state().phase = Phase::ended;
    state().outcome = "not judged";
    entry(Record::decision, 0, "refuse", "too many open requests of this agency");
    effect(effect::TellResidents{"a request was not judged: this agency has too many open ones"});
  } else if (blocked()) {
    effect(effect::TellResidents{fmt::format("waits, and nobody is asked: {}", facts_.blocked)});
  }
  // Judged in a step of its own, after `received` was committed and posted.
}

void Step::judge_or_wait() {
  // All terms count from the moment the clock is right.
  if (facts_.clock_is_right && state().close_at == Instant{}) {
    state().close_at = facts_.now + facts_.answers_after;
  }
  if (facts_.clock_is_right) send_closed_when_due();
  if (!blocked() && state().phase == Phase::received) judge();
}

void Step::judge() {
  int number = 0;
  bool too_many = false;
  for (const auto& [camera, decision] : facts_.decisions) {
    if (!facts_.requester_is_valid) break;
    for (const policy::Piece& decided : decision.pieces) {
      if (decided.approval == Approval::refuse) continue;
      too_many = state().pieces.size() == kPiecesMax;
      if (too_many) break;
      Piece piece;
      piece.number = ++number;
      piece.camera = camera;
      piece.footage = decided.footage;
      piece.approval = approval_now(decided);
      state().pieces.push_back(std::move(piece));
    }
  }
  // All or nothing: which of them to leave out is not the gateway's to choose.
  if (too_many) state().pieces.clear();
  if (state().pieces.empty()) {
    state().phase = Phase::ended;
    state().outcome = "refused";
    entry(Record::decision, 0, "refuse", too_many ? "it falls into too many pieces" : "");
    return;
  }
  start_automatic_pieces();
}

void Step::start_automatic_pieces() {
  for (Piece& piece : state().pieces) {
    entry(Record::decision, piece.number, std::string(policy::to_string(piece.approval)));
    if (piece.approval == Approval::automatic) start_work(piece);
  }
  settle();
}

void Step::start_work(Piece& piece) {
  ensure(!blocked());
  const policy::Piece decided = decided_for(piece);
  piece.approval = approval_now(decided);
  if (!is_approved(piece.approval, state().answers, facts_.household)) {
    if (piece.approval == Approval::refuse) {
      take_back(piece, PieceState::refused, "the rules no longer permit it");
      entry(Record::abort, piece.number, "rules");
      effect(effect::TellResidents{"a clip is not released: the rules no longer permit it"});
    } else {
      wait_for_residents(piece);
    }
    return;
  }
  piece.state = PieceState::working;
  if (!state().subject.has_addressee()) return;
  Grant grant = Release::make_grant(state(), piece, decided, facts_.policies);
  piece.hidden = demands(grant.terms().redaction);
  effect(effect::Cut{piece.number, std::move(grant)});
}

void Step::wait_for_residents(Piece& piece) {
  if (piece.state != PieceState::waiting) asks_again_ = true;  // the rules were tightened
  piece.state = PieceState::waiting;
}

void Step::take_back(Piece& piece, PieceState to, std::string reason) {
  if (!is_open(piece)) return;
  if (piece.state == PieceState::working) effect(effect::StopWork{piece.number});
  if (piece.state == PieceState::offered) effect(effect::Withdraw{piece.number});
  piece.state = to;
  piece.reason = std::move(reason);
}

void Step::take_back_all(PieceState to, const std::string& reason) {
  for (Piece& piece : state().pieces) take_back(piece, to, reason);
}

void Step::withdraw_by_rules(Piece& piece, std::string reason) {
  effect(effect::TellResidents{fmt::format("an offered clip was taken back: {}", reason)});
  entry(Record::revoke, piece.number, "rules");
  take_back(piece, PieceState::revoked, std::move(reason));
}

void Step::answer() {
  const auto& given = std::get<event::Answered>(event_);
  if (!facts_.household.has(given.resident)) {
    return refuse_answer(denied("`{}` is not a resident who may answer", given.resident));
  }
  auto& answers = state().answers;
  const auto mine = std::find_if(answers.begin(), answers.end(), [&](const Answer& answer) {
    return answer.resident == given.resident;
  });
  if (mine != answers.end() && mine->yes == given.yes) return;  // counted once
  // A yes beside one that was enough is noted; a yes that nobody waits for is not.
  const bool agreed =
      std::any_of(answers.begin(), answers.end(), [](const Answer& answer) { return answer.yes; });
  if (given.yes && !any_piece(state(), PieceState::waiting) && !agreed) {
    return refuse_answer(not_now("request `{}` asks nothing any more", state().subject.id));
  }
  if (given.yes && answers_are_over()) {
    return refuse_answer(not_now("the time to answer request `{}` is over", state().subject.id));
  }
  if (mine != answers.end()) {
    *mine = {given.resident, given.yes, facts_.now};
  } else {
    answers.push_back({given.resident, given.yes, facts_.now});
  }
  entry(Record::approval, 0, given.yes ? "yes" : "no", given.resident);
  if (!given.yes) {
    for (const Piece& piece : state().pieces) {
      if (piece.state != PieceState::offered) continue;
      entry(Record::revoke, piece.number, "resident", given.resident);
    }
    take_back_all(PieceState::refused, fmt::format("{} said no", given.resident));
    effect(effect::TellResidents{fmt::format("{} said no", given.resident)});
    state().outcome = "refused";
  } else if (!blocked()) {
    for (Piece& piece : state().pieces) {
      if (piece.state == PieceState::waiting) start_work(piece);
    }
  } else {
    effect(effect::TellResidents{fmt::format("{} said yes, and nothing is released for now: {}",
                                             given.resident, facts_.blocked)});
  }
  settle();
}

// Anything may have changed: decide again for whatever is not delivered yet.
void Step::reconsider() {
  if (facts_.clock_is_right && state().close_at == Instant{}) {
    state().close_at = facts_.now + facts_.answers_after;
  }
  if (blocked()) return;
  // Before anything is begun or asked again: what was due while we were away is over.
  time_out_answers();
  send_closed_when_due();
  for (Piece& piece : state().pieces) {
    if (!is_open(piece)) continue;
    const bool held = facts_.in_work.contains(piece.number);
    if (state().subject.is_gift_file() && !held) {
      abort_gift_file(piece, "interrupted", "nobody waits for the file any more");
      continue;
    }
    if (piece.state != PieceState::offered) {
      if (piece.state == PieceState::working && held) {
        // The worker goes on under the old grant, where that hides enough; its result is decided
        // anew when it is sealed.
        const policy::Piece decided = decided_for(piece);
        const bool refused = decided.approval == Approval::refuse;
        if (!refused && too_little(piece, decided).empty()) continue;
        if (!refused) effect(effect::StopWork{piece.number});
      }
      start_work(piece);
      continue;
    }
    // The agency's list was fresh when this was offered; that it ages takes nothing back.
    const policy::Piece decided = decided_for(piece);
    if (!is_approved(decided.approval, state().answers, facts_.household)) {
      withdraw_by_rules(piece, "the rules no longer permit it");
    } else if (std::string why = too_little(piece, decided); !why.empty()) {
      withdraw_by_rules(piece, std::move(why));
    }
  }
  settle();
}

// The second decision: inside the transaction that commits the release and reserves the quota.
void Step::sealed() {
  Piece* piece = find_piece(std::get<event::Sealed>(event_).piece);
  if (piece == nullptr || piece->state != PieceState::working) return drop_sealed();
  if (blocked()) {
    // Suspended: cut anew when it is decided again; but nobody waits so long for a file.
    if (state().subject.is_gift_file()) abort_gift_file(*piece, "blocked", facts_.blocked);
    drop_sealed();
    return settle();
  }
  if (state().close_at != Instant{} && facts_.now >= state().close_at) {
    drop_sealed();
    piece->state = PieceState::lapsed;
    entry(Record::abort, piece->number, "lapsed");
    return settle();
  }
  const policy::Piece decided = decided_for(*piece);
  piece->approval = approval_now(decided);
  if (!is_approved(piece->approval, state().answers, facts_.household)) {
    drop_sealed();
    if (piece->approval == Approval::refuse || state().subject.is_gift_file()) {
      piece->state = PieceState::refused;
      piece->reason = "the rules no longer permitted it when it was to be released";
      entry(Record::abort, piece->number, "rules");
      effect(effect::TellResidents{"a clip was not released: the rules no longer permitted it"});
    } else {
      wait_for_residents(*piece);
    }
    return settle();
  }
  if (std::string why = too_little(*piece, decided); !why.empty()) {  // tightened meanwhile
    drop_sealed();
    if (state().subject.is_gift_file()) {
      abort_gift_file(*piece, "rules", std::move(why));
    } else {
      start_work(*piece);
    }
    return settle();
  }
  piece->state = PieceState::offered;
  piece->expires = facts_.now + kOfferLifetime;
  entry(Record::release_commit, piece->number, "");
  if (!state().subject.is_gift_file()) effect(effect::Offer{piece->number});
  if (state().subject.is_gift) effect(effect::TellResidents{"a gift goes out"});
  settle();
}

void Step::drop_sealed() {
  effect(effect::DropSealed{std::get<event::Sealed>(event_).piece});
}

void Step::work_failed() {
  const auto& failed = std::get<event::WorkFailed>(event_);
  Piece* piece = find_piece(failed.piece);
  if (piece == nullptr) return;
  if (failed.file_lost) return lose_offer(*piece, failed.reason);
  const bool half_written = piece->state == PieceState::offered && state().subject.is_gift_file();
  if (piece->state != PieceState::working && !half_written) return;
  // Suspended: nothing is lost but time; it is made again when sharing goes on.
  if (blocked() && !state().subject.is_gift_file()) return;
  piece->state = PieceState::failed;
  piece->reason = failed.no_footage ? std::string(kNoFootage) : failed.reason;
  entry(Record::abort, piece->number, failed.no_footage ? "no_footage" : "failed", piece->reason);
  effect(effect::TellResidents{fmt::format("a clip could not be made: {}", piece->reason)});
  settle();
}

// Taken back and not made anew: what the ledger says was committed is not made a second time.
void Step::lose_offer(Piece& piece, const std::string& detail) {
  if (piece.state != PieceState::offered) return;
  take_back(piece, PieceState::failed, std::string(kFileLost));
  entry(Record::abort, piece.number, "failed", detail);
  effect(effect::TellResidents{fmt::format("an offered clip was taken back: {}", kFileLost)});
  settle();
}

void Step::receipt_stored() {
  const auto& receipt = std::get<event::ReceiptStored>(event_);
  Piece* piece = find_piece(receipt.piece);
  if (piece == nullptr) return;
  entry(Record::done, piece->number, "");
  if (piece->state != PieceState::offered) {
    // Taken back, and they have it all the same: their word for it counts against them.
    effect(effect::TellResidents{fmt::format(
        "the officer confirms having a clip that was {} before", to_string(piece->state))});
    return;
  }
  if (!receipt.whole) return;
  piece->state = PieceState::delivered;
  effect(effect::DeleteOutbox{piece->number});
  settle();
}

void Step::revoke() {
  const auto& by = std::get<event::Revoked>(event_);
  if (!facts_.household.has(by.resident)) {
    return refuse_answer(denied("`{}` is not a resident who may answer", by.resident));
  }
  take_back_all(PieceState::revoked, fmt::format("{} took it back", by.resident));
  entry(Record::revoke, 0, "resident", by.resident);
  effect(effect::TellResidents{fmt::format("{} took the release back", by.resident)});
  state().outcome = "revoked";
  state().phase = Phase::ended;
}

void Step::cancel() {
  take_back_all(PieceState::revoked, "the requester cancelled it");
  entry(Record::abort, 0, "cancelled");
  effect(effect::TellResidents{"the requester cancelled the request"});
  state().outcome = "cancelled";
  state().phase = Phase::ended;
}

}  // namespace latchstring::release
