// Private to redact: the work behind Redactor's stages, on plain values. Errors as in redact.h.
#pragma once

#include "gateway/redact/redact.h"

namespace latchstring::redact {

absl::StatusOr<ReleasedVideo> redacted_video(const Settings& settings, const GrantTerms& terms,
                                             FootageReader& reader,
                                             const std::vector<SourceSegment>& sources,
                                             const OnProgress& on_progress,
                                             const worker::Cancel& cancel);

absl::StatusOr<ReleasedVideo> untouched_video(const Settings& settings, const GrantTerms& terms,
                                              FootageReader& reader,
                                              const std::vector<SourceSegment>& sources,
                                              const worker::Cancel& cancel);

}  // namespace latchstring::redact
