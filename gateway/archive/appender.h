// From a camera's streaming thread to the disk, and from there to the loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/archive/day_keys.h"
#include "gateway/archive/segment_file.h"
#include "gateway/base/clock.h"
#include "gateway/media/segment_sink.h"

namespace latchstring::archive {

inline constexpr Duration kSegmentLengthMax = std::chrono::hours{1};

// Which segments are being written, which have ended and wait for their row in the index, and which
// broke off and left a file to be mended.
// Threads: any; a lock held for moments.
// Limits: none of its own; a camera adds about one entry a minute, the loop takes them all.
class Intake {
 public:
  explicit Intake(std::function<void()> wake) : wake_(std::move(wake)) {}

  void opened(const SegmentName& name);
  // The file is whole and on disk.
  void ended(Segment segment);
  void dropped(const SegmentName& name);    // nothing came of it
  void broke_off(const SegmentName& name);  // its file is unfinished

  std::vector<Segment> take_ended();
  void put_back(std::vector<Segment> segments);  // that could not be indexed now
  bool touches(const std::string& camera, const Interval& interval) const;
  bool is_open(const SegmentName& name) const;
  std::optional<SegmentName> unfinished() const;  // one that broke off
  void mended(const SegmentName& name);
  std::set<std::string> days() const;  // of what is open or has no row yet

 private:
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::map<std::string, SegmentName> open_;        // by id; guarded by mutex_
  std::vector<Segment> ended_;                     // guarded by mutex_
  std::map<std::string, SegmentName> unfinished_;  // by id; guarded by mutex_
};

// What an appender uses; outlives it.
struct AppenderParts {
  Path segments;
  Duration sync;
  const std::function<std::string(Instant)>& local_day;
  DayKeys& keys;
  Intake& intake;
  const Clock& clock;
};

std::unique_ptr<media::SegmentSink> make_appender(AppenderParts parts);

}  // namespace latchstring::archive
