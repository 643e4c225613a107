#include "gateway/archive/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace latchstring::archive {
namespace {

constexpr std::string_view kRecovered = "-recovered";
constexpr std::size_t kRunLength = 10;

// Drawn at random for this purpose.
constexpr std::array<std::uint8_t, 16> kBoxUuid = {0x3f, 0x0c, 0xb1, 0x5e, 0x8e, 0x6d, 0x4a, 0x27,
                                                   0x9b, 0x52, 0x1d, 0xc4, 0x70, 0xa9, 0x66, 0xe3};

bool is_run(std::string_view text) {
  return text.size() == kRunLength && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
         });
}

std::string base_id(const SegmentName& name) {
  return fmt::format("{}/{}/{}-{}", name.camera, name.day, name.start.time_since_epoch().count(),
                     name.run);
}

}  // namespace

bool is_camera_name(std::string_view text) {
  return !text.empty() && text.size() <= kCameraNameMax && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

bool is_day(std::string_view text) {
  if (text.size() != 10) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9')) return false;
  }
  return true;
}

std::string SegmentName::id() const {
  return base_id(*this) + std::string(recovered ? kRecovered : "");
}

std::optional<SegmentName> SegmentName::parse(std::string_view id) {
  SegmentName name;
  if (id.ends_with(kRecovered)) {
    name.recovered = true;
    id.remove_suffix(kRecovered.size());
  }
  const std::size_t first = id.find('/');
  const std::size_t second = id.find('/', first + 1);
  const std::size_t dash = id.find('-', second + 1);
  if (first == id.npos || second == id.npos || dash == id.npos) return std::nullopt;
  name.camera = id.substr(0, first);
  name.day = id.substr(first + 1, second - first - 1);
  name.run = id.substr(dash + 1);
  std::int64_t start = 0;
  std::from_chars(id.data() + second + 1, id.data() + dash, start);
  name.start = Instant{Duration{start}};
  // One spelling only: what is read must be what would be written.
  if (!is_camera_name(name.camera) || !is_day(name.day) || !is_run(name.run) ||
      base_id(name) != id) {
    return std::nullopt;
  }
  return name;
}

Bytes SegmentName::box() const {
  const std::string content = "latchstring segment 1 " + base_id(*this);
  const std::size_t size = 4 + 4 + kBoxUuid.size() + content.size();
  Bytes box;
  for (const int shift : {24, 16, 8, 0}) {
    box.push_back(static_cast<std::uint8_t>((size >> shift) & 0xff));
  }
  const ByteView type = as_bytes("uuid");
  box.insert(box.end(), type.begin(), type.end());
  box.insert(box.end(), kBoxUuid.begin(), kBoxUuid.end());
  box.insert(box.end(), content.begin(), content.end());
  return box;
}

}  // namespace latchstring::archive
