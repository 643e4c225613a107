// camera.*: what each one does, a test connection, the newest picture.
#include <memory>

#include "gateway/base/status.h"
#include "gateway/daemon/operations.h"
#include "gateway/daemon/pipes.h"
#include "gateway/media/probe.h"

namespace latchstring::daemon {
namespace {

using control::Reply;
using control::Request;

constexpr Duration kListen = std::chrono::seconds{5};

std::string_view word_for(media::RecordingState state) {
  switch (state) {
    case media::RecordingState::recording:
      return "recording";
    case media::RecordingState::connecting:
      return "connecting";
    case media::RecordingState::not_stored:
    case media::RecordingState::lost:
    case media::RecordingState::stopped:
      return "down";
  }
  return "down";
}

// A number of a caps string: `width=(int)768`.
std::optional<std::int64_t> number_in(std::string_view caps, std::string_view name) {
  const std::size_t at = caps.find(fmt::format("{}=(int)", name));
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  for (std::size_t i = at + name.size() + 6; i < caps.size() && caps[i] >= '0' && caps[i] <= '9';
       ++i) {
    value = value * 10 + (caps[i] - '0');
  }
  return value;
}

const config::Camera* known_camera(Daemon& daemon, const std::string& id, const Reply& reply) {
  const config::Camera* camera = daemon.config().find_camera(id);
  if (camera == nullptr) reply.fail(not_found("gateway.yaml has no camera `{}`", id));
  return camera;
}

void list(Daemon& daemon, const Reply& reply) {
  std::vector<json::Writer> cameras;
  for (const CameraState& camera : daemon.recorders().states()) {
    cameras.push_back(camera_json(daemon, camera));
  }
  reply.ok(json::Writer().objects("cameras", cameras));
}

json::Writer report_json(const config::Camera& camera, const media::CameraReport& found) {
  json::Writer out;
  out.string("camera", camera.id)
      .string("video", found.video_codec.starts_with("avc") ? "h264" : "h265")
      .integer("width", found.width)
      .integer("height", found.height)
      .real("frames_per_second", found.frames_per_second)
      .real("gop_seconds", found.gop_s.value_or(0))
      .natural("bits_per_second", static_cast<std::uint64_t>(found.kilobits_per_second * 1000))
      .optional_string("audio", found.audio_codec)
      .boolean("audio_recorded", camera.audio);
  if (found.clock_offset_ms) out.integer("clock_offset_ms", *found.clock_offset_ms);
  return out;
}

void test(Daemon& daemon, const Request& asked, const Reply& reply) {
  const std::string id = asked.arguments.text("camera");
  const config::Camera* camera = known_camera(daemon, id, reply);
  if (camera == nullptr) return;
  struct Probe {
    media::CameraStream stream;
    absl::StatusOr<media::CameraReport> found = absl::UnknownError("not probed");
  };
  auto probe = std::make_shared<Probe>();  // shared with the chore
  probe->stream = stream_of(daemon.config(), *camera);
  const bool queued = daemon.slow_chores().run(
      [&daemon, probe] {
        probe->found = media::probe_camera(probe->stream, daemon.clock(), kListen);
      },
      [camera = *camera, probe, reply] {
        // Also where the camera refuses the login: nobody refused the caller anything.
        if (!probe->found.ok())
          return reply.fail(unavailable("{}", message_of(probe->found.status())));
        reply.ok(report_json(camera, *probe->found));
      });
  if (!queued) reply.fail(unavailable("too much is waiting; try again"));
}

bool is_recording(Daemon& daemon, const std::string& id) {
  const auto cameras = daemon.recorders().states();
  return std::any_of(cameras.begin(), cameras.end(), [&id](const CameraState& camera) {
    return camera.camera.id == id && camera.now.state == media::RecordingState::recording;
  });
}

void snapshot(Daemon& daemon, Request& asked, const Reply& reply) {
  const std::string id = asked.arguments.text("camera");
  if (known_camera(daemon, id, reply) == nullptr) return;
  if (const absl::Status collected = daemon.archive().collect(); !collected.ok()) {
    return reply.fail(collected);
  }
  auto footage = daemon.archive().newest(id);
  if (!footage.ok()) {
    return reply.fail(footage.status(), "a segment is whole about a minute after its start");
  }
  struct Taking {
    archive::Footage footage;
    Interval span;
    UniqueFd pipe;
    absl::StatusOr<Bytes> picture = absl::UnknownError("not taken");
  };
  auto taking = std::make_shared<Taking>();  // shared with the chore
  taking->footage = *std::move(footage);
  taking->span = taking->footage.segments.back().time;
  taking->pipe = std::move(asked.pipe);
  Chores& chores = daemon.slow_chores();
  const bool queued = chores.run(
      [&daemon, taking, id, &stopping = chores.stopping()] {
        auto look = release::Release::look(id, taking->span, RedactionPlan{});
        auto preview = daemon.archive().cutter().look_at_newest(std::move(look), taking->footage);
        const worker::Cancel never;
        taking->picture = preview.ok() ? daemon.cuts().redactor().snapshot(
                                             *std::move(preview), media::ImageFormat::png, never)
                                       : absl::StatusOr<Bytes>(preview.status());
        if (!taking->picture.ok()) return;
        const absl::Status sent = write_to_pipe(taking->pipe.get(), *taking->picture, stopping);
        if (!sent.ok()) taking->picture = sent;
        taking->pipe.reset();  // the file ends before the answer comes
      },
      [&daemon, taking, id, reply] {
        if (!taking->picture.ok()) return reply.fail(taking->picture.status());
        reply.ok(json::Writer()
                     .string("camera", id)
                     .boolean("recording", is_recording(daemon, id))
                     .string("at", to_rfc3339(taking->span.to))
                     .string("media_type", "image/png")
                     .natural("bytes", taking->picture->size()));
      });
  if (!queued) reply.fail(unavailable("too much is waiting; try again"));
}

}  // namespace

json::Writer camera_json(Daemon& daemon, const CameraState& camera) {
  json::Writer out;
  out.string("camera", camera.camera.id)
      .optional_string("label", camera.camera.label)
      .string("state", word_for(camera.now.state))
      .string("since", to_rfc3339(camera.since));
  if (camera.now.last_picture) out.string("last_frame", to_rfc3339(*camera.now.last_picture));
  if (camera.now.state != media::RecordingState::recording) {
    out.optional_string("fault", message_of(camera.now.reason));
  }
  const std::string& caps = camera.now.info.video_caps;
  if (!caps.empty()) {
    out.string("video", caps.find("x-h265") == std::string::npos ? "h264" : "h265");
    if (const auto width = number_in(caps, "width")) out.integer("width", *width);
    if (const auto height = number_in(caps, "height")) out.integer("height", *height);
  }
  std::uint64_t bytes = 0;
  Instant oldest{};
  const auto spans = daemon.archive().spans();
  if (spans.ok()) {
    for (const archive::Span& span : *spans) {
      if (span.camera != camera.camera.id) continue;
      bytes += span.size_bytes;
      if (oldest == Instant{} || span.interval.from < oldest) oldest = span.interval.from;
    }
  }
  out.natural("bytes", bytes);
  if (oldest != Instant{}) out.string("oldest", to_rfc3339(oldest));
  out.boolean("audio", camera.camera.audio);
  // Of a broken file nobody knows which cameras it names.
  if (const auto& rules = daemon.rules().current(); rules != nullptr) {
    out.boolean("in_rules", rules->cameras.contains(camera.camera.id));
  }
  return out;
}

void add_camera_operations(Daemon& daemon, control::Handlers& handlers) {
  handlers["camera.list"] = [&daemon](Request&, const Reply& reply) { list(daemon, reply); };
  handlers["camera.test"] = [&daemon](Request& asked, const Reply& reply) {
    test(daemon, asked, reply);
  };
  handlers["camera.snapshot"] = [&daemon](Request& asked, const Reply& reply) {
    snapshot(daemon, asked, reply);
  };
}

}  // namespace latchstring::daemon
