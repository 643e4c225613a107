// Reading segments that the recorder wrote: fragmented MP4 (ISO/IEC 14496-12), as written by
// FragmentWriter and nothing else. The wall time of each fragment stands in the file itself (a prft
// box before each moof), so an index can be rebuilt from the files.
// Limits: kInitBytesMax, kFragmentBytesMax, kFragmentSamplesMax; one fragment is in memory at a
// time. Errors: DataLoss for anything that is not as the recorder writes it.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "gateway/base/footage.h"
#include "gateway/media/segment_sink.h"

namespace latchstring::media {

inline constexpr std::uint64_t kInitBytesMax = 64 * 1024;
inline constexpr std::uint64_t kFragmentBytesMax = 32ULL << 20;
inline constexpr std::size_t kFragmentSamplesMax = 4096;

// Fills `out` wholly from `offset` of the (decrypted) file.
using ReadAt = std::function<absl::Status(std::uint64_t offset, std::span<std::uint8_t> out)>;

struct SegmentScan {
  StreamInfo info;
  std::vector<FragmentMark> fragments;  // the whole ones, in file order
  std::uint64_t whole_bytes = 0;        // up to the end of the last whole fragment
  bool truncated = false;               // there were bytes after that
};

// Walks the boxes of a file, reading headers only. A file that a crash cut short is not an error:
// its whole fragments are. DataLoss when not even the header is whole.
absl::StatusOr<SegmentScan> scan_segment(const ReadAt& read_at, std::uint64_t size);

// The access units of the chosen fragments (marks as the sink got them or scan_segment gives them,
// in file order; they need not be neighbours). Reads the file's header and these fragments only.
// Units come in decoding order, audio between video by time; `keep` is true for all.
absl::StatusOr<std::unique_ptr<FootageReader>> read_segment(ReadAt read_at,
                                                            std::vector<FragmentMark> fragments);

}  // namespace latchstring::media
