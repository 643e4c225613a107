// Requests that reach over an edge: a rule with `part_outside: refuse` permits nothing that reaches
// out of its hours, also where the next rule begins. Two such rules in place of one give less,
// though each instant is given as before. Pure; any thread.
#pragma once

#include "policy/analysis/cases.h"
#include "policy/engine/wall_clock.h"

namespace latchstring::policy {

// Where the hours of these rules surely begin or end, in this footage of a camera.
std::vector<Instant> edges_of(const std::vector<const Policy*>& policies, const RuleSet& rules,
                              const std::string& camera, const Interval& footage);
// The shortest stretches that reach over one edge, or over two of them that a clip may span.
std::vector<Interval> spans_over(const std::vector<Instant>& edges);
// What is given, whole or not at all, in all of this footage; nullptr where it is not of one kind.
const Outcome* not_trimmed(const std::vector<Run>& runs, const Interval& footage);

}  // namespace latchstring::policy
