// One connection to a camera: RTSP over TCP, its video and (if wanted) sound as coded units, passed
// on without decoding. Media times are RTP's alone: no clock of ours, no sender report bends them.
// Threads: opened, asked and closed on one thread, which may wait; the handler is called on
// GStreamer's streaming threads, one call at a time.
// If the handler is slow: it holds up this connection and, through TCP, the camera.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/media/segmenter.h"

namespace latchstring::media {

struct CameraStream {
  std::string url;   // rtsp:// or rtsps://, without user and password
  std::string user;  // empty: no login
  // Asked at each connection; the answer is wiped after use. It never stands in an error. Where
  // there is none to be had the camera is not asked: cameras lock accounts.
  std::function<absl::StatusOr<std::string>()> password;
  bool audio = true;
};

class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  virtual void on_format(Track track, const std::string& caps) noexcept = 0;
  // `camera_time`: the camera's own wall clock for this unit, once a sender report has come; looked
  // at about once a second.
  virtual void on_unit(ReceivedUnit unit, std::optional<Instant> camera_time) noexcept = 0;
};

class RtspSession {
 public:
  // Starts connecting. InvalidArgument: the URL is not one. The error of `stream.password`, as it
  // is.
  static absl::StatusOr<std::unique_ptr<RtspSession>> open(const CameraStream& stream,
                                                           const Clock& clock,
                                                           SessionHandler& handler);
  // Disconnects. No call to the handler is under way or comes afterwards.
  virtual ~RtspSession() = default;
  // Ok: still connecting or connected after `timeout`. Else why it is over: PermissionDenied
  // (login), NotFound (no such stream), InvalidArgument (codec), Unavailable (all else).
  virtual absl::Status wait(Duration timeout) = 0;
};

}  // namespace latchstring::media
