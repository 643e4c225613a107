#include "gateway/media/track_format.h"

#include "gateway/base/status.h"
#include "gateway/media/gst.h"

namespace latchstring::media {
namespace {

constexpr std::size_t kAvcConfigMin = 7;
constexpr std::size_t kHevcConfigMin = 23;

std::string to_hex(ByteView bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

std::string text_field(const GstStructure* fields, const char* name) {
  const char* const value = gst_structure_get_string(fields, name);
  return value == nullptr ? "" : value;
}

int int_field(const GstStructure* fields, const char* name) {
  int value = 0;
  return gst_structure_get_int(fields, name, &value) ? value : 0;
}

Bytes buffer_field(const GstStructure* fields, const char* name) {
  const GValue* const value = gst_structure_get_value(fields, name);
  if (value == nullptr || !GST_VALUE_HOLDS_BUFFER(value)) return {};
  GstBuffer* const buffer = gst_value_get_buffer(value);
  Bytes out(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, out.data(), out.size());
  return out;
}

absl::StatusOr<Codec> codec_of(const GstStructure* fields) {
  const std::string name = gst_structure_get_name(fields);
  if (name == "video/x-h264" && text_field(fields, "stream-format") == "avc") return Codec::h264;
  if (name == "video/x-h265" && text_field(fields, "stream-format") == "hvc1") return Codec::h265;
  if (name == "audio/mpeg" && int_field(fields, "mpegversion") == 4) return Codec::aac;
  if (name == "audio/x-mulaw") return Codec::mulaw;
  if (name == "audio/x-alaw") return Codec::alaw;
  if (name == "audio/x-opus") return Codec::opus;
  return invalid("`{}` is not supported (H.264, H.265, AAC, G.711 and Opus are)", name);
}

const char (&entry_type(Codec codec))[5] {
  switch (codec) {
    case Codec::h264:
      return "avc1";
    case Codec::h265:
      return "hvc1";
    case Codec::aac:
      return "mp4a";
    case Codec::mulaw:
      return "ulaw";
    case Codec::alaw:
      return "alaw";
    case Codec::opus:
      break;
  }
  return "Opus";
}

std::string hevc_codec_string(ByteView hvcc) {
  // Annex E.3: profile space and idc, compatibility flags in reverse bit order, tier and level,
  // constraint bytes without trailing zeros.
  static constexpr const char* kSpaces[] = {"", "A", "B", "C"};
  std::uint32_t flags = 0;
  for (std::size_t bit = 0; bit < 32; ++bit) {
    if ((hvcc[2 + bit / 8] >> (7 - bit % 8) & 1) != 0) flags |= 1U << bit;
  }
  std::string out = fmt::format("hvc1.{}{}.{:X}.{}{}", kSpaces[hvcc[1] >> 6], hvcc[1] & 31, flags,
                                (hvcc[1] >> 5 & 1) != 0 ? 'H' : 'L', hvcc[12]);
  std::size_t last = 12;
  while (last > 6 && hvcc[last - 1] == 0) --last;
  for (std::size_t i = 6; i < last; ++i) out += fmt::format(".{:X}", hvcc[i]);
  return out;
}

void write_esds(BoxWriter& out, ByteView config) {
  const auto box = out.full_box("esds", 0, 0);
  const std::size_t config_size = config.size();
  out.u8(0x03), out.u8(3 + 2 + 13 + 2 + config_size + 3);  // ES descriptor (14496-1 7.2.6.5)
  out.u16(0), out.u8(0);
  out.u8(0x04), out.u8(13 + 2 + config_size);  // decoder configuration: AAC, audio stream
  out.u8(0x40), out.u8(0x15), out.zeros(11);
  out.u8(0x05), out.u8(config_size), out.bytes(config);
  out.u8(0x06), out.u8(1), out.u8(2);  // sync layer: MP4
}

Bytes read_esds(BoxReader& in) {
  BoxReader box = in.box("esds");
  box.skip(4 + 2 + 3 + 2 + 13 + 1);
  const ByteView config = box.bytes(box.u8());
  if (!box.ok()) in.fail();
  return {config.begin(), config.end()};
}

}  // namespace

absl::StatusOr<TrackFormat> parse_format(const std::string& caps_text) {
  LS_ASSIGN(const gst::Caps caps, gst::caps_from_text(caps_text));
  if (gst_caps_get_size(caps.get()) != 1) return invalid("`{}` is not one format", caps_text);
  const GstStructure* const fields = gst_caps_get_structure(caps.get(), 0);
  TrackFormat format;
  LS_ASSIGN(format.codec, codec_of(fields));
  format.codec_data = buffer_field(fields, "codec_data");
  format.width = int_field(fields, "width");
  format.height = int_field(fields, "height");
  format.rate = format.codec == Codec::opus ? 48'000 : int_field(fields, "rate");
  format.channels = format.is_video() ? 0 : std::max(1, int_field(fields, "channels"));
  if (format.is_video()) {
    format.rate = 0;
  } else {
    format.width = format.height = 0;
  }
  if (format.is_g711() || format.codec == Codec::opus) format.codec_data.clear();
  const std::size_t least = format.codec == Codec::h264   ? kAvcConfigMin
                            : format.codec == Codec::h265 ? kHevcConfigMin
                            : format.codec == Codec::aac  ? 2
                                                          : 0;
  const std::size_t most = format.codec == Codec::aac ? 64 : kCodecDataMax;
  if (format.codec_data.size() < least || format.codec_data.size() > most) {
    return invalid("the stream's parameter sets are missing or too long ({} bytes)",
                   format.codec_data.size());
  }
  if (format.is_video() ? format.width <= 0 || format.height <= 0 || format.width > 0xffff ||
                              format.height > 0xffff
                        : format.rate <= 0 || format.rate > 0xffff || format.channels > 8) {
    return invalid("the stream's size or sampling rate is missing or out of range");
  }
  return format;
}

std::string to_caps(const TrackFormat& format) {
  const std::string data = to_hex(format.codec_data);
  const std::string size = fmt::format("width=(int){},height=(int){}", format.width, format.height);
  const std::string sound =
      fmt::format("channels=(int){},rate=(int){}", format.channels, format.rate);
  switch (format.codec) {
    case Codec::h264:
      return fmt::format(
          "video/x-h264,stream-format=(string)avc,alignment=(string)au,"
          "codec_data=(buffer){},{}",
          data, size);
    case Codec::h265:
      return fmt::format(
          "video/x-h265,stream-format=(string)hvc1,alignment=(string)au,"
          "codec_data=(buffer){},{}",
          data, size);
    case Codec::aac:
      return fmt::format(
          "audio/mpeg,mpegversion=(int)4,stream-format=(string)raw,"
          "codec_data=(buffer){},{}",
          data, sound);
    case Codec::mulaw:
      return "audio/x-mulaw," + sound;
    case Codec::alaw:
      return "audio/x-alaw," + sound;
    case Codec::opus:
      break;
  }
  return "audio/x-opus,channel-mapping-family=(int)0," + sound;
}

std::string to_rfc6381(const TrackFormat& format) {
  switch (format.codec) {
    case Codec::h264:
      return "avc1." + to_hex(ByteView(format.codec_data).subspan(1, 3));
    case Codec::h265:
      return hevc_codec_string(format.codec_data);
    case Codec::aac:
      return fmt::format("mp4a.40.{}", format.codec_data[0] >> 3);
    case Codec::mulaw:
      return "ulaw";
    case Codec::alaw:
      return "alaw";
    case Codec::opus:
      break;
  }
  return "opus";
}

void write_sample_entry(BoxWriter& out, const TrackFormat& format) {
  const auto entry = out.box(entry_type(format.codec));
  out.zeros(6), out.u16(1);  // reserved, data reference
  if (format.is_video()) {
    out.zeros(16);
    out.u16(static_cast<std::uint64_t>(format.width));
    out.u16(static_cast<std::uint64_t>(format.height));
    out.u32(0x00480000), out.u32(0x00480000);  // 72 dpi
    out.u32(0), out.u16(1), out.zeros(32);     // one frame per sample, no compressor name
    out.u16(24), out.u16(0xffff);
    if (format.codec == Codec::h264) {
      const auto box = out.box("avcC");
      out.bytes(format.codec_data);
    } else {
      const auto box = out.box("hvcC");
      out.bytes(format.codec_data);
    }
    return;
  }
  out.zeros(8);
  out.u16(static_cast<std::uint64_t>(format.channels)), out.u16(16), out.u32(0);
  out.u32(static_cast<std::uint64_t>(format.rate) << 16);
  if (format.codec == Codec::aac) write_esds(out, format.codec_data);
  if (format.codec == Codec::opus) {
    const auto box = out.box("dOps");
    out.u8(0), out.u8(static_cast<std::uint64_t>(format.channels)), out.u16(0);
    out.u32(48'000), out.u16(0), out.u8(0);
  }
}

TrackFormat read_sample_entry(BoxReader& in) {
  TrackFormat format;
  const std::uint32_t size = in.u32();
  const std::uint32_t type = in.u32();
  bool known = false;
  for (const Codec codec :
       {Codec::h264, Codec::h265, Codec::aac, Codec::mulaw, Codec::alaw, Codec::opus}) {
    if (type == fourcc(entry_type(codec))) format.codec = codec, known = true;
  }
  if (!known || size < 8) {
    in.fail();
    return format;
  }
  BoxReader entry(in.bytes(size - 8));
  entry.skip(8);
  if (format.is_video()) {
    entry.skip(16);
    format.width = entry.u16(), format.height = entry.u16();
    entry.skip(50);
    BoxReader config = format.codec == Codec::h264 ? entry.box("avcC") : entry.box("hvcC");
    const ByteView data = config.bytes(config.left());
    format.codec_data.assign(data.begin(), data.end());
  } else {
    entry.skip(8);
    format.channels = entry.u16();
    entry.skip(6);
    format.rate = static_cast<int>(entry.u32() >> 16);
    if (format.codec == Codec::aac) format.codec_data = read_esds(entry);
  }
  if (!entry.ok()) in.fail();
  return format;
}

bool has_idr(Codec codec, ByteView unit) {
  BoxReader in(unit);
  while (in.ok() && in.left() > 4) {
    const ByteView nal = in.bytes(in.u32());
    if (nal.empty()) continue;
    // H.264 7.4.1: type 5. H.265 7.4.2.2: IDR_W_RADL 19, IDR_N_LP 20.
    if (codec == Codec::h264 && (nal[0] & 31) == 5) return true;
    const int hevc_type = nal[0] >> 1 & 63;
    if (codec == Codec::h265 && (hevc_type == 19 || hevc_type == 20)) return true;
  }
  return false;
}

}  // namespace latchstring::media
