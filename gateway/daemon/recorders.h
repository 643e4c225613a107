// One recorder per camera of gateway.yaml: started, stopped, and what each is doing now.
// Threads: loop only; recorders post their news to the loop.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/archive/archive.h"
#include "gateway/base/clock.h"
#include "gateway/base/loop.h"
#include "gateway/config/config.h"
#include "gateway/media/recorder.h"

namespace latchstring::daemon {

struct CameraState {
  config::Camera camera;
  media::RecorderState now;
  Instant since;
};

// How to reach a camera, with its password read anew at each connection.
media::CameraStream stream_of(const config::Config& config, const config::Camera& camera);

class Recorders {
 public:
  struct Parts {
    Loop& loop;
    const Clock& clock;
    archive::Archive& archive;
    // The next local midnight of the household after an instant: segments end there.
    std::function<Instant(Instant)> next_midnight;
  };
  explicit Recorders(Parts parts) : parts_(std::move(parts)) {}
  ~Recorders();  // ends every segment

  struct Changes {
    std::vector<std::string> started;
    std::vector<std::string> stopped;
  };
  // Starts what is new or changed, stops what is gone or changed; a camera that refused the login
  // is asked at once, for its password may be another.
  Changes apply(const config::Config& config);
  void end_segment_soon(const std::string& camera);
  std::vector<CameraState> states() const;

 private:
  struct Running {
    CameraState state;
    std::unique_ptr<media::SegmentSink> sink;
    std::unique_ptr<media::Recorder> recorder;  // goes before the sink
  };
  void start(const config::Config& config, const config::Camera& camera);
  bool was_refused(const std::string& camera) const;
  void note(const std::string& camera, const media::RecorderState& state);

  Parts parts_;
  std::map<std::string, std::unique_ptr<Running>> running_;
};

}  // namespace latchstring::daemon
