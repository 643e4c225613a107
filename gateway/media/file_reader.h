// Footage from a file of any make (MP4, Matroska, AVI ...) with H.264 or H.265 video, for
// `latchstring redact` and imports. GStreamer parses it: run it on files the household chose, or in
// the worker. Wall time: `start` plus the time in the file.
// Limits: kFileUnitBytesMax; a few units are in memory at a time.
#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "gateway/base/files.h"
#include "gateway/base/footage.h"

namespace latchstring::media {

inline constexpr std::size_t kFileUnitBytesMax = 32ULL << 20;

// NotFound; InvalidArgument: not a video file, or a codec that is not supported (named). DataLoss,
// at the latest at its end: it is damaged or cut short.
absl::StatusOr<std::unique_ptr<FootageReader>> read_file_footage(const Path& path, Instant start);

}  // namespace latchstring::media
