#include "policy/analysis/weekly.h"

#include <algorithm>
#include <limits>

#include "policy/analysis/analysis.h"

namespace latchstring::policy {
namespace {

constexpr Duration kAnyLength = std::chrono::hours(24 * 366 * 100);

// Limits that no request of a week can reach.
void lift(Policy& policy) {
  policy.ends = Instant::max();
  policy.always.clip_at_most = kAnyLength;
  policy.always.footage_no_older_than = kAnyLength;
  policy.always.clips_per_month = std::numeric_limits<int>::max();
  policy.always.minutes_per_month = std::numeric_limits<int>::max();
  policy.always.case_number_required = false;
}

// A clip of no length is always too long: the rule counts, and permits nothing.
void set_reach(Rule& rule, bool permits) {
  rule.clip_at_most = permits ? kAnyLength : Duration::zero();
  rule.part_outside_trim = permits;
}

const Piece& piece_at(const Decision& decision, Instant t) {
  return *std::find_if(decision.pieces.begin(), decision.pieces.end(),
                       [t](const Piece& piece) { return piece.footage.contains(t); });
}

void append(std::vector<Run>& runs, Run next) {
  if (!runs.empty() && runs.back().outcome == next.outcome) {
    runs.back().footage.to = next.footage.to;
  } else {
    runs.push_back(std::move(next));
  }
}

}  // namespace

Question question_of(const Case& one, const Interval& footage) {
  Question question;
  question.agency = one.agency;
  question.officer = one.officer;
  question.camera = one.camera;
  question.basis = one.basis;
  question.purpose = one.purpose;
  question.footage = footage;
  return question;
}

Outcome outcome_of(const Piece& piece) {
  if (piece.approval == Approval::refuse) return {};
  Outcome out;
  out.approval = piece.approval;
  out.redact = piece.redact;
  out.height_at_most = piece.height_at_most;
  out.one_frame_per = piece.one_frame_per;
  out.watermark = piece.watermark;
  out.answer_within = piece.answer_within;
  return out;
}

Lifted::Lifted(const Policy& policy) : policy_(policy), real_(policy) {
  lift(real_);
  all_ = real_;
  for (Rule& rule : all_.rules) {
    if (rule.is_never) continue;
    reach_of_.emplace(rule.name, Reach(rule.clip_at_most, rule.part_outside_trim));
    set_reach(rule, true);
  }
  for (const auto& each : reach_of_) {
    const auto [only, added] = only_.emplace(each.second, all_);
    if (!added) continue;
    for (Rule& rule : only->second.rules) {
      if (!rule.is_never) set_reach(rule, reach_of_.at(rule.name) == each.second);
    }
  }
}

std::set<Lifted::Reach> Lifted::reaches_of(const Decision& decision) const {
  std::set<Reach> out;
  for (const Piece& piece : decision.pieces) {
    if (piece.approval == Approval::refuse) continue;
    for (const std::string& name : piece.rules) out.insert(reach_of_.at(name));
  }
  return out;
}

Outcome Lifted::outcome_with(const Piece& piece, const Reach& reach) const {
  Outcome out = outcome_of(piece);
  if (out.approval == Approval::refuse) return out;
  out.clip_of_always = reach.first >= policy_.always.clip_at_most;
  out.clip_at_most = std::min(reach.first, policy_.always.clip_at_most);
  out.trims = reach.second;
  return out;
}

std::vector<Run> Lifted::runs(const Case& one, Instant arrival, const Interval& footage) const {
  const Question question = question_of(one, footage);
  const Decision all = judge(all_, question, arrival);
  const std::set<Reach> reaches = reaches_of(all);
  std::vector<Run> out;
  if (reaches.size() <= 1) {
    const Reach reach = reaches.empty() ? Reach() : *reaches.begin();
    for (const Piece& piece : all.pieces) append(out, {piece.footage, outcome_with(piece, reach)});
    return out;
  }
  // Which of them permit is the engine's to say: it is asked for each as if there were no other.
  std::set<Instant> cuts{footage.to};
  for (const Piece& piece : all.pieces) cuts.insert(piece.footage.from);
  std::vector<std::pair<Reach, Decision>> each;
  for (const Reach& reach : reaches) {
    each.emplace_back(reach, judge(only_.at(reach), question, arrival));
    for (const Piece& piece : each.back().second.pieces) cuts.insert(piece.footage.from);
  }
  for (auto from = cuts.begin(); std::next(from) != cuts.end(); ++from) {
    Reach most;
    for (const auto& [reach, decision] : each) {
      if (piece_at(decision, *from).approval == Approval::refuse) continue;
      most = {std::max(most.first, reach.first), most.second || reach.second};
    }
    append(out, {{*from, *std::next(from)}, outcome_with(piece_at(all, *from), most)});
  }
  return out;
}

Approval Lifted::whole(const Case& one, Instant arrival, const Interval& footage) const {
  const Decision decision = judge(real_, question_of(one, footage), arrival);
  Approval least = Approval::automatic;
  for (const Piece& piece : decision.pieces) least = std::min(least, piece.approval);
  return least;
}

std::string_view to_string(Order order) {
  constexpr std::string_view kWords[] = {"same", "looser", "tighter", "changed"};
  return kWords[static_cast<std::size_t>(order)];
}

void Balance::add(Order order) {
  looser_ = looser_ || order == Order::looser || order == Order::changed;
  tighter_ = tighter_ || order == Order::tighter || order == Order::changed;
}

void Balance::more_is_tighter(const std::set<std::string>& before,
                              const std::set<std::string>& after) {
  if (!std::includes(after.begin(), after.end(), before.begin(), before.end())) add(Order::looser);
  if (!std::includes(before.begin(), before.end(), after.begin(), after.end())) add(Order::tighter);
}

Order Balance::order() const {
  if (looser_ && tighter_) return Order::changed;
  return looser_ ? Order::looser : tighter_ ? Order::tighter : Order::same;
}

Order order(const Outcome& before, const Outcome& after) {
  if (before.approval == Approval::refuse || after.approval == Approval::refuse) {
    if (before.approval == after.approval) return Order::same;
    return before.approval == Approval::refuse ? Order::looser : Order::tighter;
  }
  const auto height = [](const Outcome& outcome) {
    return outcome.height_at_most == 0 ? std::numeric_limits<int>::max() : outcome.height_at_most;
  };
  Balance balance;
  balance.more_is_looser(before.approval, after.approval);
  balance.more_is_tighter(before.redact, after.redact);
  balance.more_is_looser(height(before), height(after));
  balance.more_is_looser(after.one_frame_per, before.one_frame_per);
  balance.more_is_looser(after.watermark, before.watermark);
  balance.more_is_looser(before.answer_within, after.answer_within);
  balance.more_is_looser(before.trims, after.trims);
  // That `always` gives another length is told once, not for every case.
  if (!before.clip_of_always || !after.clip_of_always) {
    balance.more_is_looser(before.clip_at_most, after.clip_at_most);
  }
  return balance.order();
}

}  // namespace latchstring::policy
