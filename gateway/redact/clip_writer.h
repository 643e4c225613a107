// Private to redact: what the worker gives becomes a file. Times come from the parent's notes, the
// order and number of frames are checked against them, boxes against the picture.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "gateway/base/stages.h"
#include "gateway/media/mux.h"
#include "gateway/redact/core.h"
#include "gateway/redact/footage.h"
#include "gateway/redact/plan.h"
#include "gateway/redact/regions.h"
#include "gateway/redact/spool.h"

namespace latchstring::redact {

class ClipWriter final : public Output {
 public:
  static absl::StatusOr<std::unique_ptr<ClipWriter>> open(const Path& spool_folder,
                                                          const RedactionPlan& plan,
                                                          const NotedFootage& footage);

  absl::Status format(const OutputFormat& format) override;
  absl::Status frame(std::uint64_t index, const AccessUnit& unit,
                     const FrameRegions& regions) override;
  absl::Status sound(const AccessUnit& unit) override;
  absl::Status image(ByteView bytes, const FrameRegions& regions) override;

  // After the worker is done: the whole clip. `until`: the end of what was granted. `sources` may
  // be empty.
  absl::StatusOr<ReleasedVideo> finish(Instant until, const std::vector<SourceSegment>& sources);
  const media::PictureFormat& picture() const { return format_.picture; }

 private:
  ClipWriter(std::unique_ptr<SpoolWriter> spool, const RedactionPlan& plan,
             const NotedFootage& footage)
      : spool_(std::move(spool)), plan_(plan), footage_(footage) {}
  void choose_frames();
  absl::Status check_regions(const FrameRegions& regions) const;
  std::vector<std::string> notes(bool has_audio) const;

  std::unique_ptr<SpoolWriter> spool_;
  const RedactionPlan& plan_;
  const NotedFootage& footage_;
  OutputFormat format_;
  std::unique_ptr<media::Mp4Writer> mp4_;
  std::unique_ptr<RegionsReport> report_;
  std::vector<std::uint64_t> chosen_;  // indices of kept pictures that stay
  std::size_t next_ = 0;               // of chosen_
  std::uint64_t unsure_ = 0;           // frames filled because they could not be judged
};

// The note of a clip whose sound might be in it and is not: that is no redaction.
inline constexpr const char* kSoundMissing =
    "there is no sound in it: the camera sent none with these pictures";

// The plan in words: sorted class and zone names, `audio` where the sound must stay out.
std::vector<std::string> plan_in_words(const RedactionPlan& plan);

// frames, given interval and sources of pictures that all stay, in presentation order.
void describe(const std::vector<KeptPicture>& pictures, Instant until,
              const std::vector<SourceSegment>& sources, ReleasedVideo& video);

}  // namespace latchstring::redact
