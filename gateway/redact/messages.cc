#include "gateway/redact/messages.h"

#include <algorithm>
#include <array>

#include "gateway/base/status.h"
#include "gateway/worker/pack.h"

namespace latchstring::redact {
namespace {

using worker::Pack;
using worker::Unpack;

constexpr std::array kFailureCodes{absl::StatusCode::kInternal, absl::StatusCode::kInvalidArgument,
                                   absl::StatusCode::kFailedPrecondition,
                                   absl::StatusCode::kDataLoss,
                                   absl::StatusCode::kResourceExhausted};

void pack_zone(Pack& pack, const Zone& zone) {
  pack.text(zone.name).u8(zone.keep_only ? 1 : 0);
  pack.u32(static_cast<std::uint32_t>(zone.polygon.size()));
  for (const auto& [x, y] : zone.polygon) pack.f64(x).f64(y);
}

Zone unpack_zone(Unpack& body) {
  Zone zone;
  zone.name = body.text(kNameMax);
  zone.keep_only = body.flag();
  const std::uint32_t corners = body.u32();
  for (std::uint32_t i = 0; i < corners && !body.failed(); ++i) {
    const double x = body.f64();
    zone.polygon.emplace_back(x, body.f64());
  }
  return zone;
}

void pack_regions(Pack& pack, const FrameRegions& regions) {
  pack.u8(regions.whole ? 1 : 0).u8(static_cast<std::uint8_t>(regions.why));
  pack.u32(static_cast<std::uint32_t>(regions.boxes.size()));
  for (const Box& box : regions.boxes) {
    pack.u8(static_cast<std::uint8_t>(box.why)).u16(box.x).u16(box.y).u16(box.width);
    pack.u16(box.height);
  }
}

absl::StatusOr<Why> why_of(std::uint8_t value) {
  if (value > static_cast<std::uint8_t>(Why::model_missing)) {
    return data_loss("the worker gives an unknown reason");
  }
  return static_cast<Why>(value);
}

absl::StatusOr<FrameRegions> unpack_regions(Unpack& body) {
  FrameRegions regions;
  regions.whole = body.flag();
  LS_ASSIGN(regions.why, why_of(body.u8()));
  const std::uint32_t count = body.u32();
  if (count > kBoxesMax) return data_loss("the worker names {} boxes in a picture", count);
  for (std::uint32_t i = 0; i < count && !body.failed(); ++i) {
    Box box;
    LS_ASSIGN(box.why, why_of(body.u8()));
    box.x = body.u16();
    box.y = body.u16();
    box.width = body.u16();
    box.height = body.u16();
    regions.boxes.push_back(box);
  }
  return regions;
}

void pack_unit(Pack& pack, const AccessUnit& unit) {
  pack.u8(unit.track == Track::audio ? 1 : 0).u8(unit.is_key ? 1 : 0).u8(unit.keep ? 1 : 0);
  pack.i64(unit.utc.time_since_epoch().count());
  pack.i64(unit.pts_ns).i64(unit.dts_ns).i64(unit.duration_ns).bytes(unit.data);
}

AccessUnit unpack_unit(Unpack& body) {
  AccessUnit unit;
  unit.track = body.flag() ? Track::audio : Track::video;
  unit.is_key = body.flag();
  unit.keep = body.flag();
  unit.utc = Instant{Duration{body.i64()}};
  unit.pts_ns = body.i64();
  unit.dts_ns = body.i64();
  unit.duration_ns = body.i64();
  unit.data = body.bytes(kUnitBytesMax);
  return unit;
}

std::uint32_t number(int value) {
  return static_cast<std::uint32_t>(value);
}

// Colours in words: letters, digits, `-`, `:`.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == ':' || c == '.';
  });
}

}  // namespace

Bytes encode_job(const JobMessage& message) {
  const RedactionPlan& plan = message.job.plan;
  Pack pack;
  pack.u32(static_cast<std::uint32_t>(plan.classes.size()));
  for (const std::string& name : plan.classes) pack.text(name);
  pack.u32(static_cast<std::uint32_t>(plan.zones.size()));
  for (const Zone& zone : plan.zones) pack_zone(pack, zone);
  pack.u8(plan.keep_audio ? 1 : 0).u32(number(plan.height_at_most));
  pack.i64(plan.one_frame_per.count()).text(plan.watermark);
  pack.u8(plan.if_unsure == IfUnsure::refuse ? 1 : 0);
  pack.u32(number(message.job.threads));
  const auto image = message.job.image;
  pack.u8(image.has_value() ? static_cast<std::uint8_t>(1 + static_cast<int>(*image)) : 0);
  pack.text(message.info.video_caps).text(message.info.audio_caps);
  return pack.body();
}

absl::StatusOr<JobMessage> decode_job(ByteView bytes) {
  Unpack body{bytes};
  JobMessage message;
  RedactionPlan& plan = message.job.plan;
  const std::uint32_t classes = body.u32();
  for (std::uint32_t i = 0; i < classes && !body.failed(); ++i) {
    plan.classes.push_back(body.text(kNameMax));
  }
  const std::uint32_t zones = body.u32();
  for (std::uint32_t i = 0; i < zones && !body.failed(); ++i) {
    plan.zones.push_back(unpack_zone(body));
  }
  plan.keep_audio = body.flag();
  plan.height_at_most = static_cast<int>(body.u32());
  plan.one_frame_per = Duration{body.i64()};
  plan.watermark = body.text(kWatermarkMax);
  plan.if_unsure = body.flag() ? IfUnsure::refuse : IfUnsure::fill;
  message.job.threads = static_cast<int>(body.u32());
  const std::uint8_t image = body.u8();
  if (image > 2) return data_loss("an unknown image format");
  if (image > 0) message.job.image = static_cast<media::ImageFormat>(image - 1);
  message.info.video_caps = body.text(kCapsMax);
  message.info.audio_caps = body.text(kCapsMax);
  LS_RETURN_IF_ERROR(body.done());
  return message;
}

Bytes encode_unit(const AccessUnit& unit) {
  Pack pack;
  pack_unit(pack, unit);
  return pack.body();
}

absl::StatusOr<AccessUnit> decode_unit(ByteView bytes) {
  Unpack body{bytes};
  AccessUnit unit = unpack_unit(body);
  LS_RETURN_IF_ERROR(body.done());
  return unit;
}

Bytes encode_format(const OutputFormat& format) {
  const media::PictureFormat& picture = format.picture;
  Pack pack;
  pack.u32(number(picture.width)).u32(number(picture.height));
  pack.u32(number(picture.pixel_width)).u32(number(picture.pixel_height));
  pack.text(picture.colorimetry).bytes(format.codec_data);
  pack.u8(static_cast<std::uint8_t>(format.sound));
  return pack.body();
}

absl::StatusOr<OutputFormat> decode_format(ByteView bytes) {
  Unpack body{bytes};
  OutputFormat format;
  media::PictureFormat& picture = format.picture;
  for (int* side : {&picture.width, &picture.height, &picture.pixel_width, &picture.pixel_height}) {
    const std::uint32_t value = body.u32();
    if (value < 1 || value > kSideMax)
      return data_loss("the worker gives a picture size of {}", value);
    *side = static_cast<int>(value);
  }
  picture.colorimetry = body.text(kNameMax);
  if (!is_plain(picture.colorimetry)) return data_loss("the worker gives unknown colours");
  format.codec_data = body.bytes(kCodecDataMax);
  if (format.codec_data.size() < 7) return data_loss("the worker gives no avcC");
  const std::uint8_t sound = body.u8();
  if (sound > static_cast<std::uint8_t>(Sound::encoded)) return data_loss("unknown sound");
  format.sound = static_cast<Sound>(sound);
  LS_RETURN_IF_ERROR(body.done());
  return format;
}

Bytes encode_frame(std::uint64_t index, const AccessUnit& unit, const FrameRegions& regions) {
  Pack pack;
  pack.u64(index);
  pack_unit(pack, unit);
  pack_regions(pack, regions);
  return pack.body();
}

absl::StatusOr<FrameMessage> decode_frame(ByteView bytes) {
  Unpack body{bytes};
  FrameMessage message;
  message.index = body.u64();
  message.unit = unpack_unit(body);
  LS_ASSIGN(message.regions, unpack_regions(body));
  LS_RETURN_IF_ERROR(body.done());
  return message;
}

Bytes encode_image_message(ByteView bytes, const FrameRegions& regions) {
  Pack pack;
  pack.bytes(bytes);
  pack_regions(pack, regions);
  return pack.body();
}

absl::StatusOr<ImageMessage> decode_image_message(ByteView bytes) {
  Unpack body{bytes};
  ImageMessage message;
  message.bytes = body.bytes(kImageBytesMax);
  LS_ASSIGN(message.regions, unpack_regions(body));
  LS_RETURN_IF_ERROR(body.done());
  return message;
}

Bytes encode_failure(const absl::Status& status) {
  const auto* code = std::find(kFailureCodes.begin(), kFailureCodes.end(), status.code());
  Pack pack;
  pack.u8(
      static_cast<std::uint8_t>(code == kFailureCodes.end() ? 0 : code - kFailureCodes.begin()));
  pack.text(message_of(status).substr(0, kFailureTextMax));
  return pack.body();
}

absl::StatusOr<absl::Status> decode_failure(ByteView bytes) {
  Unpack body{bytes};
  const std::uint8_t code = body.u8();
  std::string text = body.text(kFailureTextMax);
  LS_RETURN_IF_ERROR(body.done());
  if (code >= kFailureCodes.size()) return data_loss("the worker fails in an unknown way");
  // Its words end up on terminals and in logs.
  for (char& c : text) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return absl::Status{kFailureCodes[code], text};
}

}  // namespace latchstring::redact
