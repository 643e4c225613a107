// A stretch: neighbouring segments of one run and one stream format, and reading what lies in a
// window of it.
// Threads: one caller.
#pragma once

#include <absl/status/statusor.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/archive/cutter.h"
#include "gateway/archive/segment_file.h"
#include "gateway/base/footage.h"

namespace latchstring::archive {

// How many pictures may come before one in decoding order and after it in presentation order
// (max_num_reorder_frames, ITU-T H.264 E.2.1; H.265 has the same bound).
inline constexpr std::size_t kReorderMax = 16;

// One segment: what stands in it, by its own word. It was opened and looked through, and is opened
// again to be read: a cut of two days has thousands of them, and a process few descriptors.
struct Source {
  Segment segment;
  std::vector<media::FragmentMark> fragments;  // at least one

  Interval time() const;
};

struct Stretch {
  Stretch(Path folder, const DayKeys& day_keys) : segments(std::move(folder)), keys(day_keys) {}

  const Path segments;
  const DayKeys& keys;
  StreamInfo info;
  std::vector<Source> sources;  // at least one, by time
  std::shared_ptr<const Lease> lease;
};

// Opens the segments and groups them. DataLoss: one of them is damaged.
absl::StatusOr<std::vector<std::shared_ptr<const Stretch>>> open_stretches(const Path& segments,
                                                                           const DayKeys& keys,
                                                                           const Footage& footage);

// exact: from the IDR before the window, `keep` for what lies in it.
// native: from the first IDR in the window to its end, nothing else.
enum class Edge : std::uint8_t { exact, native };

struct Window {
  Interval interval;
  Edge edge = Edge::exact;
  bool audio = false;
};

class StretchReader final : public FootageReader {
 public:
  // Shared with the clips of the same stretch, which may outlive the cut.
  StretchReader(std::shared_ptr<const Stretch> stretch, Window window, std::string note = {});
  const StreamInfo& info() const override { return info_; }
  absl::StatusOr<std::optional<AccessUnit>> next() override;
  absl::Status rewind() override;
  std::string note() const override { return note_; }
  // A unit's `source` counts the stretch's sources from this one on.
  void count_sources_from(std::size_t first) { first_source_ = first; }

 private:
  absl::StatusOr<std::optional<AccessUnit>> read();
  std::vector<media::FragmentMark> fragments_of(const Source& source) const;
  absl::Status fill();
  absl::Status take_lead(AccessUnit unit);
  absl::Status judge(AccessUnit unit);
  void judge_sound(AccessUnit unit, bool inside);
  absl::Status judge_native(AccessUnit unit, bool inside);
  absl::Status judge_exact(AccessUnit unit, bool inside);

  const std::shared_ptr<const Stretch> stretch_;
  const Window window_;
  const std::string note_;
  StreamInfo info_;
  std::size_t first_source_ = 0;

  std::unique_ptr<FootageReader> reader_;  // of the source before next_source_
  std::size_t next_source_ = 0;
  std::deque<AccessUnit> ready_;  // judged; before the start: the lead-in from the last IDR
  std::deque<AccessUnit> after_;  // past the window, for a picture inside that may need them
  std::uint64_t lead_bytes_ = 0;
  std::optional<std::int64_t> last_sound_ns_;  // pts of the last packet, kept or not
  Instant start_;                              // of what is kept: the window's, or the first IDR's
  bool started_ = false;                       // the first kept picture was met
  bool video_over_ = false;
};

}  // namespace latchstring::archive
