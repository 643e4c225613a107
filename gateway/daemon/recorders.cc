#include "gateway/daemon/recorders.h"

#include "gateway/base/log.h"
#include "gateway/base/status.h"

namespace latchstring::daemon {

Recorders::~Recorders() {
  // All at once: each waits for its camera and its disk.
  for (auto& [id, running] : running_) running->recorder->stop_soon();
  for (auto& [id, running] : running_) running->recorder->stop();
}

Recorders::Changes Recorders::apply(const config::Config& config) {
  Changes changes;
  const auto goes_on = [&config](const auto& entry) {
    const config::Camera* camera = config.find_camera(entry.first);
    return camera != nullptr && *camera == entry.second->state.camera;
  };
  for (auto& entry : running_) {
    if (!goes_on(entry)) entry.second->recorder->stop_soon();
  }
  for (auto running = running_.begin(); running != running_.end();) {
    if (goes_on(*running)) {
      ++running;
      continue;
    }
    changes.stopped.push_back(running->first);
    running->second->recorder->stop();
    running = running_.erase(running);
  }
  for (const config::Camera& camera : config.cameras) {
    if (was_refused(camera.id)) {
      running_.at(camera.id)->recorder->stop();
      start(config, camera);
    }
    if (running_.contains(camera.id)) continue;
    start(config, camera);
    changes.started.push_back(camera.id);
  }
  return changes;
}

bool Recorders::was_refused(const std::string& camera) const {
  const auto running = running_.find(camera);
  return running != running_.end() &&
         absl::IsPermissionDenied(running->second->recorder->state().reason);
}

media::CameraStream stream_of(const config::Config& config, const config::Camera& camera) {
  media::CameraStream stream;
  stream.url = camera.url;
  stream.user = camera.user;
  stream.audio = camera.audio;
  if (!camera.password_credential.empty()) {
    // Read at each connection, so that a new password works without a restart.
    stream.password = [config, name = camera.password_credential] {
      return config::read_credential(config, name);
    };
  }
  return stream;
}

void Recorders::start(const config::Config& config, const config::Camera& camera) {
  auto running = std::make_unique<Running>();
  running->state = {camera, {}, parts_.clock.now()};
  running->sink = parts_.archive.appender();
  media::RecorderOptions options;
  options.segments.camera = camera.id;
  options.segments.next_midnight = parts_.next_midnight;
  options.stream = stream_of(config, camera);
  options.on_state = [this, id = camera.id](const media::RecorderState& state) {
    // Dropped: `status` shows an older state until the next change.
    [[maybe_unused]] const bool posted = parts_.loop.post([this, id, state] { note(id, state); });
  };
  running->recorder =
      std::make_unique<media::Recorder>(std::move(options), parts_.clock, *running->sink);
  running->recorder->start();
  running_[camera.id] = std::move(running);
}

void Recorders::note(const std::string& camera, const media::RecorderState& state) {
  const auto found = running_.find(camera);
  if (found == running_.end()) return;
  CameraState& known = found->second->state;
  if (known.now.state != state.state) {
    known.since = parts_.clock.now();
    if (state.state == media::RecordingState::recording) {
      log_line(LogLevel::info, fmt::format("camera {}: recording", camera));
    } else if (!state.reason.ok()) {
      log_line(LogLevel::warning, fmt::format("camera {}: {}", camera, message_of(state.reason)));
    }
  }
  known.now = state;
}

void Recorders::end_segment_soon(const std::string& camera) {
  const auto found = running_.find(camera);
  if (found != running_.end()) found->second->recorder->end_segment_soon();
}

std::vector<CameraState> Recorders::states() const {
  std::vector<CameraState> states;
  for (const auto& [id, running] : running_) {
    CameraState state = running->state;
    state.now = running->recorder->state();
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace latchstring::daemon
