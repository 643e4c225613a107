#include "policy/engine/pieces.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/ensure.h"
#include "policy/engine/words.h"

namespace latchstring::policy {
namespace {

bool same_outcome(const Piece& a, const Piece& b) {
  if (a.approval != b.approval) return false;
  if (a.approval == Approval::refuse) return a.reasons == b.reasons && a.rules == b.rules;
  return a.redact == b.redact && a.height_at_most == b.height_at_most &&
         a.one_frame_per == b.one_frame_per && a.watermark == b.watermark &&
         a.answer_within == b.answer_within;
}

template <class T>
void add_new(const std::vector<T>& more, std::vector<T>& to) {
  for (const T& each : more) {
    if (std::find(to.begin(), to.end(), each) == to.end()) to.push_back(each);
  }
}

// Height limits: 0 means none.
int lower_height(int a, int b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

Decision refuse_all(const Interval& footage, std::string why) {
  Piece piece;
  piece.footage = footage;
  piece.reasons = {std::move(why)};
  return {{std::move(piece)}};
}

Decision answer_of(const Version& version, const Interval& footage,
                   const std::function<Decision(const Policy&, const Facts&)>& decide) {
  if (version.policy == nullptr || !version.stranger.empty()) {
    return refuse_all(footage, version.says + version.stranger);
  }
  Decision decision = decide(*version.policy, version.facts);
  for (Piece& piece : decision.pieces) {
    for (std::string& reason : piece.reasons) reason.insert(0, version.says);
  }
  return decision;
}

const Piece& piece_at(const Decision& decision, Instant t) {
  const auto found = std::find_if(decision.pieces.begin(), decision.pieces.end(),
                                  [t](const Piece& piece) { return piece.footage.contains(t); });
  ensure(found != decision.pieces.end());  // they cover the footage without gaps
  return *found;
}

// For a stretch in which no answer changes.
Piece strictest_in(const std::vector<Decision>& answers, const Interval& stretch) {
  Piece strict = piece_at(answers.front(), stretch.from);
  for (std::size_t i = 1; i < answers.size(); ++i) {
    const Piece& other = piece_at(answers[i], stretch.from);
    const bool refused = strict.approval == Approval::refuse;
    if (other.approval == Approval::refuse && !refused) {
      strict = other;
    } else if (other.approval == Approval::refuse) {
      add_new(other.reasons, strict.reasons);
    } else if (!refused) {
      tighten(strict, other);
    }
  }
  strict.footage = stretch;
  return strict;
}

std::vector<Instant> cuts_of(const std::vector<Decision>& answers) {
  std::vector<Instant> cuts;
  for (const Decision& answer : answers) {
    for (const Piece& piece : answer.pieces) {
      cuts.push_back(piece.footage.from);
      cuts.push_back(piece.footage.to);
    }
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

// The pieces of several answers can be more than those of each.
bool has_clips_left(const Version& version, std::int64_t wanted) {
  return version.policy == nullptr ||
         version.facts.clips_given_this_month + wanted <= version.policy->always.clips_per_month;
}

}  // namespace

void append(std::vector<Piece>& pieces, Piece next) {
  if (pieces.empty() || !same_outcome(pieces.back(), next)) {
    pieces.push_back(std::move(next));
    return;
  }
  Piece& last = pieces.back();
  last.footage.to = next.footage.to;
  std::vector<std::string> both;
  std::set_union(last.rules.begin(), last.rules.end(), next.rules.begin(), next.rules.end(),
                 std::back_inserter(both));
  last.rules = std::move(both);
}

void tighten(Piece& strict, const Piece& other) {
  strict.approval = std::min(strict.approval, other.approval);
  strict.redact.insert(other.redact.begin(), other.redact.end());
  strict.height_at_most = lower_height(strict.height_at_most, other.height_at_most);
  strict.one_frame_per = std::max(strict.one_frame_per, other.one_frame_per);
  strict.watermark = strict.watermark || other.watermark;
  strict.answer_within = std::min(strict.answer_within, other.answer_within);
  add_new(other.rules, strict.rules);
}

void explain(Piece& piece) {
  piece.reasons.clear();
  if (piece.approval == Approval::automatic) {
    piece.reasons.emplace_back("released without asking");
  } else {
    piece.reasons.push_back(
        fmt::format("{} must agree within {}",
                    piece.approval == Approval::ask_one ? "one resident" : "all residents",
                    in_words(piece.answer_within)));
  }
  if (piece.one_frame_per != Duration::zero()) {
    piece.reasons.push_back(fmt::format("one picture per {}", in_words(piece.one_frame_per)));
  }
  if (piece.watermark) piece.reasons.emplace_back("with a watermark");
}

Decision strictest(const std::vector<Version>& versions, const Interval& footage,
                   const std::function<Decision(const Policy&, const Facts&)>& decide) {
  ensure(!versions.empty());
  std::vector<Decision> answers;
  for (const Version& version : versions) answers.push_back(answer_of(version, footage, decide));
  if (answers.size() == 1) return std::move(answers.front());
  Decision together;
  const std::vector<Instant> cuts = cuts_of(answers);
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    append(together.pieces, strictest_in(answers, {cuts[i], cuts[i + 1]}));
  }
  std::int64_t given = 0;
  for (Piece& piece : together.pieces) {
    if (piece.approval == Approval::refuse) continue;
    explain(piece);
    ++given;
  }
  for (const Version& version : versions) {
    if (has_clips_left(version, given)) continue;
    return refuse_all(footage, fmt::format("{}{} clips are more than is left of this month's limit",
                                           version.says, given));
  }
  return together;
}

RedactionPlan strictest(const std::vector<RedactionPlan>& plans) {
  ensure(!plans.empty());
  RedactionPlan strict = plans.front();
  for (const RedactionPlan& plan : plans) {
    add_new(plan.classes, strict.classes);
    add_new(plan.zones, strict.zones);
    strict.keep_audio = strict.keep_audio && plan.keep_audio;
    strict.height_at_most = lower_height(strict.height_at_most, plan.height_at_most);
    strict.one_frame_per = std::max(strict.one_frame_per, plan.one_frame_per);
    if (strict.watermark.empty()) strict.watermark = plan.watermark;
    if (plan.if_unsure == IfUnsure::refuse) strict.if_unsure = IfUnsure::refuse;
  }
  std::sort(strict.classes.begin(), strict.classes.end());
  return strict;
}

}  // namespace latchstring::policy
