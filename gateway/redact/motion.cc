#include "gateway/redact/motion.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "gateway/base/ensure.h"

namespace latchstring::redact {
namespace {

cv::Size detection_size(const media::PictureFormat& format) {
  const double side = std::max(format.width, format.height);
  const double scale = std::min(1.0, kDetectionSide / side);
  const auto scaled = [&](int length) {
    return std::max(8, static_cast<int>(std::lround(length * scale)));
  };
  return {scaled(format.width), scaled(format.height)};
}

cv::Mat view(const media::Plane& plane) {
  return {plane.height, plane.width, CV_8U, plane.data, static_cast<std::size_t>(plane.stride)};
}

cv::Mat ellipse(int size) {
  return cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size});
}

cv::Rect grown(const cv::Rect& box, const cv::Size& picture) {
  const int dx = kMotionGrowPixels + static_cast<int>(std::ceil(box.width * kMotionGrowPart));
  const int dy = kMotionGrowPixels + static_cast<int>(std::ceil(box.height * kMotionGrowPart));
  return cv::Rect{box.x - dx, box.y - dy, box.width + 2 * dx, box.height + 2 * dy} &
         cv::Rect{{0, 0}, picture};
}

std::vector<cv::Rect> boxes_of(const cv::Mat& changed) {
  cv::Mat mask;
  cv::morphologyEx(changed, mask, cv::MORPH_OPEN, ellipse(3));
  cv::morphologyEx(mask, mask, cv::MORPH_CLOSE, ellipse(11));
  cv::Mat labels;
  cv::Mat parts;
  cv::Mat centres;
  const int count = cv::connectedComponentsWithStats(mask, labels, parts, centres, 8, CV_32S);
  std::vector<cv::Rect> boxes;
  for (int i = 1; i < count; ++i) {
    if (parts.at<int>(i, cv::CC_STAT_AREA) < kMotionAreaMin) continue;
    const cv::Rect box{parts.at<int>(i, cv::CC_STAT_LEFT), parts.at<int>(i, cv::CC_STAT_TOP),
                       parts.at<int>(i, cv::CC_STAT_WIDTH), parts.at<int>(i, cv::CC_STAT_HEIGHT)};
    boxes.push_back(grown(box, mask.size()));
  }
  return boxes;
}

// A box's cells, whole.
cv::Rect cells_of(const cv::Rect& box) {
  const int x = box.x / kCell;
  const int y = box.y / kCell;
  return {x, y, (box.x + box.width + kCell - 1) / kCell - x,
          (box.y + box.height + kCell - 1) / kCell - y};
}

// The runs of a row that go on below become one box.
std::vector<cv::Rect> join_cells(const cv::Mat& cells) {
  std::vector<cv::Rect> open;
  std::vector<cv::Rect> done;
  for (int y = 0; y < cells.rows; ++y) {
    const auto* row = cells.ptr<std::uint8_t>(y);
    std::vector<cv::Rect> now;
    for (int x = 0; x < cells.cols; ++x) {
      if (row[x] == 0) continue;
      const int start = x;
      while (x < cells.cols && row[x] != 0) ++x;
      now.emplace_back(start, y, x - start, 1);
    }
    for (const cv::Rect& above : open) {
      const auto same = std::find_if(now.begin(), now.end(), [&](const cv::Rect& run) {
        return run.x == above.x && run.width == above.width;
      });
      if (same == now.end()) {
        done.push_back(above);
      } else {
        *same = cv::Rect{above.x, above.y, above.width, above.height + 1};
      }
    }
    open = std::move(now);
  }
  done.insert(done.end(), open.begin(), open.end());
  return done;
}

}  // namespace

Motion::Motion(const media::PictureFormat& format) : size_(detection_size(format)) {}

Motion::Small Motion::shrink(const media::Picture& picture) const {
  Small small{looked_.size(), picture.pts_ns, {}, {}};
  cv::resize(view(picture.planes()[0]), small.luma, size_, 0, 0, cv::INTER_AREA);
  for (unsigned i = 0; i < 2; ++i) {
    cv::resize(view(picture.planes()[i + 1]), small.chroma[i], size_ / 2, 0, 0, cv::INTER_AREA);
  }
  return small;
}

cv::Mat Motion::changes(const Small& a, const Small& b) const {
  cv::Mat difference;
  cv::absdiff(a.luma, b.luma, difference);
  cv::Mat changed = difference > kMotionThreshold;
  // Grey clothes before a wall of the same grey differ in colour, if at all.
  cv::Mat u;
  cv::Mat v;
  cv::absdiff(a.chroma[0], b.chroma[0], u);
  cv::absdiff(a.chroma[1], b.chroma[1], v);
  cv::Mat colour = cv::max(u, v) > kChromaThreshold;
  cv::resize(colour, colour, size_, 0, 0, cv::INTER_NEAREST);
  return changed | colour;
}

void Motion::look(const Small& picture, const Small* before, const Small* after) {
  Looked& looked = looked_[picture.index];
  cv::Mat changed = cv::Mat::zeros(size_, CV_8U);
  const double whole = size_.area();
  for (const Small* other : {before, after}) {
    if (other == nullptr || other->index == picture.index) continue;
    const cv::Mat part = changes(picture, *other);
    looked.compared = true;
    looked.unsure = looked.unsure || cv::countNonZero(part) > kUnsurePart * whole;
    changed |= part;
  }
  looked.unsure = looked.unsure || !looked.compared;
  looked.boxes = boxes_of(changed);
  if (looked.boxes.size() > kBoxesMax) looked.unsure = true;
}

const Motion::Small* Motion::before(const Small& picture) const {
  const Small* best = &window_.front();
  for (const Small& other : window_) {
    if (other.pts_ns > picture.pts_ns - kMotionGapNs) break;
    best = &other;
  }
  return best;
}

void Motion::look_at_waiting(bool all) {
  while (next_look_ < looked_.size()) {
    const auto waiting = std::find_if(window_.begin(), window_.end(), [&](const Small& small) {
      return small.index == next_look_;
    });
    ensure(waiting != window_.end());
    const auto after = std::find_if(waiting, window_.end(), [&](const Small& small) {
      return small.pts_ns >= waiting->pts_ns + kMotionGapNs;
    });
    if (after == window_.end() && !all) return;
    const Small* later = after == window_.end() ? &window_.back() : &*after;
    look(*waiting, before(*waiting), later);
    ++next_look_;
    // The last picture that lies far enough before the next one to be looked at stays.
    const std::int64_t reach = waiting->pts_ns - kMotionGapNs;
    while (window_.size() > 2 && window_[1].pts_ns <= reach) window_.pop_front();
  }
}

void Motion::add(const media::Picture& picture) {
  window_.push_back(shrink(picture));
  looked_.push_back({picture.pts_ns, false, false, {}});
  look_at_waiting(false);
}

void Motion::finish() {
  look_at_waiting(true);
  window_.clear();
}

std::vector<cv::Rect> Motion::held(std::size_t index) const {
  const std::int64_t pts = looked_[index].pts_ns;
  cv::Mat cells =
      cv::Mat::zeros((size_.height + kCell - 1) / kCell, (size_.width + kCell - 1) / kCell, CV_8U);
  const auto paint = [&](const Looked& looked) {
    for (const cv::Rect& box : looked.boxes) cells(cells_of(box)).setTo(255);
  };
  for (std::size_t i = index; i-- > 0 && looked_[i].pts_ns >= pts - kHoldNs;) paint(looked_[i]);
  for (std::size_t i = index; i < looked_.size() && looked_[i].pts_ns <= pts + kHoldNs; ++i) {
    paint(looked_[i]);
  }
  std::vector<cv::Rect> boxes;
  for (const cv::Rect& joined : join_cells(cells)) {
    boxes.push_back(
        cv::Rect{joined.x * kCell, joined.y * kCell, joined.width * kCell, joined.height * kCell} &
        cv::Rect{{0, 0}, size_});
  }
  return boxes;
}

}  // namespace latchstring::redact
