// Cutting: a grant becomes clips, a look becomes a preview. Only what lies inside the interval is
// ever marked as kept; times come from inside the encrypted files, never from the index.
// Threads: one at a time, usually the release worker. Memory: a fragment and a lead-in at a time.
// Limits: kSegmentsPerCutMax, kLeadBytesMax.
// Errors: NotFound (no footage, or it was forgotten), DataLoss (a segment is damaged: nothing of
// the grant may be released; the text ends with kMendFirst), ResourceExhausted (the interval is too
// long for one cut).
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/archive/day_keys.h"
#include "gateway/archive/segment.h"
#include "gateway/base/files.h"
#include "gateway/base/stages.h"

namespace latchstring::archive {

inline constexpr std::string_view kMendFirst =
    "run `latchstring archive check --repair`; then the officer may ask again";
inline constexpr std::size_t kSegmentsPerCutMax = 3000;       // two days of whole segments
inline constexpr std::size_t kSourcesPerPartMax = 192;        // that a manifest names (wire)
inline constexpr std::uint64_t kLeadBytesMax = 128ULL << 20;  // from an IDR to the start
// The most parts that a piece may have (wire); footage with so many gaps comes without copies.
inline constexpr std::size_t kPartsWithCopiesMax = 16;
inline constexpr Duration kGapMax = std::chrono::seconds{2};        // more is two clips
inline constexpr Duration kAudioSkewMax = std::chrono::seconds{1};  // sound stored beside its time

// Keeps segments from being evicted while it lives.
struct Lease {
  std::vector<std::string> ids;
};

// The segments that an interval touches, by time.
struct Footage {
  std::string camera;
  std::vector<Segment> segments;
  // Shared: the loop, a cut and its clips hold it, and the last one ends it.
  std::shared_ptr<const Lease> lease;
};

class Cutter {
 public:
  // `segments` is the folder of the encrypted files.
  Cutter(Path segments, const DayKeys& keys) : segments_(std::move(segments)), keys_(keys) {}

  // One clip for each stretch of one run and stream format, at most kSourcesPerPartMax segments of
  // it. Native: from the first IDR at or after
  // the start; what lies before that IDR comes as an exact clip of its own (native == false in its
  // terms), as does a copy of what not every player plays, after its original; each says in its
  // reader's note what it is. A stretch that has no IDR in the interval comes as an exact clip.
  absl::StatusOr<std::vector<Clip>> cut(Grant grant, const Footage& footage) const;
  // The first stretch, exact.
  absl::StatusOr<Preview> look(Look look, const Footage& footage) const;
  // One frame: the newest IDR inside the look's interval.
  absl::StatusOr<Preview> look_at_newest(Look look, const Footage& footage) const;

 private:
  const Path segments_;
  const DayKeys& keys_;
};

}  // namespace latchstring::archive
