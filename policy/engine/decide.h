// The decision: pure, per instant of footage. Everything it needs from outside comes in as facts.
// Semantics step by step: docs/ref/policy.md. Any thread. Cost: microseconds; the request's length
// is bounded by `clip_at_most` before any window is looked at.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/base/place.h"
#include "policy/engine/policy.h"

namespace latchstring::policy {

struct Question {
  std::string agency;   // id in the policy
  std::string officer;  // badge
  std::string camera;
  Basis basis = Basis::consent;
  std::string purpose;
  Interval footage;
  bool has_case_number = true;
  std::optional<Area> area;  // the place it is about, where it is about one
  Instant received;          // when the request arrived; the age of footage counts from there
};

// What is true outside the rules at this moment.
struct Facts {
  Instant now;
  int clips_given_this_month = 0;  // to this agency, in the household's calendar month
  Duration time_given_this_month{0};
  // A warrant whose signature, dates and uses were verified, or a paper one accepted by all.
  struct Warrant {
    std::set<std::string> cameras;  // empty: any
    Interval footage;
    bool is_paper = false;
  };
  std::optional<Warrant> warrant;
  bool override_never = false;  // all residents, by `request override`; basis warrant only
  bool can_hold = false;        // whether footage can be held on request: basis preservation
  std::optional<Place> home;    // where the cameras are, where the household says so
};

// A stretch of footage with one outcome.
struct Piece {
  Interval footage;
  Approval approval = Approval::refuse;
  std::set<std::string> redact;  // empty where refused
  int height_at_most = 0;
  Duration one_frame_per{0};
  bool watermark = false;
  Duration answer_within{0};
  std::vector<std::string> rules;    // names of the rules that count in it
  std::vector<std::string> reasons;  // in words, for the household
};

struct Decision {
  std::vector<Piece> pieces;  // in time order, covering the footage asked without gaps
  // Strictest of the pieces that are not refused; refuse where all are.
  Approval overall() const;
};

Decision decide(const Policy& policy, const Question& question, const Facts& facts);

// What the household gives of its own accord.
struct Gift {
  std::string agency;   // id in the policy; empty: a file, for whoever gets it
  std::string camera;   // id
  std::string purpose;  // as the household says it; empty: none, so every purpose may be meant
  Interval footage;
  Instant given;  // when the residents agreed; the age of footage counts from there
};

// One piece: all of it or nothing, by `always.gifts`. No allow rule is needed; a never rule that
// may fit, a camera that is not shared by rule, and every limit of `always` refuse. The quota of
// `facts` counts for an agency. The floor is the redaction: `always` and the camera's.
Decision decide_gift(const Policy& policy, const Gift& gift, const Facts& facts);

// The plan that redaction must carry out for a piece: classes, zones with their polygons, audio.
RedactionPlan redaction_plan(const Policy& policy, const std::string& camera, const Piece& piece,
                             bool want_audio, const std::string& watermark_text);
// For a piece that several policies decided together: what any of them hides, a zone as each of
// them draws it. Not empty.
RedactionPlan redaction_plan(const std::vector<const Policy*>& policies, const std::string& camera,
                             const Piece& piece, bool want_audio,
                             const std::string& watermark_text);

}  // namespace latchstring::policy
