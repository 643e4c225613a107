// What the writer and the reader of segments agree on. See docs/ref/segment-format.md.
#pragma once

#include <cstdint>

#include "gateway/base/time.h"

namespace latchstring::media {

inline constexpr std::uint32_t kTfhdFlags = 0x020000;  // offsets count from the moof
// Offset of the data; of each sample: duration, size, flags, composition offset (signed).
inline constexpr std::uint32_t kTrunFlags = 0x000f01;
inline constexpr std::uint32_t kSyncSample = 0x02000000;   // depends on no other
inline constexpr std::uint32_t kOtherSample = 0x01010000;  // depends on others, not a sync sample

// NTP's 32.32 seconds since 1900, wrapping in 2036 (RFC 5905 section 6); from_ntp() reads the era
// that began in 1968. Exact to the microsecond both ways.
std::uint64_t to_ntp(Instant instant);
Instant from_ntp(std::uint64_t ntp);
// The same moment as plain nanoseconds since 1900.
Instant from_ntp_nanoseconds(std::uint64_t nanoseconds);

}  // namespace latchstring::media
