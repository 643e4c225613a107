#include "gateway/release/release.h"

#include <algorithm>

#include "gateway/release/step.h"
#include "gateway/release/table.h"

namespace latchstring::release {
namespace {

using policy::Approval;

// Height limits: 0 means none.
int lower_height(int a, int b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

void tighten(policy::Piece& strict, const policy::Piece& other) {
  strict.approval = std::min(strict.approval, other.approval);
  strict.redact.insert(other.redact.begin(), other.redact.end());
  strict.height_at_most = lower_height(strict.height_at_most, other.height_at_most);
  strict.one_frame_per = std::max(strict.one_frame_per, other.one_frame_per);
  strict.watermark = strict.watermark || other.watermark;
  strict.answer_within = std::min(strict.answer_within, other.answer_within);
  for (const std::string& rule : other.rules) {
    if (std::find(strict.rules.begin(), strict.rules.end(), rule) == strict.rules.end()) {
      strict.rules.push_back(rule);
    }
  }
}

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
      tighten(strict, piece);
    }
  }
  strict.footage = footage;
  if (first || covered < footage.to) strict.approval = Approval::refuse;
  return strict;
}

bool is_approved(Approval approval, const std::vector<Answer>& answers,
                 const std::set<std::string>& residents) {
  std::set<std::string> yes;
  for (const Answer& answer : answers) {
    if (!answer.yes) return false;
    if (residents.contains(answer.resident)) yes.insert(answer.resident);
  }
  switch (approval) {
    case Approval::automatic:
      return true;
    case Approval::ask_one:
      return !yes.empty();
    case Approval::ask_all:
      return !residents.empty() && yes == residents;
    case Approval::refuse:
      return false;
  }
  return false;
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
                               const policy::Policy& policy) {
  return policy::redaction_plan(policy, piece.camera, decided, state.subject.want_audio,
                                decided.watermark ? watermark_of(state.subject) : "");
}

Grant Release::make_grant(const State& state, const Piece& piece, const policy::Piece& decided,
                          const policy::Policy& policy) {
  GrantTerms terms;
  terms.release_id = state.subject.id;
  terms.piece = piece.number;
  terms.camera = piece.camera;
  terms.interval = piece.footage;
  terms.redaction = plan_of(state, piece, decided, policy);
  terms.native = state.subject.want_native && terms.redaction.picture_untouched();
  return Grant(MadeBy<Release>{}, std::move(terms));
}

}  // namespace latchstring::release
