// What clips and previews are made of, before they are any: the core of Cutter, which tests reach
// without a grant. Everything else goes through Cutter.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <vector>

#include "gateway/archive/cutter.h"

namespace latchstring::archive {

struct Part {
  GrantTerms terms;  // native only where the reader is
  std::unique_ptr<FootageReader> reader;
  std::vector<SourceSegment> sources;
};

// At least one.
absl::StatusOr<std::vector<Part>> cut_parts(const Path& segments, const DayKeys& keys,
                                            const GrantTerms& terms, const Footage& footage);
// The first stretch, exact.
absl::StatusOr<Part> first_part(const Path& segments, const DayKeys& keys, const GrantTerms& terms,
                                const Footage& footage);
// The newest IDR inside the interval and nothing else.
absl::StatusOr<Part> newest_frame(const Path& segments, const DayKeys& keys,
                                  const GrantTerms& terms, const Footage& footage);

}  // namespace latchstring::archive
