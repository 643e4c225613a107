// The stages of a release, each a type that only its maker can make:
//
//   Grant -> Clip -> RedactedClip -> SealedClip           what may leave
//   Look  -> Preview -> RedactedPreview                   what a resident looks at; never sealed
//
// A constructor asks for a MadeBy<Maker>, which only Maker can construct. So "nothing unredacted
// leaves" is a fact of the types; tests/tidy refuses a second definition of a maker class and casts
// to a stage type. A grant is never stored or loaded: after a restart the decision is made anew.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/footage.h"

namespace latchstring {

namespace release {
class Release;
}
namespace archive {
class Cutter;
}
namespace redact {
class Redactor;
}
namespace seal {
class Sealer;
}

template <class Maker>
class MadeBy {
  friend Maker;
  MadeBy() {}  // not `= default`: an aggregate could be forged with {}
};

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
  int height_at_most = 0;            // pixels; 0: no limit
  Duration one_frame_per{0};         // 0: every frame
  std::string watermark;             // empty: none
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
  bool native = false;     // the camera's own NAL units, where nothing need be redacted
};

// What came out of cutting and redacting: an MP4 file and what stands about it in the manifest.
struct FrameTime {
  Instant utc;
  std::string source;  // archive segment id
};

struct SourceSegment {
  std::string id;           // archive segment id
  std::string sha256;       // of its plaintext, lower-case hex
  std::int64_t ledger_index = -1;  // of the hourly root that commits to it; -1: not yet
};

struct ReleasedVideo {
  std::unique_ptr<Spool> mp4;
  Interval given;                   // first frame to the end of the last one
  std::vector<FrameTime> frames;    // one per video frame of the file
  std::vector<SourceSegment> sources;
  std::string codec;                // as in RFC 6381: avc1.64001f
  bool has_audio = false;
  bool reencoded = false;
  std::string regions_json;         // what was hidden, per frame, and why
  std::vector<std::string> redacted;  // the plan in words: sorted class and zone names, audio
  std::vector<std::string> notes;   // what a reader must know: a model was missing, frames filled
};

class Grant {
 public:
  Grant(MadeBy<release::Release>, GrantTerms terms) : terms_(std::move(terms)) {}
  Grant(Grant&&) = default;
  Grant& operator=(Grant&&) = default;
  const GrantTerms& terms() const { return terms_; }

 private:
  GrantTerms terms_;
};

class Clip {
 public:
  Clip(MadeBy<archive::Cutter>, GrantTerms terms, std::unique_ptr<FootageReader> reader,
       std::vector<SourceSegment> sources)
      : terms_(std::move(terms)), reader_(std::move(reader)), sources_(std::move(sources)) {}
  const GrantTerms& terms() const { return terms_; }
  FootageReader& reader() { return *reader_; }
  const std::vector<SourceSegment>& sources() const { return sources_; }

 private:
  GrantTerms terms_;
  std::unique_ptr<FootageReader> reader_;
  std::vector<SourceSegment> sources_;
};

class RedactedClip {
 public:
  RedactedClip(MadeBy<redact::Redactor>, GrantTerms terms, ReleasedVideo video)
      : terms_(std::move(terms)), video_(std::move(video)) {}
  const GrantTerms& terms() const { return terms_; }
  const ReleasedVideo& video() const { return video_; }

 private:
  GrantTerms terms_;
  ReleasedVideo video_;
};

// One file that is encrypted to the requester and lies in the outbox.
struct SealedFile {
  std::string name;         // clip-1.mp4.age: for people; on the wire it has a random id only
  std::string path;
  std::uint64_t size_bytes = 0;
  std::string sha256;       // lower-case hex
  std::string merkle_root;  // RFC 6962 over its chunks in file order, lower-case hex
};

class SealedClip {
 public:
  SealedClip(MadeBy<seal::Sealer>, std::string release_id, int piece,
             std::vector<SealedFile> files, std::string delivery_jws)
      : release_id_(std::move(release_id)), piece_(piece), files_(std::move(files)),
        delivery_jws_(std::move(delivery_jws)) {}
  const std::string& release_id() const { return release_id_; }
  int piece() const { return piece_; }
  const std::vector<SealedFile>& files() const { return files_; }
  const std::string& delivery_jws() const { return delivery_jws_; }

 private:
  std::string release_id_;
  int piece_;
  std::vector<SealedFile> files_;
  std::string delivery_jws_;
};

// What an authenticated resident asked to see.
class Look {
 public:
  Look(MadeBy<release::Release>, GrantTerms terms) : terms_(std::move(terms)) {}
  const GrantTerms& terms() const { return terms_; }

 private:
  GrantTerms terms_;
};

class Preview {
 public:
  Preview(MadeBy<archive::Cutter>, GrantTerms terms, std::unique_ptr<FootageReader> reader)
      : terms_(std::move(terms)), reader_(std::move(reader)) {}
  const GrantTerms& terms() const { return terms_; }
  FootageReader& reader() { return *reader_; }

 private:
  GrantTerms terms_;
  std::unique_ptr<FootageReader> reader_;
};

class RedactedPreview {
 public:
  RedactedPreview(MadeBy<redact::Redactor>, ReleasedVideo video) : video_(std::move(video)) {}
  const ReleasedVideo& video() const { return video_; }

 private:
  ReleasedVideo video_;
};

}  // namespace latchstring
