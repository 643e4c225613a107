// Encoding: pictures to H.264 (MP4 samples, high profile, 4:2:0, no reordering, closed GOPs of at
// most kKeyframeEvery), G.711 and Opus to AAC, one picture to PNG or JPEG. Runs in the worker
// process only. Units carry nothing of the source but its pixels: no SEI, no user data. Threads:
// one caller. Limits: those of decode.h.
#pragma once

#include "gateway/media/decode.h"

namespace latchstring::media {

inline constexpr Duration kKeyframeEvery = std::chrono::seconds{2};

struct EncoderSettings {
  PictureFormat format;
  double frames_per_second = 25;  // an estimate; times are the pictures' own
  int threads = 2;
};

class Encoder {
 public:
  static absl::StatusOr<std::unique_ptr<Encoder>> open(const EncoderSettings& settings);
  virtual ~Encoder() = default;
  virtual absl::Status push(Picture picture) = 0;
  virtual absl::Status finish() = 0;
  // Units in the pictures' order: data, is_key, pts_ns. nullopt as in Decoder::pull().
  virtual absl::StatusOr<std::optional<AccessUnit>> pull() = 0;
  // avcC (ISO/IEC 14496-15 5.3.3.1); known from the first unit on.
  virtual const Bytes& codec_data() const = 0;
};

// What G.711 and Opus become: AAC-LC, 16 kHz, one channel.
inline constexpr const char* kEncodedSoundCaps =
    "audio/mpeg,mpegversion=(int)4,stream-format=(string)raw,framed=(boolean)true,"
    "rate=(int)16000,channels=(int)1,codec_data=(buffer)1408";

// Sound as it goes into an MP4 file: AAC stays as it is, the rest is encoded to kEncodedSoundCaps.
class SoundEncoder {
 public:
  static absl::StatusOr<std::unique_ptr<SoundEncoder>> open(const std::string& audio_caps);
  virtual ~SoundEncoder() = default;
  virtual absl::Status push(const AccessUnit& unit) = 0;
  virtual absl::Status finish() = 0;
  virtual absl::StatusOr<std::optional<AccessUnit>> pull() = 0;
  virtual bool is_same() const = 0;  // the units and their format are the camera's
};

enum class ImageFormat : std::uint8_t { png, jpeg };

absl::StatusOr<Bytes> encode_image(Picture picture, ImageFormat format);

}  // namespace latchstring::media
