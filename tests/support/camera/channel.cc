#include "tests/support/camera/channel.h"

#include <gst/rtp/gstrtpbuffer.h>
#include <gst/video/video.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "gateway/base/status.h"
#include "tests/support/cells.h"

namespace latchstring::test {

namespace gst = media::gst;

namespace {

std::string video_part(const ChannelOptions& options) {
  if (!options.encoded.empty()) return fmt::format("{}parse config-interval=-1", options.codec);
  if (options.codec == "h265") {
    return fmt::format(
        "x265enc speed-preset=ultrafast tune=zerolatency bitrate={} key-int-max={} "
        "option-string=scenecut=0:pools=1:frame-threads=1:open-gop=0:log-level=none ! "
        "video/x-h265,profile=main ! h265parse",
        options.bitrate_kbps, options.gop);
  }
  return fmt::format(
      "x264enc speed-preset=ultrafast tune=zerolatency threads=1 bitrate={} key-int-max={} "
      "option-string=scenecut=0 ! video/x-h264,profile=constrained-baseline",
      options.bitrate_kbps, options.gop);
}

std::string audio_part(const std::string& codec) {
  const std::string tone =
      " audiotestsrc is-live=true freq=440 volume=0.2 ! audioconvert ! "
      "audio/x-raw,channels=1,rate=";
  // Until somebody asks for sound its payloader leads nowhere; that must not end the picture.
  const std::string gate =
      " ! valve name=gate ! queue ! errorignore "
      "ignore-notlinked=true convert-to=ok ! ";
  if (codec == "aac")
    return tone + "16000 ! voaacenc ! aacparse" + gate + "rtpmp4gpay name=pay1 pt=97";
  if (codec == "pcmu") return tone + "8000 ! mulawenc" + gate + "rtppcmupay name=pay1 pt=0";
  if (codec == "pcma") return tone + "8000 ! alawenc" + gate + "rtppcmapay name=pay1 pt=8";
  if (codec == "opus") return tone + "48000 ! opusenc" + gate + "rtpopuspay name=pay1 pt=98";
  return "";
}

void shift_timestamp(GstBuffer* packet, double seconds, guint clock_rate) {
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  if (!gst_rtp_buffer_map(packet, GST_MAP_READWRITE, &rtp)) return;
  const auto ticks = static_cast<std::int64_t>(seconds * clock_rate);
  gst_rtp_buffer_set_timestamp(&rtp,
                               gst_rtp_buffer_get_timestamp(&rtp) + static_cast<guint32>(ticks));
  gst_rtp_buffer_unmap(&rtp);
}

guint clock_rate_of(GstPad* pad) {
  const gst::Caps caps(gst_pad_get_current_caps(pad));
  int rate = 90000;
  if (caps) gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "clock-rate", &rate);
  return static_cast<guint>(rate);
}

// The camera's media clock jumps: every RTP timestamp is moved.
GstPadProbeReturn move_timestamps(GstPad* pad, GstPadProbeInfo* info, gpointer channel) noexcept {
  const double seconds = static_cast<Channel*>(channel)->jumped_s();
  if (seconds == 0) return GST_PAD_PROBE_OK;
  const guint rate = clock_rate_of(pad);
  if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
    GstBufferList* list = gst_buffer_list_make_writable(GST_PAD_PROBE_INFO_BUFFER_LIST(info));
    info->data = list;
    for (guint i = 0; i < gst_buffer_list_length(list); ++i) {
      shift_timestamp(gst_buffer_list_get_writable(list, i), seconds, rate);
    }
  } else {
    GstBuffer* packet = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    info->data = packet;
    shift_timestamp(packet, seconds, rate);
  }
  return GST_PAD_PROBE_OK;
}

void move_timestamps_of(GstElement* bin, const char* payloader, Channel* channel) {
  const gst::Element pay(gst_bin_get_by_name(GST_BIN(bin), payloader));
  if (!pay) return;
  const gst::Pad pad(gst_element_get_static_pad(pay.get(), "src"));
  gst_pad_add_probe(
      pad.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
      move_timestamps, channel, nullptr);
}

// The tone generator can seek and a camera cannot: the server would take a PLAY with a range for a
// seek of the whole and fail.
GstPadProbeReturn deny_seeking(GstPad*, GstPadProbeInfo* info, gpointer) noexcept {
  GstQuery* const query = GST_PAD_PROBE_INFO_QUERY(info);
  if (GST_QUERY_TYPE(query) != GST_QUERY_SEEKING) return GST_PAD_PROBE_OK;
  gst_query_set_seeking(query, GST_FORMAT_TIME, FALSE, 0, -1);
  return GST_PAD_PROBE_HANDLED;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Channel>> Channel::open(const ChannelOptions& options) {
  std::unique_ptr<Channel> channel(new Channel(options));
  channel->fps_ = options.fps;
  if (options.encoded.empty()) {
    LS_ASSIGN(channel->film_, Film::open(options.film, options.width, options.height));
    // The first takes the decoder's start: not while somebody watches.
    LS_RETURN_IF_ERROR(channel->film_->next().status());
  } else {
    LS_ASSIGN(channel->coded_, read_coded_film(options.encoded, options.codec));
    if (channel->coded_.fps > 0) channel->fps_ = channel->coded_.fps;
  }
  Channel* const self = channel.get();
  channel->thread_ = std::thread([self] { self->feed(); });
  return channel;
}

Channel::~Channel() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::string Channel::launch_line() const {
  return fmt::format(
      "( appsrc name=video is-live=true format=time max-buffers=64 max-bytes=0 "
      "leaky-type=downstream ! {} ! "
      "queue ! rtp{}pay name=pay0 pt=96 config-interval=-1 {} )",
      video_part(options_), options_.codec, audio_part(options_.audio));
}

void Channel::attach(GstElement* bin) {
  move_timestamps_of(bin, "pay0", this);
  move_timestamps_of(bin, "pay1", this);
  gst::Element source = gst::child(bin, "video");
  if (options_.encoded.empty()) {
    const gst::Caps caps(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "I420",
                                             "width", G_TYPE_INT, options_.width, "height",
                                             G_TYPE_INT, options_.height, "framerate",
                                             GST_TYPE_FRACTION, options_.fps, 1, nullptr));
    gst_app_src_set_caps(GST_APP_SRC(source.get()), caps.get());
  } else {
    gst_app_src_set_caps(GST_APP_SRC(source.get()), coded_.caps.get());
  }
  const std::lock_guard lock(mutex_);
  source_ = std::move(source);
  audio_gate_.reset(gst_bin_get_by_name(GST_BIN(bin), "gate"));
  if (audio_gate_) {
    const gst::Pad pad(gst_element_get_static_pad(audio_gate_.get(), "sink"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, deny_seeking, nullptr, nullptr);
  }
  begun_ = false;
}

absl::StatusOr<gst::Buffer> Channel::next_picture(std::uint64_t number, Instant taken) {
  if (!film_) {
    return gst::Buffer(gst_buffer_copy(coded_.units[number % coded_.units.size()].get()));
  }
  LS_ASSIGN(gst::Buffer picture, film_->next());
  if (!options_.cells) return picture;
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, static_cast<guint>(options_.width),
                            static_cast<guint>(options_.height));
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info, picture.get(), GST_MAP_WRITE)) {
    return internal("cannot map a picture");
  }
  Cells cells;
  cells.frame = static_cast<std::uint32_t>(number);
  cells.utc = taken;
  draw_cells(cells, static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)),
             static_cast<std::size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)));
  // Gray, so that the cells look the same in every picture of the chroma planes.
  for (int plane = 1; plane < 3; ++plane) {
    auto* const chroma = static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
    for (int y = 0; y < kCellsHeight / 2; ++y) {
      std::fill_n(chroma + y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane), kCellsWidth / 2,
                  std::uint8_t{128});
    }
  }
  gst_video_frame_unmap(&frame);
  return picture;
}

// Each picture bears the time when it was taken, as a camera's does: one that comes late is not
// said to have come when it was due, nor when it was through with drawing.
void Channel::push(gst::Buffer picture, SteadyTime taken) {
  const std::lock_guard lock(mutex_);
  if (audio_gate_) g_object_set(audio_gate_.get(), "drop", frozen_ ? TRUE : FALSE, nullptr);
  if (!source_ || frozen_) return;
  // Coded pictures begin at an IDR, as an encoder would.
  if (!begun_ && !film_ && GST_BUFFER_FLAG_IS_SET(picture.get(), GST_BUFFER_FLAG_DELTA_UNIT)) {
    return;
  }
  if (!begun_) {
    // Once: the server sets the base time anew when it begins to play.
    GstClock* const clock = gst_element_get_clock(source_.get());
    if (clock == nullptr) return;
    const GstClockTime now = gst_clock_get_time(clock) - gst_element_get_base_time(source_.get());
    const std::chrono::nanoseconds since = std::chrono::steady_clock::now() - taken;
    base_ = now - std::min(now, static_cast<GstClockTime>(since.count()));
    gst_object_unref(clock);
    begun_at_ = taken;
    begun_ = true;
  }
  GST_BUFFER_PTS(picture.get()) =
      base_ + static_cast<GstClockTime>(std::chrono::nanoseconds(taken - begun_at_).count());
  GST_BUFFER_DTS(picture.get()) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(picture.get()) = static_cast<GstClockTime>(1e9 / fps_ + 0.5);
  if (gst_app_src_push_buffer(GST_APP_SRC(source_.get()), picture.release()) == GST_FLOW_FLUSHING) {
    source_.reset();  // the last viewer has gone
    audio_gate_.reset();
  }
}

void Channel::feed() {
  using Clock = std::chrono::steady_clock;
  const auto interval =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / fps_));
  auto due = Clock::now();
  for (std::uint64_t number = 0; !stopping_; ++number) {
    std::this_thread::sleep_until(due);
    const SteadyTime taken = Clock::now();
    const auto utc = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    // What a busy machine delayed by more than half an interval is not made up for.
    due = std::max(due + interval, taken + interval / 2);
    auto picture = next_picture(number, utc);
    if (!picture.ok()) {
      std::fprintf(stderr, "latchstring-test-camera: %s\n", picture.status().ToString().c_str());
      std::exit(1);
    }
    push(*std::move(picture), taken);
  }
}

}  // namespace latchstring::test
