#include "gateway/media/time_anchor.h"

#include <algorithm>
#include <cstdlib>

#include "gateway/base/ensure.h"

namespace latchstring::media {
namespace {

std::int64_t to_nanoseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

}  // namespace

TimeAnchor::Verdict TimeAnchor::add(Instant received, Duration steady, std::int64_t media_ns) {
  const std::int64_t wall_ns = to_nanoseconds(received.time_since_epoch());
  const std::int64_t steady_ns = to_nanoseconds(steady);
  const std::int64_t offset = wall_ns - media_ns;
  if (!started_) {
    started_ = true;
    first_steady_ns_ = steady_ns;
    anchor_ns_ = offset;
    slewed_to_ns_ = media_ns;
    last_media_ns_ = media_ns;
  } else if (breaks_off(wall_ns, steady_ns, media_ns)) {
    return Verdict::new_run;
  }
  const std::int64_t target = window_minimum(media_ns, offset);
  if (!settled(steady)) {
    anchor_ns_ = std::min(anchor_ns_, offset);
    slewed_to_ns_ = std::max(slewed_to_ns_, media_ns);
  } else {
    if (std::abs(target - anchor_ns_) > kMediaStep_ns) return Verdict::new_run;
    const std::int64_t elapsed = std::max<std::int64_t>(0, media_ns - slewed_to_ns_);
    const std::int64_t most = elapsed * kSlewMax_ppm / 1'000'000;
    anchor_ns_ += std::clamp(target - anchor_ns_, -most, most);
    slewed_to_ns_ += elapsed;
  }
  last_wall_ns_ = wall_ns;
  last_steady_ns_ = steady_ns;
  last_media_ns_ = std::max(last_media_ns_, media_ns);
  return Verdict::same_run;
}

bool TimeAnchor::breaks_off(std::int64_t wall_ns, std::int64_t steady_ns,
                            std::int64_t media_ns) const {
  const std::int64_t stepped = (wall_ns - last_wall_ns_) - (steady_ns - last_steady_ns_);
  const std::int64_t moved = media_ns - last_media_ns_;
  return std::abs(stepped) > kClockStep_ns || moved > kMediaGap_ns || moved < -kMediaBack_ns;
}

std::int64_t TimeAnchor::window_minimum(std::int64_t media_ns, std::int64_t offset) {
  const std::int64_t number = media_ns / kSlot_ns;
  Slot& slot = slots_[static_cast<std::size_t>(number) % kSlots];
  if (slot.number == number) {
    slot.minimum = std::min(slot.minimum, offset);
  } else {
    slot = {number, offset};
  }
  std::int64_t minimum = offset;
  for (const Slot& one : slots_) {
    if (one.number < 0 || one.number <= number - static_cast<std::int64_t>(kSlots)) continue;
    minimum = std::min(minimum, one.minimum);
  }
  return minimum;
}

bool TimeAnchor::settled(Duration steady) const {
  return started_ && to_nanoseconds(steady) - first_steady_ns_ >= kSettle_ns;
}

Instant TimeAnchor::utc_of(std::int64_t media_ns) const {
  ensure(started_);
  return Instant{std::chrono::floor<Duration>(std::chrono::nanoseconds(anchor_ns_ + media_ns))};
}

}  // namespace latchstring::media
