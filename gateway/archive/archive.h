// The archive: the last days of each camera, encrypted, oldest dropped first.
// Owns a folder: segments/CAMERA/DAY/*.age, holds/, and index.db, which can be rebuilt from the
// segments. Only segments are truth: times and names are read from inside the encryption.
// Threads: an appender on its camera's streaming thread, a Cutter on the release worker, a HoldJob
// on the chores thread; all else on the loop. The index is touched by the loop alone: a segment
// that ended waits in a queue until collect().
// Limits: keep_bytes, keep_for, keep_free; pending_bytes for pins and hold_bytes for holds; one
// tick() evicts at most kEvictPerTick segments; a segment is at most kSegmentLengthMax long.
// If the disk falls behind: writing fails with ResourceExhausted and the segment ends early.
// Format: docs/ref/archive-format.md.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gateway/archive/cutter.h"
#include "gateway/archive/day_keys.h"
#include "gateway/archive/hold.h"
#include "gateway/archive/report.h"
#include "gateway/archive/segment.h"
#include "gateway/base/clock.h"
#include "gateway/base/files.h"
#include "gateway/media/segment_sink.h"

namespace latchstring::archive {

class Comparison;
class Index;
class Intake;
struct CameraDay;

inline constexpr int kEvictPerTick = 64;
// After a file could not be mended or read, for example because the disk is full.
inline constexpr Duration kMendPatience = std::chrono::minutes{10};

class Archive {
 public:
  // Recovers what a crash cut short in each camera's newest days; makes a missing or damaged index
  // anew from the files' names and headers; hashes follow, one a tick, or when somebody asks.
  // FailedPrecondition: the index is of a newer program or is another database.
  static absl::StatusOr<std::unique_ptr<Archive>> open(Options options, crypto::Keyring& keyring,
                                                       const Clock& clock);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  const CheckReport& found_at_open() const { return found_; }

  // For one camera's recorder; must go before the archive.
  std::unique_ptr<media::SegmentSink> appender();
  // Writes the rows of the segments that ended since.
  absl::Status collect();
  // A segment being written may hold footage of it: ask the recorder to end it before you cut.
  bool open_segment_touches(const std::string& camera, const Interval& interval) const;
  // After an index was rebuilt; each call makes some of the hashes. Cut when this is false.
  absl::StatusOr<bool> hashes_missing(const std::string& camera, const Interval& interval);

  // What a Cutter needs; as long as a copy of it lives, these segments stay. What is missing,
  // known to be damaged, or without a key, is a gap. DataLoss: nothing else is left.
  absl::StatusOr<Footage> footage(const std::string& camera, const Interval& interval);
  // The last indexed segment of the camera, for snapshots. NotFound: none yet.
  absl::StatusOr<Footage> newest(const std::string& camera);
  Cutter cutter() const;
  const DayKeys& keys() const { return keys_; }
  // Segments of any camera, by id, from the first one after `after` (empty: all) on: at most
  // `limit`, leased as in footage(); `camera` is empty. None: that was all.
  absl::StatusOr<Footage> page(const std::string& after, std::size_t limit);
  absl::StatusOr<std::vector<DayTotal>> day_totals();  // by camera and day
  // Stretches without a gap, by camera and time.
  absl::StatusOr<std::vector<Span>> spans();
  std::uint64_t bytes() const;  // of all segments

  // Age, bytes and free space, oldest first; forgets days that have no footage left. Mends files
  // that a failing disk left unfinished, one a tick.
  absl::StatusOr<TickReport> tick();
  // Pinned footage is not evicted. Over pending_bytes the oldest pins go: the requests that lost
  // theirs are returned. ResourceExhausted: it alone is more than pending_bytes; nothing is pinned.
  // Pinning the same again changes nothing.
  absl::StatusOr<std::vector<std::string>> pin(const Pin& pin);
  absl::Status unpin(const std::string& request);
  absl::StatusOr<std::vector<Pin>> pins();

  // Evidence holds (hold.h). ResourceExhausted: it would go over hold_bytes; nothing is held.
  absl::StatusOr<HoldJob> plan_hold(const std::string& hold, const Footage& footage,
                                    const crypto::age::Recipient& household);
  absl::Status record_hold(const HeldFiles& held, Instant until);
  absl::Status release_hold(const std::string& hold);

  // What the ledger does not commit to yet, of segments that ended before; by id.
  absl::StatusOr<std::vector<Segment>> uncommitted(Instant before);
  absl::Status committed(const std::vector<std::string>& ids, std::int64_t ledger_index);

  // Compares files and index; with `repair`, also mends. Reads only what the index does not know.
  absl::StatusOr<CheckReport> check(bool repair);
  // Reads all of a segment and compares it with its row; with `repair`, writes anew what can be
  // read of a damaged one. Any thread. A file that is gone is ok: evicted, or check() named it.
  std::function<Examined(const Segment&)> examiner(bool repair) const;
  // Adds to the report what it does not name yet, and with `repair` marks the rows.
  absl::Status note(const Examined& examined, bool repair, CheckReport& report);
  absl::Status told(std::vector<Segment> missing);  // of tick()'s report

 private:
  Archive(Options options, crypto::Keyring& keyring, const Clock& clock);
  Path segments() const { return options_.folder / "segments"; }
  Path holds_folder() const { return options_.folder / "holds"; }
  absl::Status open_index();
  absl::Status check_at_open();
  Comparison comparison(bool repair, CheckReport& report);
  absl::Status take_back(const Segment& segment);
  Instant keep_from() const;
  absl::Status read_holds();
  absl::Status end_holds();
  Footage lease(std::string camera, std::vector<Segment> segments);
  std::set<std::string> leased() const;
  absl::StatusOr<std::vector<std::string>> keep_pins_within_limit();
  absl::Status mend_unfinished();
  absl::Status add_by_name(const CameraDay& day);
  absl::Status add_hash(Segment& row);
  absl::Status hash_next();
  absl::Status erase_left_over(TickReport& report);
  absl::Status evict(TickReport& report);
  absl::StatusOr<std::vector<Segment>> choose_victims(bool& disk_full);
  absl::Status erase(const std::vector<Segment>& segments);
  absl::Status forget_days(TickReport& report);

  const Options options_;
  const Clock& clock_;
  DayKeys keys_;                    // any thread
  std::unique_ptr<Intake> intake_;  // any thread

  // Loop only.
  std::unique_ptr<Index> index_;
  std::vector<std::weak_ptr<const Lease>> leases_;
  std::map<std::string, Hold> holds_;
  CheckReport found_;
  std::set<std::string> emptied_;  // days of which segments were removed since the start
  Duration erase_again_{0};        // steady time: not before
  Duration mend_again_{0};         // steady time: not before
  std::string hashed_to_;          // id: rows up to here have their hash, or could not be read
  bool hash_again_ = false;        // of these, some may be read another time
  Duration hash_after_{0};         // steady time: not before
  bool all_hashed_ = false;        // rows without come from check_at_open() only
};

}  // namespace latchstring::archive
