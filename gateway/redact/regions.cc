#include "gateway/redact/regions.h"

#include "gateway/base/status.h"
#include "gateway/json/json.h"
#include "gateway/redact/motion.h"

namespace latchstring::redact {
namespace {

// By the numbers of Why.
constexpr const char* kReasons = R"(["moving","unsure","model_missing"])";

std::string zone_text(const Zone& zone) {
  std::string corners;
  for (const auto& [x, y] : zone.polygon) {
    corners += fmt::format("{}[{},{}]", corners.empty() ? "" : ",", x, y);
  }
  return fmt::format(R"({{"name":{},"keep_only":{},"polygon":[{}]}})", json::quote(zone.name),
                     zone.keep_only, corners);
}

std::string parameters(const RedactionPlan& plan) {
  return json::Writer()
      .integer("detection_side", kDetectionSide)
      .integer("motion_gap_ns", kMotionGapNs)
      .integer("hold_ns", kHoldNs)
      .integer("motion_threshold", kMotionThreshold)
      .integer("chroma_threshold", kChromaThreshold)
      .integer("area_min", kMotionAreaMin)
      .integer("grow_pixels", kMotionGrowPixels)
      .real("grow_part", kMotionGrowPart)
      .real("unsure_part", kUnsurePart)
      .string("if_unsure", plan.if_unsure == IfUnsure::refuse ? "refuse" : "fill")
      .text();
}

}  // namespace

RegionsReport::RegionsReport(const RedactionPlan& plan, const media::PictureFormat& picture) {
  std::string zones;
  for (const Zone& zone : plan.zones) zones += (zones.empty() ? "" : ",") + zone_text(zone);
  json::Writer writer;
  writer.integer("version", kRegionsVersion)
      .string("tool", "latchstring " LATCHSTRING_VERSION)
      .integer("width", picture.width)
      .integer("height", picture.height)
      .string("fill", kFillName)
      .strings("classes", plan.classes)
      .json("zones", "[" + zones + "]")
      .json("parameters", parameters(plan))
      .json("reasons", kReasons);
  head_ = writer.text();
  head_.pop_back();  // the closing brace comes after the frames
  head_ += ",\"frames\":[";
}

void RegionsReport::add(const FrameRegions& regions) {
  std::string row;
  if (regions.whole) {
    row = fmt::format("{}", static_cast<int>(regions.why));
  } else {
    for (const Box& box : regions.boxes) {
      row += fmt::format("{}{},{},{},{},{}", row.empty() ? "" : ",", static_cast<int>(box.why),
                         box.x, box.y, box.width, box.height);
    }
    row = "[" + row + "]";
  }
  // Most frames hide what the one before hid.
  frames_ += frames_.empty() ? "\n" : ",\n";
  frames_ += row == last_ && row.size() > 4 ? "\"same\"" : row;
  last_ = std::move(row);
}

}  // namespace latchstring::redact
