// The core of redaction: access units in, redacted access units and regions out. Two passes over
// the footage: look, then draw. The same call runs in the worker (run) and on its behalf in the
// parent (run_in_worker); nothing here makes a stage type. Threads: one caller; decoders and
// encoders have threads of their own. Limits: kFramesMax pictures a clip, kBoxesMax boxes a
// picture. Fails closed: every picture of the second pass needs a plan from the first, every kept
// unit comes out exactly once, and what was drawn is looked at again after encoding.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/footage.h"
#include "gateway/base/stages.h"
#include "gateway/media/encode.h"

namespace latchstring::redact {

inline constexpr std::size_t kFramesMax = 1'000'000;
inline constexpr std::size_t kBoxesMax = 4'096;
inline constexpr std::size_t kZonesMax = 64;
inline constexpr std::size_t kZoneCornersMax = 256;
inline constexpr std::size_t kWatermarkMax = 120;

// The one fill colour: black (ITU-R BT.601/709 limited range). Blur and mosaic can be undone.
struct Fill {
  std::uint8_t y, u, v;
};
inline constexpr Fill kFill{16, 128, 128};
inline constexpr const char* kFillName = "#000000";

// What may be hidden in a picture and why. The order is the one of docs/ref/regions.md.
enum class Why : std::uint8_t { moving, unsure, model_missing };

struct Box {  // pixels of the output picture
  Why why = Why::moving;
  std::uint16_t x = 0, y = 0, width = 0, height = 0;
  friend bool operator==(const Box&, const Box&) = default;
};

// What was hidden in one frame of the output, beside the zones, which are in every frame.
struct FrameRegions {
  bool whole = false;      // all of it is filled
  Why why = Why::unsure;   // where whole
  std::vector<Box> boxes;  // where not
};

struct Job {
  RedactionPlan plan;
  int threads = 2;
  std::optional<media::ImageFormat> image;  // only the first kept picture, as an image
};

enum class Sound : std::uint8_t { none, same, encoded };  // encoded: media::kEncodedSoundCaps

struct OutputFormat {
  media::PictureFormat picture;
  Bytes codec_data;  // avcC
  Sound sound = Sound::none;
};

// Where the core puts what it makes: the format, then frames and sound by time; or one image.
class Output {
 public:
  virtual ~Output() = default;
  virtual absl::Status format(const OutputFormat& format) = 0;
  // The next frame in presentation order: made from the `index`-th kept picture of the footage.
  virtual absl::Status frame(std::uint64_t index, const AccessUnit& unit,
                             const FrameRegions& regions) = 0;
  virtual absl::Status sound(const AccessUnit& unit) = 0;
  virtual absl::Status image(ByteView bytes, const FrameRegions& regions) = 0;
};

absl::Status run(const Job& job, FootageReader& footage, Output& output);

// InvalidArgument for an unknown class, a zone that is no simple polygon, a watermark that cannot
// be drawn. What the plan names but nothing can find stands in `missing` (sorted); with if_unsure:
// refuse that is FailedPrecondition.
struct CheckedPlan {
  std::vector<std::string> missing;
  bool moving = false;
};
absl::StatusOr<CheckedPlan> check_plan(const RedactionPlan& plan);

}  // namespace latchstring::redact
