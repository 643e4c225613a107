// Points on the ground, and circles around them: what a request about a place names. Pure; any
// thread.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace latchstring {

inline constexpr int kLatitudeMost = 90'000'000;  // in millionths of a degree
inline constexpr int kLongitudeMost = 180'000'000;
inline constexpr int kRadiusMost = 100'000;  // metres

// WGS 84, in millionths of a degree (0.11 m): whole numbers, so that all sides read the same.
struct Place {
  int latitude_e6 = 0;   // north is positive; -kLatitudeMost to kLatitudeMost
  int longitude_e6 = 0;  // east is positive; -kLongitudeMost to kLongitudeMost

  friend bool operator==(const Place&, const Place&) = default;
};

struct Area {
  Place centre;
  int radius_metres = 0;  // 1 to kRadiusMost

  friend bool operator==(const Area&, const Area&) = default;
};

// Over a sphere with the Earth's mean radius (haversine formula): within 0.6 % of the ellipsoid.
double metres_between(const Place& a, const Place& b);

// `39.924000,-83.809000`
std::string to_text(const Place& place);
// `39.924000,-83.809000,400`: the radius in metres.
std::string to_text(const Area& area);
// As written above, with up to six decimals. InvalidArgument.
absl::StatusOr<Place> place_from(std::string_view text);
absl::StatusOr<Area> area_from(std::string_view text);

}  // namespace latchstring
