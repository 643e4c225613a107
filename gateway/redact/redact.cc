#include "gateway/redact/redact.h"

#include "gateway/base/status.h"
#include "gateway/redact/clip_writer.h"
#include "gateway/redact/video.h"

namespace latchstring::redact {
namespace {

class ImageOutput final : public Output {
 public:
  absl::Status format(const OutputFormat&) override { return wrong(); }
  absl::Status frame(std::uint64_t, const AccessUnit&, const FrameRegions&) override {
    return wrong();
  }
  absl::Status sound(const AccessUnit&) override { return wrong(); }
  absl::Status image(ByteView bytes, const FrameRegions&) override {
    if (!bytes_.empty()) return wrong();
    bytes_.assign(bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  absl::StatusOr<Bytes> take() {
    if (bytes_.empty()) return data_loss("the worker gave no image");
    return std::move(bytes_);
  }

 private:
  static absl::Status wrong() { return data_loss("the worker gives what was not asked for"); }
  Bytes bytes_;
};

}  // namespace

absl::StatusOr<RedactedClip> Redactor::redact(Clip clip, const OnProgress& on_progress,
                                              const worker::Cancel& cancel) const {
  LS_ASSIGN(ReleasedVideo video, redacted_video(settings_, clip.terms(), clip.reader(),
                                                clip.sources(), on_progress, cancel));
  return RedactedClip(MadeBy<Redactor>(), clip.terms(), std::move(video));
}

absl::StatusOr<RedactedPreview> Redactor::preview(Preview preview, const OnProgress& on_progress,
                                                  const worker::Cancel& cancel) const {
  LS_ASSIGN(ReleasedVideo video,
            redacted_video(settings_, preview.terms(), preview.reader(), {}, on_progress, cancel));
  return RedactedPreview(MadeBy<Redactor>(), std::move(video));
}

absl::StatusOr<Bytes> Redactor::snapshot(Preview preview, media::ImageFormat format,
                                         const worker::Cancel& cancel) const {
  NotedFootage footage(preview.reader(), preview.terms().interval, {});
  ImageOutput output;
  const Job job{preview.terms().redaction, settings_.threads, format};
  LS_RETURN_IF_ERROR(run_in_worker(settings_, job, footage, output, cancel));
  return output.take();
}

absl::StatusOr<RedactedClip> Redactor::pass(Clip clip, const worker::Cancel& cancel) const {
  LS_ASSIGN(ReleasedVideo video,
            untouched_video(settings_, clip.terms(), clip.reader(), clip.sources(), cancel));
  return RedactedClip(MadeBy<Redactor>(), clip.terms(), std::move(video));
}

}  // namespace latchstring::redact
