// Private to redact: drawing on pictures, and looking at what was drawn. One colour, whole pixels,
// rounded so that rather more than less is filled.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "gateway/base/stages.h"
#include "gateway/media/decode.h"
#include "gateway/redact/core.h"

namespace latchstring::redact {

// How far an encoded fill may lie from the fill colour, mean over a block of 8 x 8 samples.
inline constexpr int kFillTolerance = 14;

class Drawer {
 public:
  Drawer(const media::PictureFormat& format, const std::vector<Zone>& zones,
         const std::string& watermark);

  // Zones: the union of all `fill` ones and of the outsides of all `keep_only` ones; so of several
  // keep_only zones only what lies in every one of them stays.
  void draw(media::Picture& picture, const FrameRegions& regions) const;
  // False where a filled area of the (decoded) picture shows anything but the fill.
  bool is_filled(const media::Picture& picture, const FrameRegions& regions) const;
  bool hides_nothing(const FrameRegions& regions) const;

 private:
  cv::Mat mask_of(const FrameRegions& regions) const;  // 255: filled
  void write_watermark(media::Picture& picture) const;

  const cv::Size size_;
  const std::string watermark_;
  cv::Mat zones_;  // as mask_of(); empty without zones
  cv::Rect watermark_box_;
};

// Scaled to the format, with new memory.
media::Picture scaled(const media::Picture& picture, const media::PictureFormat& format);

// Boxes at detection scale as pixels of a picture of that size, rounded outwards.
std::vector<Box> boxes_at(const std::vector<cv::Rect>& boxes, const cv::Size& scale,
                          const media::PictureFormat& format);

}  // namespace latchstring::redact
