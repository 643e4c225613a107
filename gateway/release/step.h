// One step under way: the state being changed and what comes of it. Private to the module.
#pragma once

#include <string>
#include <utility>

#include "gateway/release/release.h"

namespace latchstring::release {

class Step {
 public:
  Step(const State& before, const Event& event, const Facts& facts) : event_(event), facts_(facts) {
    outcome_.state = before;
  }

  // Handlers, one per kind of row in the table.
  void receive();
  void judge_or_wait();  // Reconsider in `received`
  void answer();
  void reconsider();
  void sealed();
  void drop_sealed();  // Sealed after the end
  void work_failed();
  void receipt_stored();
  void revoke();
  void cancel();
  void tick();
  void tick_ended();
  void give();
  void handed_over();

  Outcome finish() { return std::move(outcome_); }
  State& state() { return outcome_.state; }

 private:
  bool blocked() const { return !facts_.blocked.empty() || facts_.policies.empty(); }
  policy::Piece decided_for(const Piece& piece) const;
  policy::Approval approval_now(const policy::Piece& decided) const;
  // Why what was made, or is being made, hides too little for this decision; empty: it does not.
  std::string too_little(const Piece& piece, const policy::Piece& decided) const;
  void judge();
  void start_automatic_pieces();
  // Moves an approved piece to work, if the decision of this very step still permits it.
  void start_work(Piece& piece);
  void take_back(Piece& piece, PieceState to, std::string reason);
  void take_back_all(PieceState to, const std::string& reason);
  void withdraw_by_rules(Piece& piece, std::string reason);
  void lose_offer(Piece& piece, const std::string& detail);
  void settle();  // phase and outcome follow from the pieces
  void ask();
  void abort_gift_file(Piece& piece, std::string_view word, std::string reason);
  void lapse_unoffered();
  void expire_offers();
  void time_out_answers();
  bool answers_are_over() const;
  void send_closed_when_due();

  template <class Effect>
  void effect(Effect effect) {
    outcome_.effects.emplace_back(std::move(effect));
  }
  void entry(Record what, int piece, std::string word, std::string detail = {}) {
    outcome_.entries.push_back({what, piece, std::move(word), std::move(detail)});
  }
  Piece* find_piece(int number);
  void wait_for_residents(Piece& piece);
  void refuse_answer(absl::Status why) { outcome_.answer = std::move(why); }

  const Event& event_;
  const Facts& facts_;
  Outcome outcome_;
  bool asks_again_ = false;
};

}  // namespace latchstring::release
