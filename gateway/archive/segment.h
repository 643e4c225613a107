// One segment of footage: its name, and what the index says about it.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/time.h"

namespace latchstring::archive {

// Says which camera, when and by which connection; the file's path below segments/ and, inside the
// encryption, a box that must say the same, so that files cannot be passed off for one another.
struct SegmentName {
  std::string camera;      // [a-z][a-z0-9_]{0,63}
  std::string day;         // 2026-05-04: the household's local day that it starts in
  Instant start;           // of the first frame
  std::string run;         // [a-z2-7]{10}
  bool recovered = false;  // written anew from what a crash had left

  // `front/2026-05-04/1777931400123456-abcdefghij`, and `-recovered` where it is so.
  std::string id() const;
  // nullopt: not the name of a segment.
  static std::optional<SegmentName> parse(std::string_view id);
  // The box (`uuid`, ISO/IEC 14496-12 11.1) that stands after the header of the file.
  Bytes box() const;
  friend bool operator==(const SegmentName&, const SegmentName&) = default;
};

inline constexpr std::size_t kCameraNameMax = 64;

bool is_camera_name(std::string_view text);
bool is_day(std::string_view text);

// What keeps the footage of a row from being cut. The numbers stand in the index.
enum class Fault : std::uint8_t {
  none = 0,
  missing = 1,       // its file is gone, before its time, and nobody was told yet
  missing_told = 2,  // the same, and it stands in the ledger
  damaged = 3,       // what could be read of it may stand in its `-recovered` one
};

inline bool is_missing(Fault fault) {
  return fault == Fault::missing || fault == Fault::missing_told;
}

// A row of the index.
struct Segment {
  SegmentName name;
  Interval time;                                 // first frame to the end of the last one
  std::uint64_t size_bytes = 0;                  // of the encrypted file; 0: it is missing
  std::string sha256;                            // of its plaintext, hex; empty: not known yet
  std::optional<std::int64_t> camera_offset_ms;  // the camera's clock minus ours
  std::int64_t ledger_index = -1;                // of the leaf that commits to it; -1: not yet
  Fault fault = Fault::none;
};

}  // namespace latchstring::archive
