// `cameras:` and `zones:` of a rules file, and what is hidden.
#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/outline.h"
#include "policy/engine/load.h"

namespace latchstring::policy {
namespace {

using yaml::Faults;
using yaml::MapReader;
using yaml::Node;

constexpr Section kCameras{"cameras", "porch: {sharing: by_rule}"};
constexpr Section kZones{"zones", "window: {camera: porch, polygon: [[0.7, 0.1], ...]}"};
constexpr std::string_view kClasses =
    "write some of audio, faces, people, plates, vehicles, moving, or a zone";

Sharing sharing_from(std::string_view word) {
  if (word == "by_rule") return Sharing::by_rule;
  return word == "warrant_only" ? Sharing::warrant_only : Sharing::never;
}

std::vector<std::pair<double, double>> read_polygon(const Node& node, Faults& faults) {
  std::vector<std::pair<double, double>> out;
  const auto part_of_picture = [&](const Node& number) -> std::optional<double> {
    const auto value = yaml::read_number(number, faults);
    if (!value || (*value >= 0 && *value <= 1)) return value;
    faults.add(number.place, fmt::format("{} lies outside the picture.", number.text),
               "from 0 (left, top) to 1 (right, bottom)");
    return std::nullopt;
  };
  for (const Node& corner : node.items) {
    if (!corner.is_list() || corner.items.size() != 2) {
      faults.add(corner.place, "A corner is a pair of numbers.", "write it like [0.70, 0.10]");
      continue;
    }
    const auto x = part_of_picture(corner.items[0]);
    const auto y = part_of_picture(corner.items[1]);
    if (x && y) out.emplace_back(*x, *y);
  }
  if (!node.is_list() || node.items.size() < 3 || node.items.size() > kCornersMax) {
    faults.add(node.place, fmt::format("A polygon has 3 to {} corners.", kCornersMax),
               "write it like [[0.7, 0.1], [0.9, 0.1], [0.9, 0.4]]");
  }
  return out;
}

double twice_area(const std::vector<std::pair<double, double>>& polygon) {
  double sum = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const auto& a = polygon[i];
    const auto& b = polygon[(i + 1) % polygon.size()];
    sum += a.first * b.second - b.first * a.second;
  }
  return sum < 0 ? -sum : sum;
}

void load_zones(const MapReader& file, const Loading& loading) {
  Faults& faults = loading.faults;
  for (const auto& [name, node] : entries(file, kZones, faults)) {
    const MapReader reader = reader_of(*node, Part::zone, faults);
    Zone zone{name.text, reader.yes_no("keep_only"), {}};
    const Node* polygon = reader.node("polygon");
    const std::size_t before = faults.count();
    if (polygon != nullptr) zone.polygon = read_polygon(*polygon, faults);
    if (polygon != nullptr && faults.count() == before) {
      if (crosses_itself(zone.polygon)) {
        faults.add(polygon->place, "This polygon crosses itself.",
                   "name its corners in order, once around");
      } else if (twice_area(zone.polygon) < 1e-6) {
        faults.add(polygon->place, "This polygon covers nothing.", "its corners lie on one line");
      }
    }
    const auto camera = reader.has("camera") ? reader.text("camera") : std::nullopt;
    if (camera) {
      declared({*camera, reader.place("camera")}, names_of(loading.policy.cameras), "camera",
               faults);
    }
    loading.policy.zone_camera[name.text] = camera.value_or("");
    loading.policy.zones[name.text] = std::move(zone);
  }
}

void refuse_zones_of_others(const std::string& camera, const MapReader& reader,
                            const std::set<std::string>& hidden, const Loading& loading) {
  for (const std::string& each : hidden) {
    const auto zone = loading.policy.zone_camera.find(each);
    if (zone == loading.policy.zone_camera.end() || zone->second == camera ||
        loading.policy.cameras.count(zone->second) == 0) {
      continue;
    }
    loading.faults.add(place_of(reader, "always_redact", each),
                       fmt::format("The zone \"{}\" is of the camera \"{}\".", each, zone->second),
                       fmt::format("take it out, or draw one for \"{}\"", camera));
  }
}

}  // namespace

void load_cameras(const MapReader& file, const Loading& loading) {
  // Names first: zones name cameras, and cameras name zones.
  const auto cameras = entries(file, kCameras, loading.faults);
  for (const auto& entry : cameras) {
    loading.policy.cameras[entry.first.text].id = entry.first.text;
  }
  load_zones(file, loading);
  for (const auto& [name, node] : cameras) {
    const MapReader reader = reader_of(*node, Part::camera, loading.faults);
    Camera& camera = loading.policy.cameras[name.text];
    camera.sharing = sharing_from(reader.text("sharing").value_or("never"));
    camera.clock_error = reader.duration("clock_error").value_or(Duration{0});
    camera.always_redact = read_redact(reader, "always_redact", loading);
    refuse_zones_of_others(name.text, reader, camera.always_redact, loading);
  }
}

std::set<std::string> read_redact(const MapReader& reader, std::string_view key,
                                  const Loading& loading) {
  std::set<std::string> out;
  const Node* node = reader.node(key);
  if (node == nullptr || (node->is_scalar() && node->text == "none")) return out;
  if (!node->is_list() || node->items.empty()) {
    loading.faults.add(
        node->place, fmt::format("\"{}\" must be none or a list.", key),
        node->is_list() ? "write none to hide nothing" : "write it like [faces, audio]");
    return out;
  }
  std::vector<std::string> known{"audio", "faces", "people", "plates", "vehicles", "moving"};
  for (const auto& zone : loading.policy.zones) known.push_back(zone.first);
  for (const Node& item : node->items) {
    const auto name = yaml::read_identifier(item, loading.faults);
    if (name == "none") {
      loading.faults.add(item.place, "\"none\" stands alone.", fmt::format("{}: none", key));
      continue;
    }
    if (!name || !declared({*name, item.place}, known, "class or zone", loading.faults, kClasses)) {
      continue;
    }
    if (!out.insert(*name).second) {
      loading.faults.add(item.place, fmt::format("\"{}\" is here twice.", *name), "take one out");
    }
  }
  if (out.count("people") != 0) out.insert("faces");
  return out;
}

yaml::Place place_of(const MapReader& reader, std::string_view key, std::string_view word) {
  const Node* node = reader.node(key);
  if (node == nullptr) return reader.place(key);
  const auto found = std::find_if(node->items.begin(), node->items.end(),
                                  [word](const Node& item) { return item.text == word; });
  return found == node->items.end() ? node->place : found->place;
}

}  // namespace latchstring::policy
