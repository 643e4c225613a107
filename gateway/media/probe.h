// What a camera sends, found by watching it for a few seconds: for `latchstring camera test`.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "gateway/media/rtsp_session.h"

namespace latchstring::media {

struct CameraReport {
  std::string video_codec;  // RFC 6381: avc1.4d4028
  int width = 0;
  int height = 0;
  double frames_per_second = 0;
  std::optional<double> gop_s;     // the longest stretch between IDRs; nullopt: fewer than two came
  double kilobits_per_second = 0;  // of what would be recorded
  std::string audio_codec;         // also where it is not recorded; empty: no sound
  int audio_rate = 0;
  std::optional<std::int64_t> clock_offset_ms;  // the camera's clock minus ours
};

// Nothing of the pictures or the sound is kept. Waits: until `listen` after the first picture, at
// most kFirstPictureMax more. Errors as from RtspSession::wait().
absl::StatusOr<CameraReport> probe_camera(const CameraStream& stream, const Clock& clock,
                                          Duration listen);

}  // namespace latchstring::media
