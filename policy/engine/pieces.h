// Pieces of a decision, joined and tightened, and several decisions about the same footage as one.
// Pure; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/engine/decide.h"

namespace latchstring::policy {

// Appends, where it is maximal runs of equal outcome that count: next to an equal one it becomes
// one piece with it, under the rules of both.
void append(std::vector<Piece>& pieces, Piece next);

// `strict` becomes the stricter of both in everything: the laxer approval, the shorter time to
// answer and the larger picture go; what either hides is hidden.
void tighten(Piece& strict, const Piece& other);

// Says in words what a piece that may be given asks for in return, in place of its reasons.
void explain(Piece& piece);

// A policy that counts now: the present one, or one that it replaced not long ago.
struct Version {
  const Policy* policy = nullptr;  // null: cannot be read any more, so it refuses
  Facts facts;                     // by its own calendar
  std::string says;                // stands before its reasons; empty: the present one
  std::string stranger;            // why what is asked is unknown to it, so it refuses; empty: no
};

// An instant gets the strictest answer of all versions; `decide` asks one of them. Their quotas
// count for what comes of it together. At least one version.
Decision strictest(const std::vector<Version>& versions, const Interval& footage,
                   const std::function<Decision(const Policy&, const Facts&)>& decide);

// Hides what any of these hides. Not empty; all for the same clip.
RedactionPlan strictest(const std::vector<RedactionPlan>& plans);

}  // namespace latchstring::policy
