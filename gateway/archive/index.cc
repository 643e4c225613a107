#include "gateway/archive/index.h"

#include "gateway/archive/appender.h"
#include "gateway/base/status.h"
#include "gateway/crypto/encoding.h"

namespace latchstring::archive {
namespace {

const store::Schema& schema() {
  static const store::Schema schema{"archive index",
                                    {R"(CREATE TABLE segment (
            id TEXT PRIMARY KEY, camera TEXT NOT NULL, day TEXT NOT NULL,
            start_us INTEGER NOT NULL, end_us INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
            sha256 BLOB NOT NULL, camera_offset_ms INTEGER,
            ledger_index INTEGER NOT NULL DEFAULT -1,
            deleting INTEGER NOT NULL DEFAULT 0
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX segment_by_camera ON segment (camera, start_us);
          CREATE INDEX segment_by_start ON segment (start_us);
          CREATE INDEX segment_by_day ON segment (day, camera);
          CREATE INDEX segment_uncommitted ON segment (end_us) WHERE ledger_index < 0;
          CREATE TABLE pin (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL, camera TEXT NOT NULL,
            from_us INTEGER NOT NULL, to_us INTEGER NOT NULL,
            UNIQUE (request, camera, from_us, to_us)
          ) STRICT;)",
                                     // A new index is not complete before somebody has
                                     // gone through the files.
                                     R"(
          ALTER TABLE segment ADD COLUMN fault INTEGER NOT NULL DEFAULT 0;
          CREATE INDEX segment_faulty ON segment (camera, start_us) WHERE fault > 0;
          CREATE TABLE rebuild (unfinished INTEGER NOT NULL) STRICT;
          INSERT INTO rebuild SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM segment);)"}};
  return schema;
}

std::int64_t micros(Instant instant) {
  return instant.time_since_epoch().count();
}
Instant instant(std::int64_t us) {
  return Instant{Duration{us}};
}

constexpr const char* kColumns =
    "id, end_us, size_bytes, sha256, camera_offset_ms, ledger_index, fault";

absl::StatusOr<Segment> segment_of(const store::Row& row) {
  const std::string id = row.get<std::string>(0);
  std::optional<SegmentName> name = SegmentName::parse(id);
  const auto size = row.get<std::int64_t>(2);
  if (!name || size < 0) return data_loss("the archive index has a row `{}` that cannot be", id);
  Segment segment;
  segment.time = {name->start, instant(row.get<std::int64_t>(1))};
  segment.name = *std::move(name);
  segment.size_bytes = static_cast<std::uint64_t>(size);
  segment.sha256 = crypto::to_hex(row.get<Bytes>(3));
  segment.camera_offset_ms = row.get<std::optional<std::int64_t>>(4);
  segment.ledger_index = row.get<std::int64_t>(5);
  const auto fault = row.get<std::int64_t>(6);
  if (fault < 0 || fault > static_cast<std::int64_t>(Fault::damaged)) {
    return data_loss("the archive index has a row `{}` that cannot be", id);
  }
  segment.fault = static_cast<Fault>(fault);
  return segment;
}

std::optional<Segment> first_of(std::vector<Segment> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

// A pin and a segment have a moment in common.
constexpr const char* kPinned =
    "EXISTS (SELECT 1 FROM pin WHERE pin.camera = segment.camera"
    " AND segment.start_us < pin.to_us AND segment.end_us > pin.from_us)";

}  // namespace

absl::StatusOr<std::unique_ptr<Index>> Index::open(const Path& file) {
  LS_ASSIGN(std::unique_ptr<store::Database> db, store::Database::open(file, schema()));
  std::unique_ptr<Index> index(new Index(std::move(db)));
  LS_RETURN_IF_ERROR(index->count_bytes());
  return index;
}

absl::Status Index::count_bytes() {
  LS_ASSIGN(const std::int64_t bytes,
            db_->one<std::int64_t>("SELECT coalesce(sum(size_bytes), 0) FROM segment"));
  bytes_ = static_cast<std::uint64_t>(bytes);
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Index::put(const Segment& segment) {
  LS_ASSIGN(const Bytes sha256, crypto::from_hex(segment.sha256));
  LS_ASSIGN(
      const std::optional<std::int64_t> old,
      db_->find<std::int64_t>("SELECT size_bytes FROM segment WHERE id = ?", {segment.name.id()}));
  LS_RETURN_IF_ERROR(db_->run(
      "INSERT OR REPLACE INTO segment (id, camera, day, start_us, end_us, size_bytes, sha256,"
      " camera_offset_ms, ledger_index, fault) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {segment.name.id(), segment.name.camera, segment.name.day, micros(segment.time.from),
       micros(segment.time.to), segment.size_bytes, sha256, segment.camera_offset_ms,
       segment.ledger_index, static_cast<std::int64_t>(segment.fault)}));
  return static_cast<std::uint64_t>(old.value_or(0));
}

absl::Status Index::add(const Segment& segment) {
  return add_all({segment});
}

absl::Status Index::add_all(const std::vector<Segment>& segments) {
  LS_ASSIGN(store::Transaction transaction, db_->begin());
  std::uint64_t bytes = bytes_;
  for (const Segment& segment : segments) {
    LS_ASSIGN(const std::uint64_t replaced, put(segment));
    bytes += segment.size_bytes - replaced;
  }
  LS_RETURN_IF_ERROR(transaction.commit());
  bytes_ = bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Segment>> Index::unhashed(const std::string& after) {
  LS_ASSIGN(
      std::vector<Segment> found,
      select(
          "WHERE id > ? AND length(sha256) = 0 AND deleting = 0 AND fault = 0 ORDER BY id LIMIT 1",
          {after}));
  return first_of(std::move(found));
}

absl::StatusOr<std::vector<Segment>> Index::select(const std::string& where, store::Params params) {
  std::vector<Segment> segments;
  LS_RETURN_IF_ERROR(db_->query(fmt::format("SELECT {} FROM segment {}", kColumns, where), params,
                                [&segments](const store::Row& row) -> absl::Status {
                                  LS_ASSIGN(Segment segment, segment_of(row));
                                  segments.push_back(std::move(segment));
                                  return absl::OkStatus();
                                }));
  return segments;
}

absl::StatusOr<std::vector<Segment>> Index::touching(const std::string& camera,
                                                     const Interval& interval, std::size_t limit) {
  // No segment is longer than kSegmentLengthMax, so that a search need not begin at the oldest.
  return select(
      "WHERE camera = ? AND start_us < ? AND start_us > ? AND end_us > ? AND deleting = 0"
      " AND fault = 0 ORDER BY start_us LIMIT ?",
      {camera, micros(interval.to), micros(interval.from - kSegmentLengthMax - kGapMax),
       micros(interval.from), limit});
}

absl::StatusOr<std::optional<Segment>> Index::faulty(const std::string& camera,
                                                     const Interval& interval) {
  LS_ASSIGN(std::vector<Segment> found,
            select("WHERE fault > 0 AND camera = ? AND start_us < ? AND end_us > ?"
                   " AND deleting = 0 ORDER BY start_us LIMIT 1",
                   {camera, micros(interval.to), micros(interval.from)}));
  return first_of(std::move(found));
}

absl::StatusOr<std::vector<Segment>> Index::missing_untold() {
  return select("WHERE fault > 0 AND fault = ? AND deleting = 0 ORDER BY camera, start_us LIMIT ?",
                {static_cast<std::int64_t>(Fault::missing), kMissingPerTick});
}

absl::StatusOr<std::optional<Segment>> Index::find(const SegmentName& name) {
  LS_ASSIGN(std::vector<Segment> found, select("WHERE id = ?", {name.id()}));
  return first_of(std::move(found));
}

absl::StatusOr<std::optional<Segment>> Index::newest(const std::string& camera) {
  LS_ASSIGN(std::vector<Segment> found, select("WHERE camera = ? AND deleting = 0 AND fault = 0"
                                               " ORDER BY start_us DESC LIMIT 1",
                                               {camera}));
  return first_of(std::move(found));
}

absl::StatusOr<std::vector<Segment>> Index::of_day(const std::string& camera,
                                                   const std::string& day) {
  return select("WHERE day = ? AND camera = ? ORDER BY start_us", {day, camera});
}

absl::StatusOr<std::vector<Segment>> Index::oldest_unpinned(std::size_t limit) {
  return select(fmt::format("WHERE deleting = 0 AND NOT {} ORDER BY start_us LIMIT ?", kPinned),
                {limit});
}

absl::Status Index::each_by_camera(const std::function<void(const Segment&)>& each) {
  return db_->query(fmt::format("SELECT {} FROM segment WHERE deleting = 0 AND fault = 0"
                                " ORDER BY camera, start_us",
                                kColumns),
                    {}, [&each](const store::Row& row) -> absl::Status {
                      LS_ASSIGN(const Segment segment, segment_of(row));
                      each(segment);
                      return absl::OkStatus();
                    });
}

absl::StatusOr<std::vector<Segment>> Index::page(const std::string& after, std::size_t limit) {
  return select("WHERE id > ? AND deleting = 0 AND fault IN (0, ?) ORDER BY id LIMIT ?",
                {after, static_cast<std::int64_t>(Fault::damaged), limit});
}

absl::StatusOr<std::vector<DayTotal>> Index::day_totals() {
  std::vector<DayTotal> totals;
  LS_RETURN_IF_ERROR(db_->query(
      "SELECT camera, day, min(start_us), max(end_us), sum(size_bytes), count(*),"
      " sum(id LIKE '%-recovered'), sum(end_us - start_us) FROM segment"
      " WHERE deleting = 0 AND fault = 0 GROUP BY camera, day ORDER BY camera, day",
      {}, [&totals](const store::Row& row) {
        const auto natural = [&row](int column) {
          return static_cast<std::uint64_t>(row.get<std::int64_t>(column));
        };
        totals.push_back({row.get<std::string>(0),
                          row.get<std::string>(1),
                          {instant(row.get<std::int64_t>(2)), instant(row.get<std::int64_t>(3))},
                          natural(4),
                          natural(5),
                          natural(6),
                          Duration{row.get<std::int64_t>(7)}});
        return absl::OkStatus();
      }));
  return totals;
}

absl::StatusOr<std::set<std::string>> Index::days() {
  std::set<std::string> days;
  LS_RETURN_IF_ERROR(
      db_->query("SELECT DISTINCT day FROM segment", {}, [&days](const store::Row& row) {
        days.insert(row.get<std::string>(0));
        return absl::OkStatus();
      }));
  return days;
}

absl::StatusOr<std::set<std::pair<std::string, std::string>>> Index::camera_days() {
  std::set<std::pair<std::string, std::string>> found;
  LS_RETURN_IF_ERROR(
      db_->query("SELECT DISTINCT camera, day FROM segment", {}, [&found](const store::Row& row) {
        found.emplace(row.get<std::string>(0), row.get<std::string>(1));
        return absl::OkStatus();
      }));
  return found;
}

absl::StatusOr<bool> Index::is_rebuilding() {
  LS_ASSIGN(const std::int64_t rows, db_->one<std::int64_t>("SELECT count(*) FROM rebuild"));
  return rows > 0;
}

absl::Status Index::rebuilt() {
  return db_->run("DELETE FROM rebuild");
}

absl::Status Index::mark_deleting(const std::vector<Segment>& segments) {
  LS_ASSIGN(store::Transaction transaction, db_->begin());
  for (const Segment& segment : segments) {
    LS_RETURN_IF_ERROR(
        db_->run("UPDATE segment SET deleting = 1 WHERE id = ?", {segment.name.id()}));
  }
  return transaction.commit();
}

absl::StatusOr<std::vector<Segment>> Index::deleting() {
  return select("WHERE deleting = 1", {});
}

absl::Status Index::drop(const std::vector<Segment>& segments) {
  LS_ASSIGN(store::Transaction transaction, db_->begin());
  for (const Segment& segment : segments) {
    LS_RETURN_IF_ERROR(db_->run("DELETE FROM segment WHERE id = ?", {segment.name.id()}));
  }
  LS_RETURN_IF_ERROR(transaction.commit());
  for (const Segment& segment : segments) bytes_ -= segment.size_bytes;
  return absl::OkStatus();
}

absl::Status Index::pin(const Pin& pin) {
  LS_ASSIGN(const std::int64_t pins, db_->one<std::int64_t>("SELECT count(*) FROM pin"));
  if (pins >= static_cast<std::int64_t>(kPinsMax)) {
    return exhausted("{} stretches of footage are kept for requests already", kPinsMax);
  }
  return db_->run("INSERT OR IGNORE INTO pin (request, camera, from_us, to_us) VALUES (?, ?, ?, ?)",
                  {pin.request, pin.camera, micros(pin.interval.from), micros(pin.interval.to)});
}

absl::Status Index::unpin(const std::string& request) {
  return db_->run("DELETE FROM pin WHERE request = ?", {request});
}

absl::StatusOr<std::vector<Pin>> Index::pins() {
  std::vector<Pin> pins;
  LS_RETURN_IF_ERROR(db_->query(
      "SELECT request, camera, from_us, to_us FROM pin ORDER BY seq", {},
      [&pins](const store::Row& row) {
        pins.push_back({row.get<std::string>(0),
                        row.get<std::string>(1),
                        {instant(row.get<std::int64_t>(2)), instant(row.get<std::int64_t>(3))}});
        return absl::OkStatus();
      }));
  return pins;
}

absl::StatusOr<std::uint64_t> Index::pinned_bytes() {
  // From the pins to the segments, bounded as in touching(): not a walk through all segments.
  LS_ASSIGN(
      const std::int64_t bytes,
      db_->one<std::int64_t>("SELECT coalesce(sum(size_bytes), 0) FROM segment WHERE id IN"
                             " (SELECT s.id FROM pin JOIN segment AS s ON s.camera = pin.camera"
                             " AND s.start_us < pin.to_us AND s.start_us > pin.from_us - ?"
                             " AND s.end_us > pin.from_us)",
                             {(kSegmentLengthMax + kGapMax).count()}));
  return static_cast<std::uint64_t>(bytes);
}

absl::StatusOr<std::uint64_t> Index::bytes_of(const Pin& pin) {
  LS_ASSIGN(const std::int64_t bytes,
            db_->one<std::int64_t>("SELECT coalesce(sum(size_bytes), 0) FROM segment"
                                   " WHERE camera = ? AND start_us < ? AND start_us > ?"
                                   " AND end_us > ?",
                                   {pin.camera, micros(pin.interval.to),
                                    micros(pin.interval.from - kSegmentLengthMax - kGapMax),
                                    micros(pin.interval.from)}));
  return static_cast<std::uint64_t>(bytes);
}

absl::StatusOr<std::vector<Segment>> Index::uncommitted(Instant before) {
  return select(
      "WHERE ledger_index < 0 AND end_us < ? AND deleting = 0 AND fault = 0 AND length(sha256) > 0"
      " ORDER BY id",
      {micros(before)});
}

absl::Status Index::committed(const std::vector<std::string>& ids, std::int64_t ledger_index) {
  LS_ASSIGN(store::Transaction transaction, db_->begin());
  for (const std::string& id : ids) {
    LS_RETURN_IF_ERROR(
        db_->run("UPDATE segment SET ledger_index = ? WHERE id = ?", {ledger_index, id}));
  }
  return transaction.commit();
}

}  // namespace latchstring::archive
