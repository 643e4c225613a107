#include "policy/engine/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/engine/index.h"
#include "policy/engine/pieces.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);

bool covers(const std::vector<bool>& set, std::optional<std::size_t> number) {
  return set.empty() || (number && set[*number]);
}

std::optional<std::size_t> number_of(const Numbers& numbers, const std::string& name) {
  const auto found = numbers.find(name);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

bool contains(const Intervals& intervals, Instant t) {
  return std::any_of(intervals.begin(), intervals.end(),
                     [t](const Interval& each) { return each.contains(t); });
}

// A rule whose scope, but for the time of the footage, fits the request.
struct Candidate {
  const Rule* rule;
  bool surely;         // false: it may fit, as the officer is not known
  Intervals possible;  // instants t with some of [t-e, t+e] in the window
  Intervals sure;      // instants t with all of [t-e, t+e] in the window
};

class Judge {
 public:
  Judge(const Policy& policy, const Question& question, const Facts& facts)
      : policy_(policy), question_(question), facts_(facts) {}

  Decision judge() {
    std::string why = gate();
    if (!why.empty()) return refuse_all(std::move(why));
    gather_candidates();
    whole_ = find_whole();
    Decision decision;
    const std::vector<Instant> cuts = breakpoints();
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      append(decision.pieces, piece_at({cuts[i], cuts[i + 1]}));
    }
    why = clips_left(decision);
    if (!why.empty()) return refuse_all(std::move(why));
    for (Piece& piece : decision.pieces) {
      if (piece.approval != Approval::refuse) explain(piece);
    }
    return decision;
  }

 private:
  // Steps 1 and 2 as far as they concern the whole request. Empty: go on.
  std::string gate() {
    const Interval& footage = question_.footage;
    const Always& always = policy_.always;
    if (footage.empty()) return "the footage asked for is empty";
    if (facts_.now >= policy_.ends) return "these rules have ended (rules_end_on)";
    if (policy_.agencies.count(question_.agency) == 0) {
      return fmt::format("\"{}\" is not among the agencies", question_.agency);
    }
    const auto camera = policy_.cameras.find(question_.camera);
    if (camera == policy_.cameras.end()) {
      return fmt::format("\"{}\" is not among the cameras", question_.camera);
    }
    camera_ = &camera->second;
    if (std::string why = area_gate(); !why.empty()) return why;
    if (always.case_number_required && !question_.has_case_number) return "no case number";
    if (footage.to > facts_.now) return "the footage has not ended yet";
    if (footage.length() > always.clip_at_most) {
      return fmt::format("longer than {} (always: clip_at_most)", in_words(always.clip_at_most));
    }
    if (facts_.time_given_this_month + footage.length() > always.minutes_per_month * kMinute ||
        facts_.clips_given_this_month >= always.clips_per_month) {
      return "more than is left of this month's limit (per_agency_per_month)";
    }
    return camera_gate();
  }

  // A request that names a place instead of a camera concerns only who stands in it.
  std::string area_gate() const {
    if (!question_.area) return "";
    const int within = policy_.always.area_within_metres;
    if (within == 0) return "requests about a place are not listened to (area_requests)";
    if (!facts_.home) return "it is about a place, and where this house stands is not known";
    const double away = metres_between(*facts_.home, question_.area->centre);
    if (away > question_.area->radius_metres)
      return "this house lies outside the place it is about";
    if (away <= within) return "";
    return fmt::format("the place it is about is more than {} metres away (area_requests)", within);
  }

  std::string camera_gate() const {
    if (question_.basis == Basis::preservation && !facts_.can_hold)
      return "footage cannot be held on request yet";
    if (camera_->sharing == Sharing::never) {
      return fmt::format("the camera \"{}\" is never shared", camera_->id);
    }
    const bool has_warrant = question_.basis == Basis::warrant;
    if (camera_->sharing == Sharing::warrant_only && !has_warrant) {
      return fmt::format("the camera \"{}\" is shared with a warrant only", camera_->id);
    }
    if (!has_warrant) return "";
    if (!facts_.warrant) return "no verified warrant";
    const auto& cameras = facts_.warrant->cameras;
    if (!cameras.empty() && cameras.count(camera_->id) == 0) {
      return fmt::format("the warrant does not name the camera \"{}\"", camera_->id);
    }
    return "";
  }

  Decision refuse_all(std::string why) const {
    Piece piece;
    piece.footage = question_.footage;
    piece.reasons = {std::move(why)};
    return {{std::move(piece)}};
  }

  // Can only be told when the pieces are known. All or nothing: which of the pieces to leave out is
  // not the gateway's to choose.
  std::string clips_left(const Decision& decision) const {
    const auto given = std::count_if(decision.pieces.begin(), decision.pieces.end(),
                                     [](const Piece& p) { return p.approval != Approval::refuse; });
    if (facts_.clips_given_this_month + given <= policy_.always.clips_per_month) return "";
    return fmt::format("{} clips are more than is left of this month's limit", given);
  }

  void gather_candidates() {
    const Index& index = *policy_.index;
    const Duration e = camera_->clock_error;
    const Interval padded{question_.footage.from - e, question_.footage.to + e};
    const auto agency = number_of(index.agencies, question_.agency);
    const auto camera = number_of(index.cameras, question_.camera);
    const auto purpose = number_of(index.purposes, question_.purpose);
    const unsigned basis = 1U << static_cast<unsigned>(question_.basis);
    std::vector<Stretch> stretches;
    for (const RuleScope& scope : index.scopes) {
      if ((scope.bases & basis) == 0 || !covers(scope.cameras, camera) ||
          !covers(scope.agencies, agency) || !covers(scope.purposes, purpose)) {
        continue;
      }
      const Rule& rule = policy_.rules[scope.rule];
      if (!fits_now(rule)) continue;
      if (stretches.empty()) stretches = index.clock.stretches(padded);
      add_candidate(rule, inside(rule.footage, stretches));
    }
  }

  bool fits_now(const Rule& rule) const {
    if (rule.starts && facts_.now < *rule.starts) return false;
    if (rule.ends && facts_.now >= *rule.ends) return false;
    if (!rule.officers.empty() && !question_.officer.empty() &&
        rule.officers.count(question_.officer) == 0) {
      return false;
    }
    if (is_whole_week(rule.requests)) return true;
    const Interval arrival{question_.received, question_.received + Duration(1)};
    return !inside(rule.requests, policy_.index->clock.stretches(arrival)).empty();
  }

  static bool is_whole_week(const DayWindow& window) {
    return window.from_minute == 0 && window.to_minute == 24 * 60 &&
           std::all_of(window.days.begin(), window.days.end(), [](bool day) { return day; });
  }

  void add_candidate(const Rule& rule, const Intervals& window) {
    const Duration e = camera_->clock_error;
    Candidate candidate{&rule, rule.officers.empty() || !question_.officer.empty(), {}, {}};
    for (const Interval& each : window) {
      // [t-e, t+e] is closed, the window half-open.
      const Interval wide = intersection({each.from - e, each.to + e}, question_.footage);
      const Interval narrow = intersection({each.from + e, each.to - e}, question_.footage);
      if (!wide.empty()) candidate.possible.push_back(wide);
      if (!narrow.empty() && candidate.surely) candidate.sure.push_back(narrow);
    }
    if (candidate.possible.empty()) return;
    (rule.is_never ? nevers_ : allows_).push_back(std::move(candidate));
  }

  // From here on footage is young enough. Counted from the arrival: counted from now, what was
  // granted would be too old a moment later, when it is decided again.
  Instant age_limit() const {
    return question_.received - policy_.always.footage_no_older_than + camera_->clock_error;
  }

  bool nevers_count() const {
    return !(facts_.override_never && question_.basis == Basis::warrant);
  }

  // Whether a rule with `part_outside: refuse` may permit anything: the age limit and the never
  // rules, over all of the footage.
  bool find_whole() const {
    return question_.footage.from >= age_limit() && (nevers_.empty() || !nevers_count());
  }

  std::vector<Instant> breakpoints() const {
    std::vector<Instant> cuts{question_.footage.from, question_.footage.to};
    const auto add = [&](Instant t) {
      if (question_.footage.contains(t)) cuts.push_back(t);
    };
    for (const auto* list : {&nevers_, &allows_}) {
      for (const Candidate& candidate : *list) {
        for (const auto* intervals : {&candidate.possible, &candidate.sure}) {
          for (const Interval& each : *intervals) {
            add(each.from);
            add(each.to);
          }
        }
      }
    }
    add(age_limit());
    if (question_.basis == Basis::warrant) {
      add(facts_.warrant->footage.from);
      add(facts_.warrant->footage.to);
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    return cuts;
  }

  // Steps 2 to 5 for a stretch in which nothing changes.
  Piece piece_at(const Interval& stretch) const {
    Piece piece;
    piece.footage = stretch;
    const Instant t = stretch.from;
    if (question_.basis == Basis::warrant && !facts_.warrant->footage.contains(t)) {
      piece.reasons.push_back("outside the hours that the warrant names");
    }
    if (nevers_count()) note_nevers(t, piece);
    if (t < age_limit()) {
      piece.reasons.push_back(fmt::format("older than {} (always: footage_no_older_than)",
                                          in_words(policy_.always.footage_no_older_than)));
    }
    if (piece.reasons.empty()) find_permission(t, piece);
    if (piece.reasons.empty()) set_conditions(t, piece);
    return piece;
  }

  void note_nevers(Instant t, Piece& piece) const {
    for (const Candidate& candidate : nevers_) {
      if (!contains(candidate.possible, t)) continue;
      piece.rules.push_back(candidate.rule->name);
      piece.reasons.push_back(fmt::format("the never rule \"{}\" (line {}) fits",
                                          candidate.rule->name, candidate.rule->line));
    }
  }

  // Step 4: adds reasons unless some rule permits t.
  void find_permission(Instant t, Piece& piece) const {
    std::vector<std::string> held_back;
    for (const Candidate& candidate : allows_) {
      if (!contains(candidate.sure, t)) continue;
      std::string why = held_back_by(candidate);
      if (why.empty()) return;
      piece.rules.push_back(candidate.rule->name);
      held_back.push_back(std::move(why));
    }
    if (held_back.empty()) held_back = near_edges(t);
    piece.reasons = std::move(held_back);
  }

  // Which rules would permit t if the camera's clock were sure.
  std::vector<std::string> near_edges(Instant t) const {
    std::vector<std::string> out;
    for (const auto& [rule, surely, possible, sure] : allows_) {
      if (!surely || !contains(possible, t)) continue;
      out.push_back(fmt::format("too near to the edge of the hours of \"{}\"", rule->name));
    }
    return out.empty() ? std::vector<std::string>{"no allow rule permits this"} : out;
  }

  std::string held_back_by(const Candidate& candidate) const {
    const Rule& rule = *candidate.rule;
    const Interval& footage = question_.footage;
    if (footage.length() > rule.clip_at_most) {
      return fmt::format("the rule \"{}\" (line {}) gives at most {} (clip_at_most)", rule.name,
                         rule.line, in_words(rule.clip_at_most));
    }
    const bool all_of_it = std::any_of(candidate.sure.begin(), candidate.sure.end(),
                                       [&](const Interval& i) { return i.contains(footage); });
    if (rule.part_outside_trim || (whole_ && all_of_it)) return "";
    return fmt::format(
        "the rule \"{}\" (line {}) refuses a request that reaches outside what may be given "
        "(part_outside)",
        rule.name, rule.line);
  }

  // Step 5, over all rules that may fit.
  void set_conditions(Instant t, Piece& piece) const {
    const Always& always = policy_.always;
    piece.approval = Approval::automatic;
    piece.height_at_most = always.height_at_most;
    piece.one_frame_per = always.one_frame_per;
    piece.watermark = always.watermark;
    piece.answer_within = Duration::max();
    add_redactions(always.redact, piece);
    add_redactions(camera_->always_redact, piece);
    for (const Candidate& candidate : allows_) {
      if (contains(candidate.possible, t)) add_conditions(*candidate.rule, piece);
    }
    if (question_.basis == Basis::emergency) {
      piece.approval = std::min(piece.approval, Approval::ask_one);
    }
    if (facts_.override_never && question_.basis == Basis::warrant) {
      piece.approval = std::min(piece.approval, Approval::ask_all);
    }
    if (question_.basis == Basis::warrant && facts_.warrant->is_paper) {
      piece.approval = std::min(piece.approval, Approval::ask_all);
    }
  }

  void add_conditions(const Rule& rule, Piece& piece) const {
    piece.rules.push_back(rule.name);
    piece.approval = std::min(piece.approval, rule.approval);
    piece.answer_within = std::min(piece.answer_within, answer_within(rule, question_.basis));
    piece.one_frame_per = std::max(piece.one_frame_per, rule.one_frame_per);
    piece.watermark = piece.watermark || rule.watermark;
    if (rule.height_at_most != 0) {
      piece.height_at_most = piece.height_at_most == 0
                                 ? rule.height_at_most
                                 : std::min(piece.height_at_most, rule.height_at_most);
    }
    add_redactions(rule.redact, piece);
  }

  // Zones of other cameras do not concern this one.
  void add_redactions(const std::set<std::string>& names, Piece& piece) const {
    for (const std::string& name : names) {
      const auto zone = policy_.zone_camera.find(name);
      if (zone == policy_.zone_camera.end() || zone->second == camera_->id) {
        piece.redact.insert(name);
      }
    }
  }

  const Policy& policy_;
  const Question& question_;
  const Facts& facts_;
  const Camera* camera_ = nullptr;
  std::vector<Candidate> nevers_;
  std::vector<Candidate> allows_;
  bool whole_ = false;
};

}  // namespace

Approval Decision::overall() const {
  Approval strictest = Approval::refuse;
  for (const Piece& piece : pieces) {
    if (piece.approval == Approval::refuse) continue;
    strictest =
        strictest == Approval::refuse ? piece.approval : std::min(strictest, piece.approval);
  }
  return strictest;
}

Decision decide(const Policy& policy, const Question& question, const Facts& facts) {
  return Judge(policy, question, facts).judge();
}

Interval calendar_month(const Policy& policy, Instant instant) {
  const WallClock& clock = policy.index->clock;
  const absl::CivilMonth month(clock.shown(instant));
  const auto date = [](absl::CivilMonth m) {
    return static_cast<int>(m.year()) * 10'000 + m.month() * 100 + 1;
  };
  return {clock.day_start(date(month)), clock.day_start(date(month + 1))};
}

}  // namespace latchstring::policy
