#include "gateway/media/encode.h"

#include <algorithm>
#include <cmath>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/media/flow.h"

namespace latchstring::media {
namespace {

// Pictures inside x264 (frame threads) and on their way to it.
constexpr std::uint64_t kEncoderWaiting = 24;
constexpr std::uint64_t kSoundWaiting = 1024;

absl::StatusOr<gst::Caps> raw_caps(const PictureFormat& format, double frames_per_second) {
  gint numerator = 0;
  gint denominator = 1;
  gst_util_double_to_fraction(frames_per_second, &numerator, &denominator);
  std::string text = fmt::format(
      "video/x-raw,format=I420,width={},height={},framerate={}/{},pixel-aspect-ratio={}/{}",
      format.width, format.height, numerator, denominator, format.pixel_width, format.pixel_height);
  if (!format.colorimetry.empty()) text += ",colorimetry=" + format.colorimetry;
  return gst::caps_from_text(text);
}

gst::Buffer buffer_of_picture(Picture picture) {
  const std::int64_t pts = picture.pts_ns;
  gst::Buffer buffer = buffer_of(std::move(picture).release());
  GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(pts);
  return buffer;
}

// Rows padded to 4 bytes, as GStreamer lays out RGB. Limited range, ITU-R BT.601 below 720 rows and
// BT.709 from there on, which is what cameras mean when they say nothing.
Bytes rgb_of(const Picture& picture) {
  const auto& [luma, blue, red] = picture.planes();
  const bool high = luma.height >= 720;
  const double kr = high ? 0.2126 : 0.299;
  const double kb = high ? 0.0722 : 0.114;
  const std::ptrdiff_t stride = (std::ptrdiff_t{luma.width} * 3 + 3) / 4 * 4;
  Bytes rgb(static_cast<std::size_t>(stride * luma.height));
  const auto clamped = [](double value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  };
  for (int y = 0; y < luma.height; ++y) {
    std::uint8_t* out = rgb.data() + stride * y;
    for (int x = 0; x < luma.width; ++x) {
      const double l = (luma.data[y * luma.stride + x] - 16) * 255.0 / 219;
      const double b = (blue.data[y / 2 * blue.stride + x / 2] - 128) * 255.0 / 112 * (1 - kb);
      const double r = (red.data[y / 2 * red.stride + x / 2] - 128) * 255.0 / 112 * (1 - kr);
      *out++ = clamped(l + r);
      *out++ = clamped(l - (kr * r + kb * b) / (1 - kr - kb));
      *out++ = clamped(l + b);
    }
  }
  return rgb;
}

// Only coded slices pass: the encoder's own SEI and delimiters go, parameter sets are in the avcC.
absl::StatusOr<Bytes> slices_of(const Bytes& sample) {
  Bytes slices;
  slices.reserve(sample.size());
  ByteView rest{sample};
  while (!rest.empty()) {
    if (rest.size() < 5) return internal("the encoder gave half a NAL unit");
    const std::size_t length = std::size_t{rest[0]} << 24 | std::size_t{rest[1]} << 16 |
                               std::size_t{rest[2]} << 8 | std::size_t{rest[3]};
    if (length == 0 || length > rest.size() - 4)
      return internal("the encoder gave half a NAL unit");
    const int type = rest[4] & 0x1F;  // H.264 7.4.1
    if (type == 1 || type == 5) {
      slices.insert(slices.end(), rest.begin(),
                    rest.begin() + static_cast<std::ptrdiff_t>(4 + length));
    }
    rest = rest.subspan(4 + length);
  }
  if (slices.empty()) return internal("the encoder gave a picture without slices");
  return slices;
}

// Time from the flow's start; encoders shift theirs within the segment.
absl::StatusOr<std::int64_t> running_time(GstSample* sample) {
  const GstClockTime time =
      gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
                                  GST_BUFFER_PTS(gst_sample_get_buffer(sample)));
  if (!GST_CLOCK_TIME_IS_VALID(time)) return internal("the encoder gave a unit without time");
  return static_cast<std::int64_t>(time);
}

class X264 final : public Encoder {
 public:
  explicit X264(std::unique_ptr<Flow> flow) : flow_(std::move(flow)) {}

  absl::Status push(Picture picture) override {
    if (!first_pts_.has_value()) first_pts_ = picture.pts_ns;
    picture.pts_ns += kFlowStartNs - *first_pts_;
    return flow_->push(buffer_of_picture(std::move(picture)));
  }

  absl::Status finish() override { return flow_->finish(); }

  absl::StatusOr<std::optional<AccessUnit>> pull() override {
    LS_ASSIGN(const gst::Sample sample, flow_->pull());
    if (sample == nullptr) return std::nullopt;
    if (codec_data_.empty()) LS_RETURN_IF_ERROR(read_codec_data(sample.get()));
    GstBuffer* const buffer = gst_sample_get_buffer(sample.get());
    LS_ASSIGN(const Bytes bytes, bytes_of(buffer));
    AccessUnit unit;
    LS_ASSIGN(unit.data, slices_of(bytes));
    LS_ASSIGN(unit.pts_ns, running_time(sample.get()));
    unit.pts_ns += first_pts_.value_or(0) - kFlowStartNs;
    unit.dts_ns = unit.pts_ns;
    unit.is_key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    return unit;
  }

  const Bytes& codec_data() const override { return codec_data_; }

 private:
  absl::Status read_codec_data(GstSample* sample) {
    const GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
    const GValue* value = gst_structure_get_value(caps, "codec_data");
    if (value == nullptr) return internal("the encoder gave no avcC");
    LS_ASSIGN(codec_data_, bytes_of(gst_value_get_buffer(value)));
    return absl::OkStatus();
  }

  const std::unique_ptr<Flow> flow_;
  std::optional<std::int64_t> first_pts_;
  Bytes codec_data_;
};

// AAC from a camera is AAC in a clip.
class SameSound final : public SoundEncoder {
 public:
  absl::Status push(const AccessUnit& unit) override {
    ensure(!unit_.has_value());
    unit_ = unit;
    return absl::OkStatus();
  }
  absl::Status finish() override { return absl::OkStatus(); }
  absl::StatusOr<std::optional<AccessUnit>> pull() override {
    return std::exchange(unit_, std::nullopt);
  }
  bool is_same() const override { return true; }

 private:
  std::optional<AccessUnit> unit_;
};

class ToAac final : public SoundEncoder {
 public:
  explicit ToAac(std::unique_ptr<Flow> flow) : flow_(std::move(flow)) {}

  absl::Status push(const AccessUnit& unit) override {
    if (!first_.has_value()) first_ = {unit.pts_ns, unit.utc};
    const std::int64_t pts = unit.pts_ns - first_->first;
    if (pts < 0) return data_loss("a sound packet's time lies before the first one's");
    gst::Buffer buffer = buffer_of(unit.data);
    GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(pts + kFlowStartNs);
    return flow_->push(std::move(buffer));
  }

  absl::Status finish() override { return flow_->finish(); }

  absl::StatusOr<std::optional<AccessUnit>> pull() override {
    LS_ASSIGN(const gst::Sample sample, flow_->pull());
    if (sample == nullptr) return std::nullopt;
    GstBuffer* const buffer = gst_sample_get_buffer(sample.get());
    AccessUnit unit;
    unit.track = Track::audio;
    unit.is_key = true;
    LS_ASSIGN(unit.data, bytes_of(buffer));
    LS_ASSIGN(std::int64_t time, running_time(sample.get()));
    time -= kFlowStartNs;
    const auto [first_pts, first_utc] = first_.value();
    unit.pts_ns = unit.dts_ns = first_pts + time;
    unit.utc = first_utc + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds{time});
    if (GST_BUFFER_DURATION_IS_VALID(buffer)) {
      unit.duration_ns = static_cast<std::int64_t>(GST_BUFFER_DURATION(buffer));
    }
    return unit;
  }

  bool is_same() const override { return false; }

 private:
  const std::unique_ptr<Flow> flow_;
  std::optional<std::pair<std::int64_t, Instant>> first_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Encoder>> Encoder::open(const EncoderSettings& settings) {
  gst::start();
  const double rate = std::clamp(settings.frames_per_second, 0.1, 240.0);
  const double seconds = std::chrono::duration<double>(kKeyframeEvery).count();
  const std::string description = fmt::format(
      "appsrc name=in ! x264enc speed-preset=superfast pass=qual quantizer=22 bframes=0 "
      "sync-lookahead=0 key-int-max={} threads={} option-string=open-gop=0 ! "
      "video/x-h264,profile=high,stream-format=avc,alignment=au ! "
      "appsink name=out sync=false",
      std::max(1L, std::lround(rate * seconds)), std::clamp(settings.threads, 1, 16));
  LS_ASSIGN(const gst::Caps caps, raw_caps(settings.format, rate));
  LS_ASSIGN(std::unique_ptr<Flow> flow,
            Flow::open("cannot encode the video", description, caps.get(), kEncoderWaiting));
  return std::make_unique<X264>(std::move(flow));
}

absl::StatusOr<std::unique_ptr<SoundEncoder>> SoundEncoder::open(const std::string& audio_caps) {
  LS_ASSIGN(const gst::Caps caps, gst::caps_from_text(audio_caps));
  const std::string_view name = name_of(caps.get());
  if (name == "audio/mpeg") return std::make_unique<SameSound>();
  const char* decoder = nullptr;
  if (name == "audio/x-alaw") decoder = "alawdec";
  if (name == "audio/x-mulaw") decoder = "mulawdec";
  if (name == "audio/x-opus") decoder = "opusdec";
  if (decoder == nullptr) {
    return invalid("sound in `{}` cannot be encoded anew: only AAC, G.711 and Opus can", name);
  }
  const std::string description = fmt::format(
      "appsrc name=in ! {} ! audioconvert ! audioresample ! audio/x-raw,rate=16000,channels=1 ! "
      "avenc_aac bitrate=32000 ! audio/mpeg,stream-format=raw ! appsink name=out sync=false",
      decoder);
  LS_ASSIGN(std::unique_ptr<Flow> flow,
            Flow::open("cannot encode the sound", description, caps.get(), kSoundWaiting));
  return std::make_unique<ToAac>(std::move(flow));
}

absl::StatusOr<Bytes> encode_image(Picture picture, ImageFormat format) {
  gst::Caps caps;
  gst::Buffer buffer;
  if (format == ImageFormat::png) {
    LS_ASSIGN(caps, gst::caps_from_text(
                        fmt::format("video/x-raw,format=RGB,width={},height={},framerate=1/1",
                                    picture.format().width, picture.format().height)));
    buffer = buffer_of(rgb_of(picture));
  } else {
    LS_ASSIGN(caps, raw_caps(picture.format(), 1));
    buffer = buffer_of(std::move(picture).release());
  }
  GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(kFlowStartNs);
  const std::string description =
      fmt::format("appsrc name=in ! {} ! appsink name=out sync=false",
                  format == ImageFormat::png ? "pngenc" : "jpegenc quality=90");
  LS_ASSIGN(const std::unique_ptr<Flow> flow,
            Flow::open("cannot make an image", description, caps.get(), 1));
  LS_RETURN_IF_ERROR(flow->push(std::move(buffer)));
  LS_RETURN_IF_ERROR(flow->finish());
  LS_ASSIGN(const gst::Sample sample, flow->pull());
  if (sample == nullptr) return internal("cannot make an image: nothing came out");
  return bytes_of(gst_sample_get_buffer(sample.get()));
}

}  // namespace latchstring::media
