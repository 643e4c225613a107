#include "gateway/media/decode.h"

#include <gst/video/video.h>

#include <algorithm>
#include <cstring>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/media/flow.h"

namespace latchstring::media {
namespace {

absl::StatusOr<const char*> decoder_for(const GstCaps* caps) {
  const std::string_view name = name_of(caps);
  if (name == "video/x-h264") return "avdec_h264";
  if (name == "video/x-h265") return "avdec_h265";
  return invalid("video in `{}` cannot be decoded: only H.264 and H.265 can", name);
}

absl::StatusOr<PictureFormat> format_of(const GstVideoInfo& info) {
  PictureFormat format;
  format.width = GST_VIDEO_INFO_WIDTH(&info);
  format.height = GST_VIDEO_INFO_HEIGHT(&info);
  format.pixel_width = GST_VIDEO_INFO_PAR_N(&info);
  format.pixel_height = GST_VIDEO_INFO_PAR_D(&info);
  const gst::Text colorimetry(gst_video_colorimetry_to_string(&info.colorimetry));
  if (colorimetry != nullptr) format.colorimetry = colorimetry.get();
  if (format.width < 16 || format.height < 16 ||
      std::int64_t{format.width} * format.height > kPixelsMax) {
    return exhausted("a picture of {} x {} pixels is outside the limits", format.width,
                     format.height);
  }
  return format;
}

void copy_plane(const Plane& to, const std::uint8_t* from, int stride) {
  for (int y = 0; y < to.height; ++y) {
    std::memcpy(to.data + std::ptrdiff_t{y} * to.stride, from + std::ptrdiff_t{y} * stride,
                static_cast<std::size_t>(to.width));
  }
}

absl::StatusOr<Picture> picture_of(GstSample* sample) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample))) {
    return internal("the decoder gives no picture format");
  }
  // Conversion would be the one thing here that asks the machine about itself.
  if (GST_VIDEO_INFO_FORMAT(&info) != GST_VIDEO_FORMAT_I420) {
    return invalid("video decoded as `{}` cannot be redacted: only 8 bit 4:2:0 can",
                   gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&info)));
  }
  LS_ASSIGN(PictureFormat format, format_of(info));
  GstBuffer* const buffer = gst_sample_get_buffer(sample);
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) {
    return internal("cannot read a decoded picture");
  }
  Picture picture(std::move(format));
  for (unsigned i = 0; i < 3; ++i) {
    copy_plane(picture.planes()[i],
               static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, i)),
               GST_VIDEO_FRAME_PLANE_STRIDE(&frame, i));
  }
  gst_video_frame_unmap(&frame);
  picture.pts_ns = static_cast<std::int64_t>(GST_BUFFER_PTS(buffer));
  picture.damaged = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_CORRUPTED);
  return picture;
}

class GstDecoder final : public Decoder {
 public:
  explicit GstDecoder(std::unique_ptr<Flow> flow) : flow_(std::move(flow)) {}

  absl::Status push(const AccessUnit& unit) override {
    ensure(unit.track == Track::video);
    if (!first_pts_.has_value()) first_pts_ = unit.pts_ns;
    const std::int64_t pts = unit.pts_ns - *first_pts_ + kFlowStartNs;
    const std::int64_t dts = unit.dts_ns - *first_pts_ + kFlowStartNs;
    if (pts < 0) return data_loss("a picture's time lies long before the first one's");
    gst::Buffer buffer = buffer_of(unit.data);
    GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(pts);
    if (dts >= 0 && dts <= pts) GST_BUFFER_DTS(buffer.get()) = static_cast<GstClockTime>(dts);
    if (!unit.is_key) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    return flow_->push(std::move(buffer));
  }

  absl::Status finish() override { return flow_->finish(); }

  absl::StatusOr<std::optional<Picture>> pull() override {
    LS_ASSIGN(const gst::Sample sample, flow_->pull());
    if (sample == nullptr) return std::nullopt;
    LS_ASSIGN(Picture picture, picture_of(sample.get()));
    picture.pts_ns += first_pts_.value_or(0) - kFlowStartNs;
    return picture;
  }

 private:
  const std::unique_ptr<Flow> flow_;
  std::optional<std::int64_t> first_pts_;
};

}  // namespace

Picture::Picture(PictureFormat format) : format_(std::move(format)) {
  // Rows as GStreamer lays out I420, so that a buffer of this memory needs no further description.
  const auto up = [](int value, int to) { return (value + to - 1) / to * to; };
  const int luma_stride = up(format_.width, 4);
  const int chroma_stride = up(up(format_.width, 2) / 2, 4);
  const int rows = up(format_.height, 2);
  const auto luma = static_cast<std::size_t>(luma_stride) * static_cast<std::size_t>(rows);
  const auto chroma = static_cast<std::size_t>(chroma_stride) * static_cast<std::size_t>(rows / 2);
  memory_.resize(luma + 2 * chroma);
  const int chroma_width = (format_.width + 1) / 2;
  planes_[0] = {memory_.data(), luma_stride, format_.width, format_.height};
  planes_[1] = {memory_.data() + luma, chroma_stride, chroma_width, rows / 2};
  planes_[2] = {memory_.data() + luma + chroma, chroma_stride, chroma_width, rows / 2};
}

absl::StatusOr<std::unique_ptr<Decoder>> Decoder::open(const std::string& video_caps, int threads) {
  LS_ASSIGN(const gst::Caps caps, gst::caps_from_text(video_caps));
  LS_ASSIGN(const char* decoder, decoder_for(caps.get()));
  const std::string description =
      fmt::format("appsrc name=in ! {} max-threads={} ! appsink name=out sync=false max-buffers=4",
                  decoder, std::clamp(threads, 1, 16));
  LS_ASSIGN(std::unique_ptr<Flow> flow,
            Flow::open("cannot decode the video", description, caps.get(), kPicturesWaitingMax));
  return std::make_unique<GstDecoder>(std::move(flow));
}

}  // namespace latchstring::media
