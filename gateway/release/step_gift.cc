// What the household gives of its own accord.
#include <algorithm>

#include "gateway/release/step.h"

namespace latchstring::release {

// Its residents stand behind it at once, or nothing happens: a gift asks nobody afterwards.
void Step::give() {
  if (!state().subject.is_gift) return refuse_answer(denied("only a gift is given"));
  if (state().subject.footage.empty()) {
    return refuse_answer(invalid("the end is before the beginning, or no later"));
  }
  if (blocked()) return refuse_answer(not_now("nothing can be given now: {}", facts_.blocked));
  Piece piece;
  piece.camera = state().subject.cameras.front();
  piece.footage = state().subject.footage;
  const policy::Piece decided = decided_for(piece);
  if (decided.approval == policy::Approval::refuse) {
    return refuse_answer(
        denied("the rules do not permit this gift: {}", fmt::join(decided.reasons, "; ")));
  }
  for (const std::string& resident : std::get<event::Given>(event_).residents) {
    if (!facts_.household.has(resident)) {
      return refuse_answer(denied("`{}` is not a resident who may answer", resident));
    }
    state().answers.push_back({resident, true, facts_.now});
    entry(Record::approval, 0, "yes", resident);
  }
  if (!is_approved(decided.approval, state().answers, facts_.household)) {
    std::string why =
        fmt::format("every resident must agree to a gift ({}): `--as` for each of them",
                    fmt::join(facts_.household.all(), ", "));
    for (const std::string& name : facts_.household.waiting) {
      why += fmt::format("; the PIN of `{}` is new, and their yes does not count yet", name);
    }
    return refuse_answer(denied("{}", why));
  }
  state().close_at = facts_.now + kGiftWaits;
  piece.approval = decided.approval;
  state().pieces.push_back(std::move(piece));
  effect(effect::PinFootage{});
  effect(effect::TellResidents{"a gift was agreed"});
  start_work(state().pieces.front());
  settle();
}

void Step::handed_over() {
  Piece* piece = find_piece(std::get<event::HandedOver>(event_).piece);
  if (piece == nullptr || piece->state != PieceState::offered || !state().subject.is_gift_file()) {
    return refuse_answer(not_now("the gift `{}` is not being handed over", state().subject.id));
  }
  piece->state = PieceState::delivered;
  effect(effect::TellResidents{"a gift was written to a file"});
  settle();
}

void Step::abort_gift_file(Piece& piece, std::string_view word, std::string reason) {
  if (piece.state == PieceState::working) effect(effect::StopWork{piece.number});
  piece.state = PieceState::failed;
  entry(Record::abort, piece.number, std::string(word), reason);
  effect(effect::TellResidents{fmt::format("a gift was not made: {}", reason)});
  piece.reason = std::move(reason);
}

}  // namespace latchstring::release
