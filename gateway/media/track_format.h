// What a track holds, between GStreamer's caps strings (StreamInfo) and MP4 sample entries.
// Video: H.264, H.265. Audio: AAC, G.711 (mu-law, A-law), Opus.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "gateway/base/bytes.h"
#include "gateway/base/footage.h"
#include "gateway/media/boxes.h"

namespace latchstring::media {

inline constexpr std::size_t kCodecDataMax = 16 * 1024;
inline constexpr std::uint32_t kVideoTimescale = 90'000;  // RTP's clock for video

enum class Codec : std::uint8_t { h264, h265, aac, mulaw, alaw, opus };

struct TrackFormat {
  Codec codec = Codec::h264;
  Bytes codec_data;  // avcC, hvcC or AudioSpecificConfig; empty for G.711 and Opus
  int width = 0;
  int height = 0;
  int rate = 0;
  int channels = 0;

  bool is_video() const { return codec == Codec::h264 || codec == Codec::h265; }
  bool is_g711() const { return codec == Codec::mulaw || codec == Codec::alaw; }
  std::uint32_t timescale() const {
    return is_video() ? kVideoTimescale : static_cast<std::uint32_t>(rate);
  }
  friend bool operator==(const TrackFormat&, const TrackFormat&) = default;
};

// InvalidArgument: not caps, another codec (named), or a field is missing.
absl::StatusOr<TrackFormat> parse_format(const std::string& caps);
// With just the fields above, always in the same order, so that equal formats are equal strings.
std::string to_caps(const TrackFormat& format);
// avc1.64001f, hvc1.1.6.L93.B0, mp4a.40.2, ulaw, alaw, opus (RFC 6381, ISO/IEC 14496-15 annex E).
std::string to_rfc6381(const TrackFormat& format);

// The sample entry, a child of stsd.
void write_sample_entry(BoxWriter& out, const TrackFormat& format);
// Reads what write_sample_entry wrote; `in` fails on anything else.
TrackFormat read_sample_entry(BoxReader& in);

// True if a length-prefixed access unit holds an IDR picture.
bool has_idr(Codec codec, ByteView unit);

}  // namespace latchstring::media
