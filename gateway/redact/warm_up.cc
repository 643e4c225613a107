#include <array>
#include <opencv2/core/utility.hpp>
#include <string_view>

#include "gateway/base/status.h"
#include "gateway/redact/core.h"
#include "gateway/redact/serve.h"

namespace latchstring::redact {
namespace {

using std::literals::operator""sv;

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

// Three grey pictures of 64 x 64 pixels, by x265.
constexpr const char* kHevcCaps =
    "video/x-h265,stream-format=hvc1,alignment=au,width=64,height=64,codec_data=(buffer)"
    "0101600000009000000000001ef000fcfdf8f800000f03a00001001840010c01ffff016000000300"
    "90000003000003001e928090a10001002942010101600000030090000003000003001ea020810596"
    "4a924caf016808000003000800000300c840a2000100074401c172b42240";
constexpr std::array<std::string_view, 3> kHevcPictures{
    "\x00\x00\x00\x0c\x28\x01\xaf\x1d\x80\xf7\x01\xb2\xf5\xaf\xb3\x3c"sv,
    "\x00\x00\x00\x0a\x02\x01\xd0\x09\x7e\x10\xc6\x3b\xfa\x84"sv,
    "\x00\x00\x00\x0b\x02\x01\xd0\x11\xff\xd4\x43\x06\x39\xfa\x84"sv};

absl::Status warm_up_hevc() {
  LS_ASSIGN(const auto decoder, media::Decoder::open(kHevcCaps, 2));
  for (std::size_t n = 0; n < kHevcPictures.size(); ++n) {
    AccessUnit unit;
    unit.is_key = n == 0;
    unit.pts_ns = unit.dts_ns = static_cast<std::int64_t>(n) * kPictureNs;
    const ByteView data = as_bytes(kHevcPictures[n]);
    unit.data.assign(data.begin(), data.end());
    LS_RETURN_IF_ERROR(decoder->push(unit));
  }
  LS_RETURN_IF_ERROR(decoder->finish());
  for (std::size_t n = 0; n < kHevcPictures.size(); ++n) {
    LS_ASSIGN(const auto picture, decoder->pull());
    if (!picture.has_value()) return internal("the worker's self-test decodes no H.265");
  }
  return absl::OkStatus();
}

// Half a second of silence in every kind of sound that the clip above did not have.
absl::Status warm_up_sound(const std::string& caps, const Bytes& packet) {
  LS_ASSIGN(const auto encoder, media::SoundEncoder::open(caps));
  for (int n = 0; n < 25; ++n) {
    AccessUnit unit;
    unit.track = Track::audio;
    unit.pts_ns = unit.dts_ns = n * kPictureNs / 2;
    unit.data = packet;
    LS_RETURN_IF_ERROR(encoder->push(unit));
  }
  LS_RETURN_IF_ERROR(encoder->finish());
  LS_ASSIGN(const auto unit, encoder->pull());
  if (!unit.has_value()) return internal("the worker's self-test makes no sound of `{}`", caps);
  return absl::OkStatus();
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
  LS_RETURN_IF_ERROR(warm_up_hevc());
  LS_RETURN_IF_ERROR(warm_up_sound("audio/x-mulaw,rate=8000,channels=1", Bytes(160, 0xFF)));
  // 20 ms (RFC 6716 3.1: 48 kHz, one frame).
  return warm_up_sound("audio/x-opus,channel-mapping-family=0,rate=48000,channels=1",
                       Bytes{0xF8, 0xFF, 0xFE});
}

}  // namespace latchstring::redact
