#include "gateway/redact/video.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/redact/clip_writer.h"

namespace latchstring::redact {
namespace {

// Copies a reader's units into an MP4 writer and keeps notes; refuses lead-in.
class NativeCopy {
 public:
  NativeCopy(const GrantTerms& terms, const worker::Cancel& cancel)
      : terms_(terms), cancel_(cancel) {}

  absl::Status operator()(FootageReader& reader, media::Mp4Writer& mp4) {
    for (;;) {
      if (cancel_.requested()) return {absl::StatusCode::kCancelled, "cancelled"};
      LS_ASSIGN(const std::optional<AccessUnit> unit, reader.next());
      if (!unit.has_value()) return check_order();
      if (!unit->keep || !terms_.interval.contains(unit->utc)) {
        return internal("a native clip may hold nothing from outside what was granted");
      }
      if (unit->track == Track::audio) {
        if (!terms_.redaction.keep_audio) continue;
      } else {
        pictures_.push_back({unit->pts_ns, unit->utc, unit->duration_ns, unit->source});
      }
      LS_RETURN_IF_ERROR(mp4.add(*unit));
    }
  }
  const std::vector<KeptPicture>& pictures() const { return pictures_; }

 private:
  absl::Status check_order() {
    std::sort(pictures_.begin(), pictures_.end(),
              [](const KeptPicture& a, const KeptPicture& b) { return a.pts_ns < b.pts_ns; });
    for (std::size_t i = 1; i < pictures_.size(); ++i) {
      if (pictures_[i].utc < pictures_[i - 1].utc) {
        return data_loss("the pictures' times are not in order near {}",
                         to_rfc3339(pictures_[i].utc));
      }
    }
    if (pictures_.empty()) return data_loss("no picture lies in the granted stretch");
    return absl::OkStatus();
  }

  const GrantTerms& terms_;
  const worker::Cancel& cancel_;
  std::vector<KeptPicture> pictures_;
};

}  // namespace

absl::StatusOr<ReleasedVideo> redacted_video(const Settings& settings, const GrantTerms& terms,
                                             FootageReader& reader,
                                             const std::vector<SourceSegment>& sources,
                                             const OnProgress& on_progress,
                                             const worker::Cancel& cancel) {
  NotedFootage footage(reader, terms.interval, on_progress);
  LS_ASSIGN(const auto writer, ClipWriter::open(settings.spool_folder, terms.redaction, footage));
  const Job job{terms.redaction, settings.threads, {}};
  LS_RETURN_IF_ERROR(run_in_worker(settings, job, footage, *writer, cancel));
  LS_ASSIGN(ReleasedVideo video, writer->finish(terms.interval.to, sources));
  for (const FrameTime& frame : video.frames) {
    if (!terms.interval.contains(frame.utc)) {
      return data_loss("a picture of {} lies outside what was granted", to_rfc3339(frame.utc));
    }
  }
  if (!reader.note().empty()) video.notes.push_back(reader.note());
  if (on_progress) on_progress(1);
  return video;
}

absl::StatusOr<ReleasedVideo> untouched_video(const Settings& settings, const GrantTerms& terms,
                                              FootageReader& reader,
                                              const std::vector<SourceSegment>& sources,
                                              const worker::Cancel& cancel) {
  if (!terms.redaction.picture_untouched() || !terms.native) {
    return internal("a clip that must be redacted cannot be passed on as it is");
  }
  StreamInfo info = reader.info();
  if (!terms.redaction.keep_audio) info.audio_caps.clear();
  LS_ASSIGN(const auto spool, SpoolWriter::open(settings.spool_folder));
  const auto to_spool = [&spool](ByteView bytes) { return spool->append(bytes); };
  LS_ASSIGN(const auto mp4, media::Mp4Writer::open(info, to_spool));
  NativeCopy copy(terms, cancel);
  LS_RETURN_IF_ERROR(copy(reader, *mp4));
  LS_ASSIGN(media::Mp4Head head, mp4->finish());
  if (head.frames != copy.pictures().size()) {
    return internal("the clip has {} pictures instead of {}", head.frames, copy.pictures().size());
  }
  LS_ASSIGN(std::unique_ptr<Spool> body, spool->finish());
  ReleasedVideo video;
  describe(copy.pictures(), terms.interval.to, sources, video);
  video.mp4 = std::make_unique<media::JoinedSpool>(std::move(head.bytes), std::move(body));
  video.codec = std::move(head.codec);
  video.has_audio = head.has_audio;
  video.redacted = plan_in_words(terms.redaction);
  if (!info.audio_caps.empty() && !head.has_audio) video.notes.emplace_back(kSoundMissing);
  if (!reader.note().empty()) video.notes.push_back(reader.note());
  return video;
}

}  // namespace latchstring::redact
