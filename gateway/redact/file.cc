#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "gateway/base/status.h"
#include "gateway/media/file_reader.h"
#include "gateway/redact/clip_writer.h"
#include "gateway/redact/redact.h"

namespace latchstring::redact {
namespace {

absl::Status copy_spool(const Spool& spool, const Path& to) {
  LS_ASSIGN(const UniqueFd file, open_file(to, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  Bytes chunk(1024 * 1024);
  for (std::uint64_t at = 0; at < spool.size_bytes(); at += chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(chunk.size(), spool.size_bytes() - at));
    LS_RETURN_IF_ERROR(spool.read(at, chunk));
    LS_RETURN_IF_ERROR(write_all(file.get(), chunk));
  }
  if (::fsync(file.get()) != 0) return errno_status(fmt::format("cannot sync `{}`", to.string()));
  return absl::OkStatus();
}

// The whole file under its name, or nothing, also after a power cut.
absl::Status write_spool(const Spool& spool, const Path& to) {
  const Path temporary = to.string() + ".new";
  absl::Status done = copy_spool(spool, temporary);
  if (done.ok() && ::rename(temporary.c_str(), to.c_str()) != 0) {
    done = errno_status(fmt::format("cannot write `{}`", to.string()));
  }
  if (!done.ok()) {
    static_cast<void>(remove_durably(temporary));
    return done;
  }
  return sync_folder(to.parent_path());
}

}  // namespace

absl::StatusOr<FileReport> redact_file(const Settings& settings, const Path& in,
                                       const RedactionPlan& plan, const Path& out,
                                       const Path& report, const OnProgress& on_progress,
                                       const worker::Cancel& cancel) {
  LS_ASSIGN(const auto reader, media::read_file_footage(in, Instant{}));
  NotedFootage footage(*reader, {}, on_progress);
  LS_ASSIGN(const auto writer, ClipWriter::open(settings.spool_folder, plan, footage));
  const Job job{plan, settings.threads, {}};
  LS_RETURN_IF_ERROR(run_in_worker(settings, job, footage, *writer, cancel));
  LS_ASSIGN(const ReleasedVideo video, writer->finish(Instant::max(), {}));
  if (!report.empty()) LS_RETURN_IF_ERROR(write_file_durably(report, video.regions_json));
  if (const absl::Status written = write_spool(*video.mp4, out); !written.ok()) {
    if (!report.empty()) static_cast<void>(remove_durably(report));
    return written;
  }
  if (on_progress) on_progress(1);
  return FileReport{video.frames.size(), writer->picture().width, writer->picture().height,
                    video.notes};
}

}  // namespace latchstring::redact
