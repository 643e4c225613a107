// A question for each change, so that nobody needs to believe it: `policy explain` answers it
// differently with the one file and with the other.
#include <algorithm>

#include "policy/analysis/analysis.h"
#include "policy/analysis/differences.h"

namespace latchstring::policy {
namespace {

constexpr int kTriesMax = 2000;  // questions that are tried for one change
constexpr Duration kMinute = std::chrono::minutes(1);

Outcome terms_of(Outcome outcome) {
  outcome.clip_at_most = Duration::zero();
  outcome.clip_of_always = false;
  outcome.trims = false;
  return outcome;
}

// What both answer, stretch by stretch.
std::vector<std::pair<Outcome, Outcome>> answers(const Policy& before, const Policy& after,
                                                 const Witness& witness) {
  const Question question = question_of(witness.one, witness.footage);
  const Decision first = judge(before, question, witness.now);
  const Decision second = judge(after, question, witness.now);
  std::vector<std::pair<Outcome, Outcome>> out;
  for (const Piece& a : first.pieces) {
    for (const Piece& b : second.pieces) {
      if (intersection(a.footage, b.footage).empty()) continue;
      out.emplace_back(outcome_of(a), outcome_of(b));
    }
  }
  return out;
}

class Search {
 public:
  Search(const Policy& before, const Policy& after, const Timeline& timeline, const Change& change)
      : before_(before), after_(after), timeline_(timeline), change_(change) {}

  std::optional<Witness> find() {
    Case one;
    for (const std::string& camera : change_.cameras) {
      one.camera = camera;
      for (const Basis basis : change_.bases) {
        one.basis = basis;
        for (const std::string& agency : change_.agencies) {
          one.agency = agency;
          one.officer = *change_.officers.begin();
          one.purpose = *change_.purposes.begin();
          try_times(one);
          if (found_ || tries_ >= kTriesMax) return found_;
        }
      }
    }
    return found_;
  }

 private:
  bool done() const { return found_ || tries_ >= kTriesMax; }

  void try_times(const Case& one) {
    Intervals times = change_.times;
    std::stable_sort(times.begin(), times.end(),
                     [](const Interval& a, const Interval& b) { return a.length() > b.length(); });
    for (const Interval& each : times) {
      for (const FootageWeek& week : timeline_.weeks()) {
        if (week.kind != kind()) continue;
        for (const Instant at : instants_shown(after_.index->clock, week.utc.from, each.from)) {
          try_footage(one, {at, at + each.length()});
          if (done()) return;
        }
      }
    }
  }

  std::size_t kind() const {
    for (const FootageWeek& week : timeline_.weeks()) {
      if (change_.week && week.utc.from == *change_.week) return week.kind;
    }
    return timeline_.ordinary_kind();
  }

  // Short requests inside, where the terms differ; else such as are too long for one of them, or
  // reach outside.
  void try_footage(const Case& one, const Interval& inside) {
    Duration length = std::min(inside.length(), kMinute);
    Duration longest{0};
    for (const Outcome* outcome : {&change_.before, &change_.after}) {
      if (outcome->approval == Approval::refuse) continue;
      length = std::min(length, outcome->clip_at_most);
      longest = std::max(longest, outcome->clip_at_most);
    }
    if (change_.over_edges) {
      try_nows(one, inside);
      return;
    }
    if (terms_of(change_.before) != terms_of(change_.after)) {
      try_nows(one, {inside.from, inside.from + length});
      return;
    }
    try_nows(one, {inside.from, inside.from + longest});
    try_nows(one, {inside.from - length, inside.from + length});
    try_nows(one, {inside.to - length, inside.to + length});
    try_too_old(one, {inside.from, inside.from + length});
  }

  void try_nows(const Case& one, const Interval& footage) {
    try_question({one, footage, footage.to + std::chrono::hours(1)});
    try_question({one, footage, footage.to});
    const auto& moments = timeline_.moments();
    auto moment = std::lower_bound(moments.begin(), moments.end(), footage.to,
                                   [](const Moment& each, Instant t) { return each.now < t; });
    for (; moment != moments.end() && moment->now < footage.to + oldest() && !done(); ++moment) {
      try_question({one, footage, moment->now});
    }
  }

  // When half of it is too old.
  void try_too_old(const Case& one, const Interval& footage) {
    for (const Policy* policy : {&before_, &after_}) {
      const auto camera = policy->cameras.find(one.camera);
      if (camera == policy->cameras.end()) continue;
      try_question({one, footage,
                    footage.from + footage.length() / 2 + policy->always.footage_no_older_than -
                        camera->second.clock_error});
    }
  }

  Duration oldest() const {
    return std::max(before_.always.footage_no_older_than, after_.always.footage_no_older_than);
  }

  void try_question(const Witness& witness) {
    const auto arrival = timeline_.arrival_at(witness.now);
    if (done() || !arrival || change_.arrivals.count(*arrival) == 0) return;
    ++tries_;
    if (shows(before_, after_, witness, change_)) found_ = witness;
  }

  const Policy& before_;
  const Policy& after_;
  const Timeline& timeline_;
  const Change& change_;
  std::optional<Witness> found_;
  int tries_ = 0;
};

}  // namespace

bool shows(const Policy& before, const Policy& after, const Witness& witness,
           const Change& change) {
  const Outcome was = terms_of(change.before);
  const Outcome is = terms_of(change.after);
  const auto answered = answers(before, after, witness);
  return std::any_of(answered.begin(), answered.end(), [&](const auto& both) {
    if (was != is) return both.first == was && both.second == is;
    // The same terms, for requests of another length or that reach elsewhere.
    return (change.order != Order::tighter && both == std::pair(Outcome(), is)) ||
           (change.order != Order::looser && both == std::pair(was, Outcome()));
  });
}

std::optional<Witness> find_witness(const Policy& before, const Policy& after,
                                    const Timeline& timeline, const Change& change) {
  return Search(before, after, timeline, change).find();
}

}  // namespace latchstring::policy
