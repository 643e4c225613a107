// Footage for tests: pictures encoded here, held in memory, with whatever fault a test asks for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/base/footage.h"
#include "gateway/media/encode.h"
#include "gateway/redact/core.h"

namespace latchstring::redact {

// Copies share nothing; a test changes `units` as it likes. `second` replaces them in pass 2.
class MemoryFootage final : public FootageReader {
 public:
  const StreamInfo& info() const override { return stream; }
  absl::StatusOr<std::optional<AccessUnit>> next() override;
  absl::Status rewind() override;
  std::string note() const override { return about; }

  StreamInfo stream;
  std::string about;
  std::vector<AccessUnit> units;
  std::vector<AccessUnit> second;
  std::size_t fail_at = SIZE_MAX;  // next() says DataLoss there

 private:
  std::size_t next_ = 0;
  bool rewound_ = false;
};

inline const Instant kStart{std::chrono::hours{24 * 365 * 50}};

// Draws picture n.
using Paint = std::function<void(media::Picture&, int n)>;
MemoryFootage footage_of(const media::PictureFormat& format, int count, double rate,
                         const Paint& paint);
// With one packet for each picture: A-law, or mu-law, or a 20 ms packet of Opus (at 50 a second).
void add_sound(MemoryFootage& footage, const std::string& codec = "alaw");
// H.265 as x265 makes it, with B-frames; by ffmpeg.
MemoryFootage hevc_footage(int count, double rate);

// The real surveillance film, `seconds` from `from`, as ffmpeg decodes it. Empty where it is
// missing.
MemoryFootage film(double from, double seconds);

// Everything that came out, and the same decoded.
struct Collected final : Output {
  absl::Status format(const OutputFormat& format) override;
  absl::Status frame(std::uint64_t index, const AccessUnit& unit,
                     const FrameRegions& regions) override;
  absl::Status sound(const AccessUnit& unit) override;
  absl::Status image(ByteView bytes, const FrameRegions& regions) override;

  OutputFormat made;
  std::vector<std::uint64_t> indices;
  std::vector<AccessUnit> units;
  std::vector<FrameRegions> regions;
  std::vector<AccessUnit> sounds;
  Bytes picture;
};

std::vector<media::Picture> decoded(const std::string& caps, const std::vector<AccessUnit>& units);
std::vector<media::Picture> decoded(const Collected& output);
std::string caps_of(const media::PictureFormat& format, const Bytes& codec_data);

// The share of a rectangle (pixels) that shows the fill colour, give or take what encoding does.
double filled_part(const media::Picture& picture, int x, int y, int width, int height);

}  // namespace latchstring::redact
