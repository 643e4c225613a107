#include "gateway/media/rtsp_session.h"

#include <gst/app/gstappsink.h>
#include <string.h>

#include <array>
#include <atomic>
#include <mutex>

#include "gateway/base/status.h"
#include "gateway/media/fragment_layout.h"
#include "gateway/media/gst.h"

namespace latchstring::media {
namespace {

constexpr guint kReorderMilliseconds = 200;  // RTP packets over TCP come in order
constexpr guint64 kTcpTimeoutMicroseconds = 10'000'000;
constexpr std::int64_t kCameraTimeEvery_ns = 1'000'000'000;

struct Payload {
  const char* media;
  const char* encoding;
  const char* chain;  // from RTP to what MP4 holds
};
constexpr Payload kPayloads[] = {
    {"video", "H264", "rtph264depay ! h264parse ! video/x-h264,stream-format=avc,alignment=au"},
    {"video", "H265", "rtph265depay ! h265parse ! video/x-h265,stream-format=hvc1,alignment=au"},
    {"audio", "MPEG4-GENERIC",
     "rtpmp4gdepay ! aacparse ! audio/mpeg,mpegversion=4,stream-format=raw"},
    {"audio", "MP4A-LATM", "rtpmp4adepay ! aacparse ! audio/mpeg,mpegversion=4,stream-format=raw"},
    {"audio", "PCMU", "rtppcmudepay"},
    {"audio", "PCMA", "rtppcmadepay"},
    {"audio", "OPUS", "rtpopusdepay"},
};

std::string rtp_field(const GstCaps* caps, const char* name) {
  const char* const value = gst_structure_get_string(gst_caps_get_structure(caps, 0), name);
  return value == nullptr ? "" : value;
}

const Payload* payload_of(const GstCaps* caps) {
  const std::string media = rtp_field(caps, "media");
  const std::string encoding = rtp_field(caps, "encoding-name");
  for (const Payload& payload : kPayloads) {
    if (media == payload.media && encoding == payload.encoding) return &payload;
  }
  return nullptr;
}

absl::Status check_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos ||
      (url.substr(0, scheme) != "rtsp" && url.substr(0, scheme) != "rtsps")) {
    return invalid("a camera's address begins with rtsp:// or rtsps://");
  }
  const std::size_t host = scheme + 3;
  if (url.substr(host, url.find('/', host) - host).find('@') != std::string::npos) {
    return invalid("user and password must not stand in a camera's address");
  }
  if (url.size() <= host || url[host] == '/') return invalid("`{}` names no camera", url);
  return absl::OkStatus();
}

class Session final : public RtspSession {
 public:
  Session(const CameraStream& stream, const Clock& clock, SessionHandler& handler)
      : url_(stream.url),
        user_(stream.user),
        audio_(stream.audio),
        clock_(clock),
        handler_(handler) {}
  ~Session() override { pipeline_.reset(); }

  absl::Status start(const CameraStream& stream) {
    gst::start();
    LS_ASSIGN(gst::Element source, gst::make_element("rtspsrc"));
    g_object_set(source.get(), "location", url_.c_str(), "latency", kReorderMilliseconds,
                 "tcp-timeout", kTcpTimeoutMicroseconds, "add-reference-timestamp-meta", TRUE,
                 "do-retransmission", FALSE,
                 // Any larger correction of one stream against the other is ignored: all are.
                 "max-ts-offset", G_GINT64_CONSTANT(1), nullptr);
    gst_util_set_object_arg(G_OBJECT(source.get()), "protocols", "tcp");
    gst_util_set_object_arg(G_OBJECT(source.get()), "buffer-mode", "none");
    if (!user_.empty()) {
      std::string password;
      if (stream.password) {
        LS_ASSIGN(password, stream.password());
      }
      g_object_set(source.get(), "user-id", user_.c_str(), "user-pw", password.c_str(), nullptr);
      ::explicit_bzero(password.data(), password.size());
    }
    g_signal_connect(source.get(), "select-stream", G_CALLBACK(select_stream), this);
    g_signal_connect(source.get(), "pad-added", G_CALLBACK(pad_added), this);
    pipeline_.reset(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
    bus_ = gst::bus_of(pipeline_.get());
    gst_bin_add(GST_BIN(pipeline_.get()), source.get());
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
      return unavailable("cannot connect to `{}`", url_);
    }
    return absl::OkStatus();
  }

  absl::Status wait(Duration timeout) override {
    const gst::Message message = gst::wait_for(
        bus_.get(), static_cast<GstClockTime>(std::max<Duration::rep>(0, timeout.count())) * 1000,
        static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
    if (!message) return absl::OkStatus();
    if (const absl::Status unsupported = unsupported_video(); !unsupported.ok()) return unsupported;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) {
      return unavailable("the camera at `{}` ended the stream", url_);
    }
    return explain(message.get());
  }

 private:
  struct Branch {
    Session* session = nullptr;
    Track track = Track::video;
    Codec codec = Codec::h264;
    gst::Caps caps;                 // as last reported
    std::int64_t next_look_ns = 0;  // for the camera's time
    bool linked = false;
  };

  absl::Status explain(GstMessage* message) const {
    GError* raw = nullptr;
    gchar* words = nullptr;
    gst_message_parse_error(message, &raw, &words);
    const gst::Error error(raw);
    const gst::Text details(words);
    if (g_error_matches(raw, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED)) {
      if (user_.empty()) return denied("the camera at `{}` asks for a login", url_);
      return denied("the camera at `{}` refuses the login of `{}`: check its password", url_,
                    user_);
    }
    if (g_error_matches(raw, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND)) {
      return not_found("the camera has no stream at `{}`", url_);
    }
    if (connected_) return unavailable("the connection to `{}` broke: {}", url_, raw->message);
    // Nothing is read from whom nobody reached.
    if (g_error_matches(raw, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ)) {
      const std::string_view all = details == nullptr ? "" : details.get();
      return unavailable("the camera at `{}` answered and sent no stream: {}", url_,
                         all.substr(all.rfind('\n') + 1));
    }
    return unavailable("cannot connect to `{}`: {}", url_, raw->message);
  }

  absl::Status unsupported_video() {
    const std::lock_guard lock(mutex_);
    if (video_seen_ || unsupported_.empty()) return absl::OkStatus();
    return invalid("the camera at `{}` sends `{}`; H.264 and H.265 can be recorded", url_,
                   unsupported_);
  }

  static gboolean select_stream(GstElement*, guint, GstCaps* caps, gpointer data) noexcept {
    auto* const self = static_cast<Session*>(data);
    const bool is_video = rtp_field(caps, "media") == "video";
    const Payload* const payload = payload_of(caps);
    const std::lock_guard lock(self->mutex_);
    if (payload == nullptr) {
      if (is_video) self->unsupported_ = rtp_field(caps, "encoding-name");
      return FALSE;
    }
    if (!is_video) return self->audio_ && !std::exchange(self->audio_seen_, true);
    return !std::exchange(self->video_seen_, true);
  }

  static void pad_added(GstElement* source, GstPad* pad, gpointer data) noexcept {
    auto* const self = static_cast<Session*>(data);
    const gst::Caps caps(gst_pad_get_current_caps(pad));
    const Payload* const payload = caps ? payload_of(caps.get()) : nullptr;
    if (payload == nullptr) return;
    if (!self->link(pad, *payload)) {
      GST_ELEMENT_ERROR(source, CORE, PAD, ("cannot read the camera's %s", payload->encoding),
                        (nullptr));
    }
  }

  bool link(GstPad* pad, const Payload& payload) {
    const Track track = payload.media[0] == 'v' ? Track::video : Track::audio;
    Branch& branch = branches_[track == Track::video ? 0 : 1];
    if (std::exchange(branch.linked, true)) return false;
    branch.session = this;
    branch.track = track;
    connected_ = true;
    const std::string description = fmt::format(
        "{} ! appsink name=out sync=false async=false enable-last-sample=false qos=false",
        payload.chain);
    GError* raw = nullptr;
    GstElement* const bin = gst_parse_bin_from_description(description.c_str(), TRUE, &raw);
    const gst::Error error(raw);
    if (bin == nullptr) return false;
    const gst::Element sink = gst::child(bin, "out");
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = new_sample;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, &branch, nullptr);
    gst_bin_add(GST_BIN(pipeline_.get()), bin);
    const gst::Pad target(gst_element_get_static_pad(bin, "sink"));
    return gst_pad_link(pad, target.get()) == GST_PAD_LINK_OK &&
           gst_element_sync_state_with_parent(bin) == TRUE;
  }

  static GstFlowReturn new_sample(GstAppSink* sink, gpointer data) noexcept {
    auto* const branch = static_cast<Branch*>(data);
    const gst::Sample sample(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    return branch->session->pass_on(*branch, sample.get());
  }

  GstFlowReturn pass_on(Branch& branch, GstSample* sample) noexcept {
    GstBuffer* const buffer = gst_sample_get_buffer(sample);
    GstCaps* const caps = gst_sample_get_caps(sample);
    if (buffer == nullptr || caps == nullptr || !GST_BUFFER_PTS_IS_VALID(buffer))
      return GST_FLOW_OK;
    const std::lock_guard lock(handler_mutex_);
    if (!branch.caps || !gst_caps_is_equal(branch.caps.get(), caps)) {
      branch.caps.reset(gst_caps_ref(caps));
      const auto format = parse_format(gst::to_text(caps));
      // Until the parameter sets have come there is nothing that could be recorded.
      if (!format.ok()) return branch.caps.reset(), GST_FLOW_OK;
      branch.codec = format->codec;
      handler_.on_format(branch.track, to_caps(*format));
    }
    ReceivedUnit unit;
    unit.track = branch.track;
    unit.received = clock_.now();
    unit.steady = clock_.steady();
    unit.pts_ns = static_cast<std::int64_t>(gst_segment_to_running_time(
        gst_sample_get_segment(sample), GST_FORMAT_TIME, GST_BUFFER_PTS(buffer)));
    unit.data.resize(gst_buffer_get_size(buffer));
    gst_buffer_extract(buffer, 0, unit.data.data(), unit.data.size());
    unit.is_key = branch.track == Track::audio || has_idr(branch.codec, unit.data);
    const std::optional<Instant> camera_time = camera_time_of(branch, buffer, unit.pts_ns);
    handler_.on_unit(std::move(unit), camera_time);
    return GST_FLOW_OK;
  }

  static std::optional<Instant> camera_time_of(Branch& branch, GstBuffer* buffer,
                                               std::int64_t pts_ns) {
    if (branch.track != Track::video || pts_ns < branch.next_look_ns) return std::nullopt;
    static GstStaticCaps ntp = GST_STATIC_CAPS("timestamp/x-ntp");
    const gst::Caps reference(gst_static_caps_get(&ntp));
    const GstReferenceTimestampMeta* const meta =
        gst_buffer_get_reference_timestamp_meta(buffer, reference.get());
    if (meta == nullptr) return std::nullopt;
    branch.next_look_ns = pts_ns + kCameraTimeEvery_ns;
    return from_ntp_nanoseconds(meta->timestamp);
  }

  const std::string url_;
  const std::string user_;
  const bool audio_;
  const Clock& clock_;
  SessionHandler& handler_;

  std::mutex mutex_;
  bool video_seen_ = false;  // guarded by mutex_
  bool audio_seen_ = false;  // guarded by mutex_
  std::string unsupported_;  // guarded by mutex_
  std::atomic<bool> connected_ = false;

  std::mutex handler_mutex_;        // video and sound come on threads of their own
  std::array<Branch, 2> branches_;  // each: its streaming thread, under handler_mutex_

  gst::Pipeline pipeline_;
  gst::Bus bus_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RtspSession>> RtspSession::open(const CameraStream& stream,
                                                               const Clock& clock,
                                                               SessionHandler& handler) {
  LS_RETURN_IF_ERROR(check_url(stream.url));
  auto session = std::make_unique<Session>(stream, clock, handler);
  LS_RETURN_IF_ERROR(session->start(stream));
  return session;
}

}  // namespace latchstring::media
