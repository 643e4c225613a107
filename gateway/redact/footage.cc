#include "gateway/redact/footage.h"

#include <algorithm>

#include "gateway/base/status.h"
#include "gateway/redact/core.h"

namespace latchstring::redact {
namespace {

constexpr double kFirstPassPart = 0.3;  // of the whole work, roughly

// FNV-1a over what must be the same in both passes. Guards against faults, not against forgers:
// both passes read the same authenticated file.
std::uint64_t mixed(std::uint64_t digest, const AccessUnit& unit) {
  const std::uint64_t about[] = {
      static_cast<std::uint64_t>(unit.pts_ns),
      static_cast<std::uint64_t>(unit.utc.time_since_epoch().count()), unit.data.size(),
      std::uint64_t{unit.keep} << 1 | static_cast<std::uint64_t>(unit.track)};
  for (const std::uint64_t value : about) digest = (digest ^ value) * 0x100000001b3ULL;
  return digest;
}

}  // namespace

void NotedFootage::tell(Instant utc) {
  if (!on_progress_) return;
  if (second_) {
    const double part = static_cast<double>(units_) / static_cast<double>(first_units_ + 1);
    on_progress_(kFirstPassPart + (1 - kFirstPassPart) * std::min(part, 1.0));
  } else if (!stretch_.empty()) {
    const double part = std::chrono::duration<double>(utc - stretch_.from).count() /
                        std::chrono::duration<double>(stretch_.length()).count();
    on_progress_(kFirstPassPart * std::clamp(part, 0.0, 1.0));
  }
}

absl::Status NotedFootage::keep(const AccessUnit& unit) {
  if (!unit.keep) return absl::OkStatus();
  if (unit.track == Track::audio) {
    ++kept_sounds_;
    last_sound_pts_ns_ = std::max(last_sound_pts_ns_, unit.pts_ns);
    return absl::OkStatus();
  }
  if (kept_.size() >= kFramesMax) return exhausted("a clip of more than {} pictures", kFramesMax);
  kept_.push_back({unit.pts_ns, unit.utc, unit.duration_ns, unit.source});
  return absl::OkStatus();
}

absl::StatusOr<std::optional<AccessUnit>> NotedFootage::next() {
  LS_ASSIGN(std::optional<AccessUnit> unit, footage_.next());
  if (!unit.has_value()) {
    if (second_ && (digest_ != first_digest_ || units_ != first_units_)) {
      return data_loss("the footage changed while it was read");
    }
    return unit;
  }
  digest_ = mixed(digest_, *unit);
  ++units_;
  if (!second_) LS_RETURN_IF_ERROR(keep(*unit));
  if (unit->track == Track::video) tell(unit->utc);
  return unit;
}

absl::Status NotedFootage::rewind() {
  second_ = true;
  first_digest_ = std::exchange(digest_, 0);
  first_units_ = std::exchange(units_, 0);
  std::sort(kept_.begin(), kept_.end(),
            [](const KeptPicture& a, const KeptPicture& b) { return a.pts_ns < b.pts_ns; });
  for (std::size_t i = 1; i < kept_.size(); ++i) {
    if (kept_[i].pts_ns == kept_[i - 1].pts_ns || kept_[i].utc < kept_[i - 1].utc) {
      return data_loss("the pictures' times are not in order near {}", to_rfc3339(kept_[i].utc));
    }
  }
  return footage_.rewind();
}

}  // namespace latchstring::redact
