// Redaction: Clip -> RedactedClip. Spawns the sandboxed worker, streams the clip to it twice, muxes
// what comes back into an MP4 file that lies encrypted on disk under a one-time key.
// The worker's word is not taken for anything that can be known here: times, frame counts and the
// given interval come from the footage itself.
// Threads: the release worker's, one release at a time; Cancel from any.
// Limits: those of core.h and worker.h. If the worker falls behind, crashes or misbehaves, it is
// killed, the call fails, and nothing was made.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <string>

#include "gateway/base/stages.h"
#include "gateway/redact/core.h"
#include "gateway/worker/worker.h"

namespace latchstring::redact {

struct Settings {
  Path worker_program;  // empty: latchstring-worker beside the running program
  Path spool_folder;    // for the encrypted spool; its file is unlinked as soon as it is open
  int threads = 2;      // of decoder and encoder, each
  worker::Limits limits;
};

using OnProgress = std::function<void(double done)>;  // [0, 1]; may be empty

class Redactor {
 public:
  explicit Redactor(Settings settings) : settings_(std::move(settings)) {}

  // Errors: Cancelled; FailedPrecondition (the plan names what cannot be found and says refuse);
  // DataLoss (damaged footage); Unavailable, Internal (the worker). Nothing is made then.
  absl::StatusOr<RedactedClip> redact(Clip clip, const OnProgress& on_progress,
                                      const worker::Cancel& cancel) const;
  // The camera's own pictures, untouched: asks for a plan that touches none and kept units only.
  absl::StatusOr<RedactedClip> pass(Clip clip, const worker::Cancel& cancel) const;
  absl::StatusOr<RedactedPreview> preview(Preview preview, const OnProgress& on_progress,
                                          const worker::Cancel& cancel) const;
  // The first picture of the stretch, redacted as its terms say.
  absl::StatusOr<Bytes> snapshot(Preview preview, media::ImageFormat format,
                                 const worker::Cancel& cancel) const;

 private:
  const Settings settings_;
};

// Any MP4 file, no archive and no daemon: as many frames out as in. Writes `out` and, where named,
// the regions to `report`; neither exists when the call fails.
struct FileReport {
  std::uint64_t frames = 0;
  int width = 0;
  int height = 0;
  std::vector<std::string> notes;
};
absl::StatusOr<FileReport> redact_file(const Settings& settings, const Path& in,
                                       const RedactionPlan& plan, const Path& out,
                                       const Path& report, const OnProgress& on_progress,
                                       const worker::Cancel& cancel);

// run() of core.h, in a worker process.
absl::Status run_in_worker(const Settings& settings, const Job& job, FootageReader& footage,
                           Output& output, const worker::Cancel& cancel);

}  // namespace latchstring::redact
