// The outline of a zone, judged the same way by the rules' loader and by the worker that draws it.
// Pure; any thread.
#pragma once

#include <utility>
#include <vector>

namespace latchstring {

// Whether two sides of this polygon cross: then it has no inside that everybody agrees on.
bool crosses_itself(const std::vector<std::pair<double, double>>& corners);

}  // namespace latchstring
