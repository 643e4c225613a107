// The moov box, which fragmented segments and finished clips share.
#pragma once

#include <functional>
#include <vector>

#include "gateway/media/track_format.h"

namespace latchstring::media {

inline constexpr std::uint32_t kVideoTrack = 1;
inline constexpr std::uint32_t kAudioTrack = 2;

struct MovieTrack {
  std::uint32_t id = kVideoTrack;
  TrackFormat format;
  std::int64_t duration_ns = 0;                  // 0 in a fragmented file
  std::function<void(BoxWriter&)> write_tables;  // stts, stsc, stsz, stco ... ; unset: empty ones
};

// With mvex when `fragmented`. No edit list.
void write_moov(BoxWriter& out, const std::vector<MovieTrack>& tracks, bool fragmented);

// The tracks of a StreamInfo, video first.
absl::StatusOr<std::vector<MovieTrack>> tracks_of(const StreamInfo& info);

}  // namespace latchstring::media
