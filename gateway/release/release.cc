#include "gateway/release/release.h"

#include <algorithm>

#include "gateway/release/step.h"
#include "gateway/release/table.h"
#include "policy/engine/pieces.h"

namespace latchstring::release {
namespace {

std::string watermark_of(const Subject& subject) {
  return subject.agency.empty() ? subject.id : fmt::format("{} {}", subject.id, subject.agency);
}

}  // namespace

policy::Piece strictest_over(const policy::Decision& decision, const Interval& footage) {
  policy::Piece strict;
  Instant covered = footage.from;
  bool first = true;
  for (const policy::Piece& piece : decision.pieces) {
    if (intersection(piece.footage, footage).empty()) continue;
    if (piece.footage.from > covered) break;  // a gap: not covered, so refused
    covered = std::max(covered, piece.footage.to);
    if (first) {
      strict = piece;
      first = false;
    } else {
      policy::tighten(strict, piece);
    }
  }
  strict.footage = footage;
  if (first || covered < footage.to) {
    strict.approval = policy::Approval::refuse;
    strict.reasons.emplace_back("the rules decide nothing about some of that time");
  }
  return strict;
}

Outcome Release::step(const State& state, const Event& event, const Facts& facts) {
  const Row& row = row_of(state.phase, event);
  Step step(state, event, facts);
  if (row.handle == nullptr) {
    Outcome outcome = step.finish();
    outcome.answer = not_now("request `{}` is {}{}: nothing was changed", state.subject.id,
                             to_string(state.phase),
                             state.outcome.empty() ? "" : fmt::format(" ({})", state.outcome));
    return outcome;
  }
  row.handle(step);
  return step.finish();
}

Look Release::look(std::string camera, Interval footage, RedactionPlan redaction) {
  GrantTerms terms;
  terms.camera = std::move(camera);
  terms.interval = footage;
  terms.redaction = std::move(redaction);
  return Look(MadeBy<Release>{}, std::move(terms));
}

RedactionPlan Release::plan_of(const State& state, const Piece& piece, const policy::Piece& decided,
                               const std::vector<const policy::Policy*>& policies) {
  return policy::redaction_plan(policies, piece.camera, decided, state.subject.want_audio,
                                decided.watermark ? watermark_of(state.subject) : "");
}

Grant Release::make_grant(const State& state, const Piece& piece, const policy::Piece& decided,
                          const std::vector<const policy::Policy*>& policies) {
  GrantTerms terms;
  terms.release_id = state.subject.id;
  terms.piece = piece.number;
  terms.camera = piece.camera;
  terms.interval = piece.footage;
  terms.redaction = plan_of(state, piece, decided, policies);
  terms.native = state.subject.want_native && terms.redaction.picture_untouched();
  return Grant(MadeBy<Release>{}, std::move(terms));
}

}  // namespace latchstring::release
