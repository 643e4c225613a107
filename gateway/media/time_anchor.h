// From a camera's media clock to wall time. Durations come from the camera (RTP timestamps); where
// they stand in the day comes from our own clock: the anchor is the minimum over frames of (receive
// time - media time), for nothing arrives before it was sent. The camera's crystal drifts, so the
// minimum is taken over the last kWindow and followed by at most kSlewMax.
// The camera's own wall clock is not asked.
#pragma once

#include <array>
#include <cstdint>

#include "gateway/base/time.h"

namespace latchstring::media {

inline constexpr std::int64_t kSettle_ns = 1'000'000'000;  // the first frames may be a stored GOP
inline constexpr std::int64_t kSlewMax_ppm = 500;
inline constexpr std::int64_t kClockStep_ns = 100'000'000;    // our wall clock against steady time
inline constexpr std::int64_t kMediaStep_ns = 1'000'000'000;  // media against our clock
inline constexpr std::int64_t kMediaBack_ns = 500'000'000;    // more than any reordering of frames
inline constexpr std::int64_t kMediaGap_ns = 5'000'000'000;

class TimeAnchor {
 public:
  enum class Verdict { same_run, new_run };

  // One video frame, in order of arrival. new_run: our clock was set, the camera's media clock
  // jumped, or too much is missing. Then this frame was not used: begin again with a new
  // TimeAnchor.
  Verdict add(Instant received, Duration steady, std::int64_t media_ns);

  // False in the first kSettle_ns: utc_of() may still jump.
  bool settled(Duration steady) const;
  // After the first frame. Between two frames of the past it grows with media time, within
  // kSlewMax.
  Instant utc_of(std::int64_t media_ns) const;

 private:
  static constexpr std::size_t kSlots = 12;
  static constexpr std::int64_t kSlot_ns = 5'000'000'000;  // kSlots of them: one minute

  std::int64_t window_minimum(std::int64_t media_ns, std::int64_t offset);
  bool breaks_off(std::int64_t wall_ns, std::int64_t steady_ns, std::int64_t media_ns) const;

  struct Slot {
    std::int64_t number = -1;  // media time / kSlot_ns
    std::int64_t minimum = 0;
  };
  std::array<Slot, kSlots> slots_;
  bool started_ = false;
  std::int64_t anchor_ns_ = 0;  // since 1970, of media time 0
  std::int64_t first_steady_ns_ = 0;
  std::int64_t last_wall_ns_ = 0;
  std::int64_t last_steady_ns_ = 0;
  std::int64_t last_media_ns_ = 0;
  std::int64_t slewed_to_ns_ = 0;  // media time up to which the anchor has been moved
};

}  // namespace latchstring::media
