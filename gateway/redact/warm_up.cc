#include <opencv2/core/utility.hpp>

#include "gateway/base/status.h"
#include "gateway/redact/core.h"
#include "gateway/redact/serve.h"

namespace latchstring::redact {
namespace {

constexpr int kWidth = 640;
constexpr int kHeight = 480;
constexpr int kPictures = 16;
constexpr std::int64_t kPictureNs = 40'000'000;

class MadeFootage final : public FootageReader {
 public:
  MadeFootage(StreamInfo info, std::vector<AccessUnit> units)
      : info_(std::move(info)), units_(std::move(units)) {}
  const StreamInfo& info() const override { return info_; }
  absl::StatusOr<std::optional<AccessUnit>> next() override {
    if (next_ == units_.size()) return std::nullopt;
    return units_[next_++];
  }
  absl::Status rewind() override {
    next_ = 0;
    return absl::OkStatus();
  }

 private:
  const StreamInfo info_;
  const std::vector<AccessUnit> units_;
  std::size_t next_ = 0;
};

class Counted final : public Output {
 public:
  absl::Status format(const OutputFormat&) override { return absl::OkStatus(); }
  absl::Status frame(std::uint64_t, const AccessUnit&, const FrameRegions& regions) override {
    ++frames;
    boxes += regions.boxes.size();
    return absl::OkStatus();
  }
  absl::Status sound(const AccessUnit&) override {
    ++sounds;
    return absl::OkStatus();
  }
  absl::Status image(ByteView bytes, const FrameRegions&) override {
    image_bytes = bytes.size();
    return absl::OkStatus();
  }
  int frames = 0;
  std::size_t boxes = 0;
  int sounds = 0;
  std::size_t image_bytes = 0;
};

// A bright square that crosses a grey field.
media::Picture picture_at(int n) {
  media::Picture picture(media::PictureFormat{kWidth, kHeight, 1, 1, "bt709"});
  for (const media::Plane& plane : picture.planes()) {
    for (int i = 0; i < plane.stride * plane.height; ++i) plane.data[i] = 128;
  }
  const media::Plane& luma = picture.planes()[0];
  for (int y = 200; y < 320; ++y) {
    for (int x = 20 * n; x < 20 * n + 90; ++x) luma.data[y * luma.stride + x] = 220;
  }
  picture.pts_ns = n * kPictureNs;
  return picture;
}

AccessUnit at(AccessUnit unit) {
  unit.utc = Instant{std::chrono::duration_cast<Duration>(std::chrono::nanoseconds{unit.pts_ns})};
  unit.keep = unit.pts_ns >= 2 * kPictureNs;
  return unit;
}

absl::StatusOr<MadeFootage> make_footage() {
  LS_ASSIGN(const auto encoder, media::Encoder::open({picture_at(0).format(), 25, 2}));
  for (int n = 0; n < kPictures; ++n) LS_RETURN_IF_ERROR(encoder->push(picture_at(n)));
  LS_RETURN_IF_ERROR(encoder->finish());
  std::vector<AccessUnit> units;
  for (;;) {
    LS_ASSIGN(std::optional<AccessUnit> unit, encoder->pull());
    if (!unit.has_value()) break;
    units.push_back(at(*std::move(unit)));
    AccessUnit sound;
    sound.track = Track::audio;
    sound.pts_ns = sound.dts_ns = units.back().pts_ns;
    sound.data = Bytes(320, 0xD5);  // silence in A-law
    units.push_back(at(std::move(sound)));
  }
  std::string hex;
  for (const std::uint8_t byte : encoder->codec_data()) hex += fmt::format("{:02x}", byte);
  StreamInfo info;
  info.video_caps = fmt::format(
      "video/x-h264,stream-format=avc,alignment=au,width={},height={},codec_data=(buffer){}",
      kWidth, kHeight, hex);
  info.audio_caps = "audio/x-alaw,rate=8000,channels=1";
  return MadeFootage{std::move(info), std::move(units)};
}

}  // namespace

absl::Status warm_up() {
  cv::getNumberOfCPUs();  // reads /sys once
  LS_ASSIGN(MadeFootage footage, make_footage());
  Job job;
  job.plan.classes = {"moving"};
  job.plan.zones = {{"corner", false, {{0, 0}, {0.2, 0}, {0, 0.2}}}};
  job.plan.keep_audio = true;
  job.plan.height_at_most = 360;
  job.plan.watermark = "warm-up";
  Counted counted;
  LS_RETURN_IF_ERROR(run(job, footage, counted));
  if (counted.frames != kPictures - 2 || counted.boxes == 0 || counted.sounds == 0) {
    return internal("the worker's self-test made {} of {} pictures, {} boxes, {} sound packets",
                    counted.frames, kPictures - 2, counted.boxes, counted.sounds);
  }
  for (const auto format : {media::ImageFormat::png, media::ImageFormat::jpeg}) {
    job.image = format;
    counted.image_bytes = 0;
    LS_RETURN_IF_ERROR(footage.rewind());
    LS_RETURN_IF_ERROR(run(job, footage, counted));
    if (counted.image_bytes == 0) return internal("the worker's self-test made no image");
  }
  return absl::OkStatus();
}

}  // namespace latchstring::redact
