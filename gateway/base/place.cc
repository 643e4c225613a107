#include "gateway/base/place.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include "gateway/base/status.h"

namespace latchstring {
namespace {

constexpr double kEarthRadiusMetres = 6'371'009;  // IUGG, mean
constexpr int kMillion = 1'000'000;
constexpr std::size_t kDecimals = 6;

double radians(int millionths) {
  return millionths * (std::numbers::pi / 180 / kMillion);
}

std::string degrees_text(int millionths) {
  const int size = std::abs(millionths);
  return fmt::format("{}{}.{:06}", millionths < 0 ? "-" : "", size / kMillion, size % kMillion);
}

std::optional<int> whole(std::string_view digits, std::size_t digits_most) {
  int value = 0;
  const char* const end = digits.data() + digits.size();
  if (digits.empty() || digits.size() > digits_most || digits[0] < '0' || digits[0] > '9' ||
      std::from_chars(digits.data(), end, value).ptr != end) {
    return std::nullopt;
  }
  return value;
}

// `-83.809`, in millionths of a degree.
std::optional<int> degrees_from(std::string_view text, int most) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto degrees = whole(text.substr(0, dot), 3);
  std::string decimals(dot == text.size() ? "0" : text.substr(dot + 1));
  if (decimals.empty() || decimals.size() > kDecimals) return std::nullopt;
  decimals.resize(kDecimals, '0');
  const auto fraction = whole(decimals, kDecimals);
  if (!degrees || !fraction) return std::nullopt;
  const int value = *degrees * kMillion + *fraction;
  if (value > most) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace

double metres_between(const Place& a, const Place& b) {
  const auto squared = [](double value) { return value * value; };
  const double north = std::sin((radians(b.latitude_e6) - radians(a.latitude_e6)) / 2);
  const double east = std::sin((radians(b.longitude_e6) - radians(a.longitude_e6)) / 2);
  const double haversine = squared(north) + std::cos(radians(a.latitude_e6)) *
                                                std::cos(radians(b.latitude_e6)) * squared(east);
  return 2 * kEarthRadiusMetres * std::asin(std::sqrt(std::min(haversine, 1.0)));
}

std::string to_text(const Place& place) {
  return degrees_text(place.latitude_e6) + "," + degrees_text(place.longitude_e6);
}

std::string to_text(const Area& area) {
  return fmt::format("{},{}", to_text(area.centre), area.radius_metres);
}

absl::StatusOr<Place> place_from(std::string_view text) {
  const std::size_t comma = std::min(text.find(','), text.size());
  const auto latitude = degrees_from(text.substr(0, comma), kLatitudeMost);
  const auto longitude =
      degrees_from(comma == text.size() ? "" : text.substr(comma + 1), kLongitudeMost);
  if (latitude && longitude) return Place{*latitude, *longitude};
  return invalid("`{}` is no place; write latitude and longitude in degrees: 39.924,-83.809",
                 text.substr(0, 64));
}

absl::StatusOr<Area> area_from(std::string_view text) {
  const std::size_t comma = text.rfind(',');
  if (comma != std::string_view::npos) {
    const auto centre = place_from(text.substr(0, comma));
    const auto radius = whole(text.substr(comma + 1), 6);
    if (centre.ok() && radius && *radius >= 1 && *radius <= kRadiusMost)
      return Area{*centre, *radius};
  }
  return invalid(
      "`{}` is no area; write latitude, longitude and radius in metres (at most {}): "
      "39.924,-83.809,400",
      text.substr(0, 64), kRadiusMost);
}

}  // namespace latchstring
