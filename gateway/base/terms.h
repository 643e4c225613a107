// What a release is about, as values: the plan of what to hide, the terms of a grant, and what came
// of cutting and redacting. The stages that carry them are in stages.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/footage.h"

namespace latchstring {

// A polygon in parts of the picture: x and y in [0, 1], origin top left, at least 3 corners.
struct Zone {
  std::string name;
  bool keep_only = false;  // true: everything outside is filled
  std::vector<std::pair<double, double>> polygon;
  friend bool operator==(const Zone&, const Zone&) = default;
};

enum class IfUnsure : std::uint8_t { fill, refuse };

// What must be hidden, as the policy decided it. Empty and with keep_audio: release as it is.
struct RedactionPlan {
  std::vector<std::string> classes;  // sorted: faces, moving, people, plates, vehicles
  std::vector<Zone> zones;
  bool keep_audio = false;
  int height_at_most = 0;     // pixels; 0: no limit
  Duration one_frame_per{0};  // 0: every frame
  std::string watermark;      // empty: none
  IfUnsure if_unsure = IfUnsure::fill;

  bool picture_untouched() const {
    return classes.empty() && zones.empty() && height_at_most == 0 &&
           one_frame_per == Duration::zero() && watermark.empty();
  }
};

// What is granted: this camera, this stretch, hidden like this.
struct GrantTerms {
  std::string release_id;  // request id or gift id, [a-z2-7]{10}
  int piece = 1;           // 1, 2, ...: maximal runs of equal outcome
  std::string camera;
  Interval interval;
  RedactionPlan redaction;
  bool native = false;  // the camera's own NAL units, where nothing need be redacted
};

// What came out of cutting and redacting: an MP4 file and what stands about it in the manifest.
struct FrameTime {
  Instant utc;
  std::string source;  // archive segment id
};

struct SourceSegment {
  std::string id;                  // archive segment id
  std::string sha256;              // of its plaintext, lower-case hex
  std::int64_t ledger_index = -1;  // of the hourly root that commits to it; -1: not yet
};

struct ReleasedVideo {
  std::unique_ptr<Spool> mp4;
  Interval given;                 // first frame to the end of the last one
  std::vector<FrameTime> frames;  // one per video frame of the file
  std::vector<SourceSegment> sources;
  std::string codec;  // as in RFC 6381: avc1.64001f
  bool has_audio = false;
  bool reencoded = false;
  std::string regions_json;           // what was hidden, per frame, and why
  std::vector<std::string> redacted;  // the plan in words: sorted class and zone names, audio
  std::vector<std::string> notes;     // what a reader must know: a model was missing, frames filled
};

}  // namespace latchstring
