// Private to redact: what moves. The difference of each picture to those 1/6 s before and after it,
// at detection scale; its connected parts become boxes, grown, and held for kHold to both sides in
// time. Looking both ways is what finds somebody in the very first picture.
// A picture that differs almost everywhere (a cut, a moved camera, the light) has no boxes that
// mean anything: it is `unsure`.
#pragma once

#include <cstdint>
#include <deque>
#include <opencv2/core.hpp>
#include <vector>

#include "gateway/base/time.h"
#include "gateway/media/decode.h"
#include "gateway/redact/core.h"

namespace latchstring::redact {

inline constexpr int kDetectionSide = 480;  // pixels of the longer side
inline constexpr std::int64_t kMotionGapNs = 1'000'000'000 / 6;
inline constexpr std::int64_t kHoldNs = 600'000'000;
inline constexpr int kMotionThreshold = 12;  // grey levels
inline constexpr int kChromaThreshold = 9;
inline constexpr int kMotionAreaMin = 20;        // pixels at detection scale
inline constexpr int kMotionGrowPixels = 6;      // to each side, at detection scale
inline constexpr double kMotionGrowPart = 0.12;  // of the box, to each side
inline constexpr double kUnsurePart = 0.5;       // of the picture
inline constexpr int kCell = 4;                  // held boxes are joined on a grid of this size

class Motion {
 public:
  explicit Motion(const media::PictureFormat& format);

  void add(const media::Picture& picture);
  void finish();

  std::size_t size() const { return looked_.size(); }
  // After finish(): nothing is known of a picture without neighbours, or of one that is all change.
  bool unsure(std::size_t index) const { return looked_[index].unsure; }
  // After finish(): the held boxes of a picture, at detection scale, joined and without overlap.
  std::vector<cv::Rect> held(std::size_t index) const;
  cv::Size scale() const { return size_; }

 private:
  struct Small {
    std::size_t index;
    std::int64_t pts_ns;
    cv::Mat luma;
    cv::Mat chroma[2];
  };
  struct Looked {
    std::int64_t pts_ns = 0;
    bool compared = false;
    bool unsure = false;
    std::vector<cv::Rect> boxes;
  };
  Small shrink(const media::Picture& picture) const;
  cv::Mat changes(const Small& a, const Small& b) const;
  void look(const Small& picture, const Small* before, const Small* after);
  void look_at_waiting(bool all);
  const Small* before(const Small& picture) const;

  const cv::Size size_;
  std::deque<Small> window_;   // from 1/6 s before the first waiting one
  std::size_t next_look_ = 0;  // index of the first picture not looked at
  std::vector<Looked> looked_;
};

}  // namespace latchstring::redact
