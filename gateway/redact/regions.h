// Private to redact: the report of what was hidden, frame by frame. Format: docs/ref/regions.md.
#pragma once

#include <string>

#include "gateway/redact/core.h"

namespace latchstring::redact {

inline constexpr int kRegionsVersion = 1;

class RegionsReport {
 public:
  RegionsReport(const RedactionPlan& plan, const media::PictureFormat& picture);
  void add(const FrameRegions& regions);
  std::string text() const { return head_ + frames_ + "\n]}\n"; }

 private:
  std::string head_;
  std::string frames_;
  std::string last_;
};

}  // namespace latchstring::redact
