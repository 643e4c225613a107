#include "gateway/media/file_reader.h"

#include <fcntl.h>
#include <gst/app/gstappsink.h>

#include <array>

#include "gateway/base/status.h"
#include "gateway/media/boxes.h"
#include "gateway/media/gst.h"
#include "gateway/media/track_format.h"

namespace latchstring::media {
namespace {

constexpr GstClockTime kPullTimeout = 10 * GST_SECOND;
constexpr GstClockTime kPreroll = 20 * GST_SECOND;
// How much earlier than the file says its tracks may end: sound and picture rarely end together.
constexpr std::int64_t kEndsEarlyMax = 500'000'000;

absl::Status cut_short(const Path& path) {
  return data_loss("`{}` is cut short: its end is missing", path.string());
}

// Whether the last box of an MP4 file (ISO/IEC 14496-12 section 4.2) ends with the file. The
// demuxer takes a file that was cut off for one that ends there.
absl::Status check_last_box(const Path& path) {
  LS_ASSIGN(const UniqueFd file, open_file(path, O_RDONLY));
  std::error_code failed;
  const std::uint64_t size = std::filesystem::file_size(path, failed);
  if (failed) return unavailable("cannot read `{}`: {}", path.string(), failed.message());
  for (std::uint64_t at = 0; size - at >= 16;) {
    std::array<std::uint8_t, 16> raw{};
    LS_RETURN_IF_ERROR(pread_all(file.get(), raw, at));
    BoxReader head(raw);
    std::uint64_t length = head.u32();
    if (head.u32() != fourcc("ftyp") && at == 0) return absl::OkStatus();  // no MP4 file
    if (length == 0) break;                                                // up to the end
    if (length == 1) length = head.u64();
    if (length < 8 || length > size - at) return cut_short(path);
    at += length;
  }
  return absl::OkStatus();
}

// What the demuxer exposes, and how it comes to what MP4 holds.
const char* chain_of(const GstCaps* caps) {
  const GstStructure* const fields = gst_caps_get_structure(caps, 0);
  const std::string name = gst_structure_get_name(fields);
  if (name == "video/x-h264") return "h264parse ! video/x-h264,stream-format=avc,alignment=au";
  if (name == "video/x-h265") return "h265parse ! video/x-h265,stream-format=hvc1,alignment=au";
  if (name == "audio/mpeg") {
    int version = 0;
    gst_structure_get_int(fields, "mpegversion", &version);
    if (version == 4) return "aacparse ! audio/mpeg,mpegversion=4,stream-format=raw";
  }
  if (name == "audio/x-mulaw" || name == "audio/x-alaw" || name == "audio/x-opus")
    return "identity";
  return nullptr;
}

class FileReader final : public FootageReader {
 public:
  FileReader(Path path, Instant start) : path_(std::move(path)), start_(start) {}

  absl::Status open() {
    LS_RETURN_IF_ERROR(check_last_box(path_));
    LS_ASSIGN(pipeline_, gst::parse_pipeline("filesrc name=in ! decodebin name=parse"));
    const gst::Element source = gst::child(pipeline_.get(), "in");
    g_object_set(source.get(), "location", path_.c_str(), nullptr);
    const gst::Element parse = gst::child(pipeline_.get(), "parse");
    g_signal_connect(parse.get(), "pad-added", G_CALLBACK(pad_added), this);
    g_signal_connect(parse.get(), "autoplug-continue", G_CALLBACK(is_container), nullptr);
    // Paused: the tracks are known, and each has its first unit.
    gst_element_set_state(pipeline_.get(), GST_STATE_PAUSED);
    const GstStateChangeReturn paused =
        gst_element_get_state(pipeline_.get(), nullptr, nullptr, kPreroll);
    if (paused != GST_STATE_CHANGE_SUCCESS || !sinks_[0]) {
      return invalid("`{}` is not a video file with H.264 or H.265 pictures{}{}", path_.string(),
                     unsupported_.empty() ? "" : "; it holds ", unsupported_);
    }
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    return learn_info();
  }

  const StreamInfo& info() const override { return info_; }

  absl::StatusOr<std::optional<AccessUnit>> next() override {
    for (std::size_t i = 0; i < sinks_.size(); ++i) LS_RETURN_IF_ERROR(fill(i));
    std::optional<AccessUnit>* first = nullptr;
    for (std::optional<AccessUnit>& unit : waiting_) {
      if (unit && (first == nullptr || unit->dts_ns < (*first)->dts_ns)) first = &unit;
    }
    if (first == nullptr) {
      LS_RETURN_IF_ERROR(check_ends_as_it_says());
      return std::nullopt;
    }
    end_ns_ = std::max(end_ns_, (*first)->pts_ns + (*first)->duration_ns);
    return std::exchange(*first, std::nullopt);
  }

  absl::Status rewind() override {
    waiting_ = {};
    pipeline_.reset();
    for (gst::Element& sink : sinks_) sink.reset();
    const StreamInfo before = info_;
    LS_RETURN_IF_ERROR(open());
    if (info_ != before) return data_loss("`{}` changed while it was read", path_.string());
    return absl::OkStatus();
  }

 private:
  // Containers are opened; nothing is decoded.
  static gboolean is_container(GstElement*, GstPad*, GstCaps* caps, gpointer) noexcept {
    const std::string name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    for (const char* container :
         {"video/quicktime", "video/x-matroska", "video/webm", "video/x-msvideo", "video/mpegts"}) {
      if (name == container) return TRUE;
    }
    return FALSE;
  }

  static void pad_added(GstElement*, GstPad* pad, gpointer data) noexcept {
    auto* const self = static_cast<FileReader*>(data);
    gst::Caps caps(gst_pad_get_current_caps(pad));
    if (!caps) caps.reset(gst_pad_query_caps(pad, nullptr));
    if (gst_caps_is_empty(caps.get()) || gst_caps_is_any(caps.get())) return;
    const char* const chain = chain_of(caps.get());
    const std::string name = gst_structure_get_name(gst_caps_get_structure(caps.get(), 0));
    const std::size_t index = name.rfind("video/", 0) == 0 ? 0 : 1;
    if (chain == nullptr && index == 0) self->unsupported_ = name;
    self->attach(pad, chain == nullptr || self->sinks_[index] ? nullptr : chain, index);
  }

  // What is not wanted runs into a fakesink, or the demuxer would stop with an error.
  void attach(GstPad* pad, const char* chain, std::size_t index) {
    const std::string description =
        chain == nullptr ? "fakesink sync=false async=false"
                         : fmt::format(
                               "queue max-size-buffers=0 max-size-time=0 max-size-bytes={} ! {} ! "
                               "appsink name=out sync=false max-buffers=4 "
                               "enable-last-sample=false",
                               kFileUnitBytesMax, chain);
    GstElement* const bin = gst_parse_bin_from_description(description.c_str(), TRUE, nullptr);
    if (bin == nullptr) return;
    if (chain != nullptr) sinks_[index] = gst::child(bin, "out");
    gst_bin_add(GST_BIN(pipeline_.get()), bin);
    const gst::Pad target(gst_element_get_static_pad(bin, "sink"));
    gst_pad_link(pad, target.get());
    gst_element_sync_state_with_parent(bin);
  }

  absl::Status check_ends_as_it_says() {
    gint64 length_ns = 0;
    if (!gst_element_query_duration(pipeline_.get(), GST_FORMAT_TIME, &length_ns)) {
      return absl::OkStatus();
    }
    return end_ns_ + kEndsEarlyMax < length_ns ? cut_short(path_) : absl::OkStatus();
  }

  absl::Status learn_info() {
    end_ns_ = 0;
    info_ = StreamInfo();
    for (std::size_t i = 0; i < sinks_.size(); ++i) {
      if (!sinks_[i]) continue;
      LS_RETURN_IF_ERROR(fill(i));
      if (!waiting_[i] && i == 0) return invalid("`{}` holds no picture", path_.string());
      if (!waiting_[i]) sinks_[i].reset();
    }
    return absl::OkStatus();
  }

  absl::Status fill(std::size_t index) {
    if (!sinks_[index] || waiting_[index]) return absl::OkStatus();
    GstAppSink* const sink = GST_APP_SINK(sinks_[index].get());
    const gst::Sample sample(gst_app_sink_try_pull_sample(sink, kPullTimeout));
    if (!sample) {
      const gst::Bus bus = gst::bus_of(pipeline_.get());
      const gst::Message message = gst::wait_for(bus.get(), 0, GST_MESSAGE_ERROR);
      if (message) return data_loss("`{}` is damaged", path_.string());
      if (gst_app_sink_is_eos(sink)) return absl::OkStatus();
      return unavailable("`{}` cannot be read further", path_.string());
    }
    return take(index, sample.get());
  }

  absl::Status take(std::size_t index, GstSample* sample) {
    LS_ASSIGN(const TrackFormat format, parse_format(gst::to_text(gst_sample_get_caps(sample))));
    std::string& caps = index == 0 ? info_.video_caps : info_.audio_caps;
    if (caps.empty()) caps = to_caps(format);
    if (caps != to_caps(format)) {
      return invalid("`{}` changes its format in the middle", path_.string());
    }
    GstBuffer* const buffer = gst_sample_get_buffer(sample);
    if (!GST_BUFFER_PTS_IS_VALID(buffer)) {
      return invalid("`{}` has pictures without a time", path_.string());
    }
    const GstSegment* const segment = gst_sample_get_segment(sample);
    const auto time_of = [&](GstClockTime time) {
      guint64 out = 0;
      const int sign = gst_segment_to_stream_time_full(segment, GST_FORMAT_TIME, time, &out);
      return sign < 0 ? -static_cast<std::int64_t>(out) : static_cast<std::int64_t>(out);
    };
    AccessUnit unit;
    unit.track = index == 0 ? Track::video : Track::audio;
    unit.pts_ns = time_of(GST_BUFFER_PTS(buffer));
    unit.dts_ns = GST_BUFFER_DTS_IS_VALID(buffer) ? time_of(GST_BUFFER_DTS(buffer)) : unit.pts_ns;
    if (GST_BUFFER_DURATION_IS_VALID(buffer)) {
      unit.duration_ns = static_cast<std::int64_t>(GST_BUFFER_DURATION(buffer));
    }
    unit.utc = start_ + std::chrono::floor<Duration>(std::chrono::nanoseconds(unit.pts_ns));
    unit.data.resize(gst_buffer_get_size(buffer));
    if (unit.data.size() > kFileUnitBytesMax) {
      return exhausted("a picture of `{}` has more than {} bytes", path_.string(),
                       kFileUnitBytesMax);
    }
    gst_buffer_extract(buffer, 0, unit.data.data(), unit.data.size());
    unit.is_key = index == 1 || has_idr(format.codec, unit.data);
    waiting_[index] = std::move(unit);
    return absl::OkStatus();
  }

  const Path path_;
  const Instant start_;
  StreamInfo info_;
  std::string unsupported_;            // set before it is paused
  std::array<gst::Element, 2> sinks_;  // likewise; video, audio
  std::array<std::optional<AccessUnit>, 2> waiting_;
  std::int64_t end_ns_ = 0;  // of what was given
  gst::Pipeline pipeline_;   // goes first: its threads use the rest
};

}  // namespace

absl::StatusOr<std::unique_ptr<FootageReader>> read_file_footage(const Path& path, Instant start) {
  std::error_code missing;
  if (!std::filesystem::is_regular_file(path, missing)) {
    return not_found("there is no file `{}`", path.string());
  }
  auto reader = std::make_unique<FileReader>(path, start);
  LS_RETURN_IF_ERROR(reader->open());
  return reader;
}

}  // namespace latchstring::media
