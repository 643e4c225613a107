// What falls due as time passes, and what the phase is once the pieces have moved.
#include <algorithm>

#include "gateway/release/step.h"

namespace latchstring::release {

void Step::tick() {
  if (!facts_.clock_is_right) return;  // no term runs while the time is not known
  // Also where something else blocks: `closed` falls due all the same.
  if (state().close_at == Instant{}) state().close_at = facts_.now + facts_.answers_after;
  time_out_answers();
  expire_offers();
  send_closed_when_due();
  settle();
}

void Step::tick_ended() {
  if (!facts_.clock_is_right) return;
  if (state().close_at == Instant{}) state().close_at = facts_.now + facts_.answers_after;
  send_closed_when_due();
}

void Step::time_out_answers() {
  if (state().answer_by == Instant{} || facts_.now < state().answer_by) return;
  bool any = false;
  for (Piece& piece : state().pieces) {
    if (piece.state != PieceState::waiting) continue;
    // Answered, but something blocks: that is not the residents' silence.
    if (is_approved(piece.approval, state().answers, facts_.household)) continue;
    piece.state = PieceState::refused;
    piece.reason = kNobodyAnswered;
    any = true;
  }
  if (!any) return;
  entry(Record::approval, 0, "timed_out", std::string(kNobodyAnswered));
  effect(effect::TellResidents{"nobody answered in time: refused"});
}

// Also before the tick that will find it so.
bool Step::answers_are_over() const {
  if (!facts_.clock_is_right) return false;
  const auto is_over = [this](Instant term) { return term != Instant{} && facts_.now >= term; };
  return is_over(outcome_.state.answer_by) || is_over(outcome_.state.close_at);
}

void Step::expire_offers() {
  for (Piece& piece : state().pieces) {
    if (piece.state != PieceState::offered || facts_.now < piece.expires) continue;
    piece.state = PieceState::expired;
    entry(Record::abort, piece.number, "expired");
    effect(effect::DeleteOutbox{piece.number});
    effect(effect::TellResidents{"an offered clip was never fetched: it expired"});
  }
}

void Step::send_closed_when_due() {
  if (state().closed_sent || state().close_at == Instant{} || facts_.now < state().close_at) return;
  lapse_unoffered();
  state().closed_sent = true;
  if (state().subject.is_gift) return;  // nobody asked, so nobody is told
  entry(Record::closed, 0, "closed");
  effect(effect::SendClosed{});
}

// A release that was not offered by the due time lapses.
void Step::lapse_unoffered() {
  if (state().phase == Phase::received) {
    state().phase = Phase::ended;
    state().outcome = "lapsed";
    entry(Record::abort, 0, "never_judged");
    effect(effect::TellResidents{"a request was never judged: its time is over"});
  }
  for (Piece& piece : state().pieces) {
    if (piece.state != PieceState::waiting && piece.state != PieceState::working) continue;
    if (piece.state == PieceState::working) effect(effect::StopWork{piece.number});
    piece.state = PieceState::lapsed;
    entry(Record::abort, piece.number, "lapsed");
    effect(effect::TellResidents{"a clip was not ready in time: it lapsed"});
  }
}

void Step::settle() {
  if (state().phase == Phase::received && state().pieces.empty()) return;
  if (state().phase == Phase::ended) return;
  bool waiting = false, moving = false, delivered = false;
  for (const Piece& piece : state().pieces) {
    waiting = waiting || piece.state == PieceState::waiting;
    moving = moving || piece.state == PieceState::working || piece.state == PieceState::offered;
    delivered = delivered || piece.state == PieceState::delivered;
  }
  if (waiting) {
    state().phase = Phase::asking;
    if (state().answer_by == Instant{} || asks_again_) ask();
  } else if (moving) {
    state().phase = Phase::releasing;
  } else {
    state().phase = Phase::ended;
    if (delivered) {
      state().outcome = "delivered";
    } else if (state().outcome.empty()) {
      state().outcome = std::string(to_string(state().pieces.back().state));
    }
  }
}

// One term for all that is asked: the shortest of the pieces'. It begins anew where a piece comes
// back to be asked.
void Step::ask() {
  Duration shortest = Duration::max();
  for (const Piece& piece : state().pieces) {
    if (piece.state != PieceState::waiting) continue;
    // What the rules refuse by now has no term, and is refused when it is decided again.
    const policy::Piece decided = decided_for(piece);
    if (decided.approval != policy::Approval::refuse)
      shortest = std::min(shortest, decided.answer_within);
  }
  state().answer_by = state().close_at;
  if (shortest < state().close_at - facts_.now) state().answer_by = facts_.now + shortest;
  effect(effect::AskResidents{state().answer_by});
}

}  // namespace latchstring::release
