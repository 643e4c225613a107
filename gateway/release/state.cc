#include "gateway/release/state.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::release {
namespace {

constexpr std::array<std::pair<Phase, std::string_view>, 4> kPhases{{
    {Phase::received, "received"},
    {Phase::asking, "asking"},
    {Phase::releasing, "releasing"},
    {Phase::ended, "ended"},
}};

constexpr std::array<std::pair<PieceState, std::string_view>, 9> kPieceStates{{
    {PieceState::waiting, "waiting"},
    {PieceState::working, "working"},
    {PieceState::offered, "offered"},
    {PieceState::delivered, "delivered"},
    {PieceState::refused, "refused"},
    {PieceState::revoked, "revoked"},
    {PieceState::expired, "expired"},
    {PieceState::failed, "failed"},
    {PieceState::lapsed, "lapsed"},
}};

template <class Names, class Value>
std::string_view name_of(const Names& names, Value value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  ensure(false);
  return {};
}

}  // namespace

std::string_view public_reason(const State& state) {
  if (state.phase != Phase::ended) return {};
  if (state.outcome == "not judged") return "too_many_open";
  if (state.outcome == "refused" && std::any_of(state.answers.begin(), state.answers.end(),
                                                [](const Answer& answer) { return !answer.yes; })) {
    return "residents";
  }
  if (state.outcome == "refused" && state.pieces.empty()) return "rules";
  if (state.pieces.empty()) return {};
  const Piece& last = state.pieces.back();  // it gave the outcome its name
  if (last.reason == kNoFootage) return "no_footage";
  if (last.state != PieceState::refused) return {};
  return last.reason == kNobodyAnswered ? "no_answer" : "rules";
}

std::string public_word(const State& state) {
  switch (state.phase) {
    case Phase::received:
      return "received";
    case Phase::asking:
      return "pending";
    case Phase::ended:
      if (state.outcome == "delivered") return "released";
      return state.outcome == "not judged" ? "not_judged" : state.outcome;
    case Phase::releasing:
      break;
  }
  for (const Piece& piece : state.pieces) {
    if (piece.state == PieceState::offered || piece.state == PieceState::delivered) {
      return "released";
    }
  }
  return "processing";
}

bool is_open(const Piece& piece) {
  return piece.state == PieceState::waiting || piece.state == PieceState::working ||
         piece.state == PieceState::offered;
}

std::string_view to_string(Phase phase) {
  return name_of(kPhases, phase);
}
std::string_view to_string(PieceState state) {
  return name_of(kPieceStates, state);
}

absl::StatusOr<Phase> phase_from(std::string_view text) {
  for (const auto& [phase, name] : kPhases) {
    if (name == text) return phase;
  }
  return data_loss("`{}` is not a phase of a request", text);
}

absl::StatusOr<PieceState> piece_state_from(std::string_view text) {
  for (const auto& [state, name] : kPieceStates) {
    if (name == text) return state;
  }
  return data_loss("`{}` is not a state of a piece", text);
}

}  // namespace latchstring::release
