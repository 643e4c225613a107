#include "gateway/base/outline.h"

namespace latchstring {
namespace {

using Point = std::pair<double, double>;

// Twice the signed area of a, b, c.
double turn(const Point& a, const Point& b, const Point& c) {
  return (b.first - a.first) * (c.second - a.second) - (b.second - a.second) * (c.first - a.first);
}

bool cross(const Point& a, const Point& b, const Point& c, const Point& d) {
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
}

}  // namespace

bool crosses_itself(const std::vector<Point>& corners) {
  const std::size_t count = corners.size();
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j < count; ++j) {
      if (cross(corners[i], corners[(i + 1) % count], corners[j], corners[(j + 1) % count])) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace latchstring
