// A request in a house of two residents, for the tests here: facts that a test changes, and what
// happens.
#pragma once

#include <algorithm>

#include "gateway/release/release.h"

namespace latchstring::release::test {

using namespace std::chrono_literals;
using policy::Approval;

inline const Instant kNow = from_unix_seconds(1'780'000'000);

struct House {
  policy::Policy policy;
  Facts facts;
  State state;
  bool used_by_others = false;  // the quota: what is committed is judged without it

  House() {
    policy.timezone = "America/Chicago";
    policy.residents = {"alex", "sam"};
    policy.cameras["front_door"] = {"front_door", policy::Sharing::by_rule, {}, 5s};
    facts.now = kNow;
    facts.policies = {&policy};
    facts.household.residents = {{"alex", "sam"}};
    facts.answers_after = std::chrono::days{8};
    state.subject.id = "aaaaaaaaaa";
    state.subject.agency = "springfield_pd";
    state.subject.footage = {kNow - 60min, kNow - 30min};
    state.subject.received = kNow;
  }

  void decide(Approval approval, Interval footage) {
    policy::Piece piece;
    piece.footage = footage;
    piece.approval = approval;
    piece.answer_within = 48h;
    if (approval != Approval::refuse) piece.redact = {"audio"};
    facts.decisions["front_door"].pieces.push_back(piece);
  }
  void decide(Approval approval) {
    facts.decisions.clear();
    decide(approval, state.subject.footage);
  }

  Outcome happen(const Event& event) {
    if (!used_by_others) facts.decisions_of_committed = facts.decisions;
    Outcome outcome = Release::step(state, event, facts);
    state = outcome.state;
    return outcome;
  }
  Outcome judged(Approval approval) {
    decide(approval);
    happen(event::Received{});
    return happen(event::Reconsider{});
  }
};

template <class Effect>
int count(const Outcome& outcome) {
  return static_cast<int>(
      std::count_if(outcome.effects.begin(), outcome.effects.end(),
                    [](const auto& effect) { return std::holds_alternative<Effect>(effect); }));
}

}  // namespace latchstring::release::test
