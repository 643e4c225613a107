#include "gateway/redact/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "gateway/base/outline.h"
#include "gateway/base/status.h"

namespace latchstring::redact {
namespace {

absl::Status check_zone(const Zone& zone) {
  if (zone.polygon.size() < 3 || zone.polygon.size() > kZoneCornersMax) {
    return invalid("zone `{}` has {} corners: 3 to {} are needed", zone.name, zone.polygon.size(),
                   kZoneCornersMax);
  }
  for (const auto& [x, y] : zone.polygon) {
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) {  // also false for NaN
      return invalid("zone `{}` has a corner outside the picture", zone.name);
    }
  }
  if (crosses_itself(zone.polygon)) {
    return invalid("the outline of zone `{}` crosses itself: draw two zones", zone.name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CheckedPlan> check_plan(const RedactionPlan& plan) {
  // No detectors yet: what they would find counts as missing.
  static constexpr std::array<std::string_view, 4> kNeedModel{"faces", "people", "plates",
                                                              "vehicles"};
  CheckedPlan checked;
  for (const std::string& name : plan.classes) {
    if (name == "moving") {
      checked.moving = true;
    } else if (std::find(kNeedModel.begin(), kNeedModel.end(), name) != kNeedModel.end()) {
      checked.missing.push_back(name);
    } else {
      return invalid(
          "`{}` is nothing that can be redacted: known are faces, moving, people, "
          "plates, vehicles",
          name);
    }
  }
  std::sort(checked.missing.begin(), checked.missing.end());
  if (plan.zones.size() > kZonesMax) {
    return invalid("{} zones, more than {}", plan.zones.size(), kZonesMax);
  }
  for (const Zone& zone : plan.zones) LS_RETURN_IF_ERROR(check_zone(zone));
  if (plan.height_at_most < 0 || plan.one_frame_per < Duration::zero()) {
    return invalid("a picture height or frame interval below zero");
  }
  if (plan.watermark.size() > kWatermarkMax) {
    return invalid("the watermark is longer than {} bytes", kWatermarkMax);
  }
  if (!checked.missing.empty() && plan.if_unsure == IfUnsure::refuse) {
    return not_now(
        "no model that finds {} is installed, and `if_unsure: refuse` stands in the "
        "rules",
        checked.missing.front());
  }
  return checked;
}

bool FrameChooser::takes(Instant utc) {
  if (last_.has_value() && utc < *last_ + per_) return false;
  last_ = utc;
  return true;
}

media::PictureFormat output_format(const media::PictureFormat& source, int height_at_most) {
  media::PictureFormat format = source;
  if (height_at_most <= 0 || source.height <= height_at_most) return format;
  const auto even = [](double length) {
    return std::max(16, static_cast<int>(std::floor(length / 2)) * 2);
  };
  format.height = even(height_at_most);
  format.width = even(static_cast<double>(source.width) * format.height / source.height);
  return format;
}

}  // namespace latchstring::redact
