// Real H.264 for the archive's tests, recorded through the real appender.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/archive/archive.h"
#include "gateway/archive/parts.h"
#include "gateway/base/status.h"
#include "gateway/media/fragment_writer.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::archive::test {

inline constexpr Duration kFrame = std::chrono::milliseconds{100};
inline const Instant kStart = *from_rfc3339("2026-05-04T10:00:00Z");

struct FilmUnit {
  bool is_key = false;
  std::int64_t pts_ns = 0;  // from 0 for the first one shown
  Bytes data;
};

struct Film {
  StreamInfo info;
  std::vector<FilmUnit> units;  // in decoding order
};

// What most cuts are of: 120 frames, 12 seconds, made once.
inline constexpr int kFrames = 120;
inline constexpr int kGop = 20;
const Film& film();
// So many seconds after kStart.
Interval seconds(double from, double to);

// 10 frames a second; an IDR every `gop` frames.
Film make_film(int frames, int gop, int b_frames = 0, int width = 160);
// The same in 8 bit 4:2:0, as cameras send it, in one of these ways; noise is many times larger.
enum class Kind { h264, h265, h264_noise };
Film make_camera_film(Kind kind, int frames, int gop);

struct Recording {
  std::string camera = "front";
  std::string run = "abcdefghij";
  Instant start = kStart;  // of the film's first frame
  Duration segment = std::chrono::seconds{4};
  bool audio = false;
};

// Of a segment by the camera `front` from kStart on, for tests that begin one by themselves.
media::SegmentHead head_of(const Film& film);
// Plays the film into the sink: segments begin at IDRs, fragments are about a second.
absl::Status record(media::SegmentSink& sink, const Film& film, const Recording& recording);

class HandClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  Duration steady() const override { return now_ - kStart; }
  bool is_right() const override { return right_; }
  Instant now_ = kStart + std::chrono::minutes{1};
  bool right_ = true;
};

// An archive in a folder of its own; UTC days.
struct House {
  House();
  void open();
  Options options();
  Path segments() const { return folder.path() / "archive" / "segments"; }
  void record_film(const Film& film, const Recording& recording = {});
  // The files of the segments, by name.
  std::vector<Path> files(const std::string& extension = ".age") const;
  absl::StatusOr<std::vector<Part>> cut(Interval interval, bool native = false, bool audio = false,
                                        const std::string& camera = "front");
  GrantTerms terms(Interval interval, const std::string& camera = "front") const;

  latchstring::test::TemporaryFolder folder;
  HandClock clock;
  std::uint64_t keep_bytes = 1ULL << 40;
  std::uint64_t keep_free = 0;
  bool is_exchanged = false;
  std::uint64_t pending_bytes = 1ULL << 40;
  std::uint64_t hold_bytes = 1ULL << 40;
  Duration keep_for = std::chrono::hours{24 * 7};
  std::unique_ptr<crypto::Keyring> keyring;
  std::unique_ptr<Archive> archive;
};

// As `archive check` does it: files and index, then every content.
CheckReport check_all(House& house, bool repair);
std::vector<AccessUnit> read_all(FootageReader& reader);
// Wall times of the kept pictures, sorted.
std::vector<Instant> kept_pictures(const std::vector<AccessUnit>& units);
// Of all frames of a film from kStart whose time lies in the interval.
std::vector<Instant> frames_in(Interval interval, int frames);

}  // namespace latchstring::archive::test
