#include "gateway/media/viewing_copy.h"

#include "gateway/base/status.h"
#include "gateway/media/track_format.h"

namespace latchstring::media {
namespace {

// hvcC, ISO/IEC 14496-15 8.3.3.1.2: chroma_format_idc, then both bit depths minus 8.
bool is_plain_hevc(ByteView hvcc) {
  return (hvcc[16] & 3) == 1 && (hvcc[17] & 7) == 0 && (hvcc[18] & 7) == 0;
}

// avcC: Baseline, Main, Extended and High are 8 bit 4:2:0; the others may have more bits or colour.
bool is_plain_avc(ByteView avcc) {
  const int profile = avcc[1];
  return profile == 66 || profile == 77 || profile == 88 || profile == 100;
}

}  // namespace

absl::StatusOr<bool> wants_viewing_copy(const StreamInfo& info) {
  LS_ASSIGN(const TrackFormat video, parse_format(info.video_caps));
  bool plays = video.codec == Codec::h264;
  if (!info.audio_caps.empty()) {
    LS_ASSIGN(const TrackFormat audio, parse_format(info.audio_caps));
    plays = plays && audio.codec == Codec::aac;
  }
  const ByteView config(video.codec_data);
  return !plays && (video.codec == Codec::h264 ? is_plain_avc(config) : is_plain_hevc(config));
}

}  // namespace latchstring::media
