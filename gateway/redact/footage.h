// Private to redact: the parent's own notes of the footage while the worker reads it. What is known
// here is never taken from the worker: which pictures are kept, when they were, how many there are.
#pragma once

#include <functional>
#include <vector>

#include "gateway/base/footage.h"

namespace latchstring::redact {

struct KeptPicture {
  std::int64_t pts_ns = 0;
  Instant utc;
  std::int64_t duration_ns = 0;
  std::uint32_t source = 0;
};

class NotedFootage final : public FootageReader {
 public:
  // The progress of the first pass is measured against `stretch`, where it is known, that of the
  // second against the first. on_progress may be empty.
  NotedFootage(FootageReader& footage, Interval stretch, std::function<void(double)> on_progress)
      : footage_(footage), stretch_(stretch), on_progress_(std::move(on_progress)) {}

  const StreamInfo& info() const override { return footage_.info(); }
  // DataLoss also when the second pass gives other units than the first.
  absl::StatusOr<std::optional<AccessUnit>> next() override;
  absl::Status rewind() override;

  // After the first pass: the kept pictures in presentation order.
  const std::vector<KeptPicture>& kept() const { return kept_; }
  bool has_kept_sound() const { return kept_sounds_ > 0; }
  std::int64_t last_sound_pts_ns() const { return last_sound_pts_ns_; }

 private:
  absl::Status keep(const AccessUnit& unit);
  void tell(Instant utc);

  FootageReader& footage_;
  const Interval stretch_;
  const std::function<void(double)> on_progress_;
  std::vector<KeptPicture> kept_;
  std::uint64_t kept_sounds_ = 0;
  std::int64_t last_sound_pts_ns_ = 0;
  std::uint64_t digest_ = 0;  // of this pass's units so far
  std::uint64_t units_ = 0;
  std::uint64_t first_digest_ = 0;
  std::uint64_t first_units_ = 0;
  bool second_ = false;
};

}  // namespace latchstring::redact
