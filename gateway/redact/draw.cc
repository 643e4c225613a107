#include "gateway/redact/draw.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace latchstring::redact {
namespace {

constexpr int kBlock = 8;
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

cv::Mat view(const media::Plane& plane) {
  return {plane.height, plane.width, CV_8U, plane.data, static_cast<std::size_t>(plane.stride)};
}

// All pixels that the polygon touches.
cv::Mat inside_of(const Zone& zone, const cv::Size& size, std::uint8_t edge) {
  std::vector<cv::Point> corners;
  for (const auto& [x, y] : zone.polygon) {
    corners.emplace_back(static_cast<int>(std::lround(x * size.width - 0.5)),
                         static_cast<int>(std::lround(y * size.height - 0.5)));
  }
  cv::Mat mask = cv::Mat::zeros(size, CV_8U);
  const std::vector<std::vector<cv::Point>> outline{corners};
  cv::fillPoly(mask, outline, cv::Scalar{255});
  // The outline itself belongs to what is filled: inside a zone, outside a keep_only one.
  cv::polylines(mask, outline, true, cv::Scalar{static_cast<double>(edge)}, 1);
  return mask;
}

cv::Mat zone_mask(const std::vector<Zone>& zones, const cv::Size& size) {
  if (zones.empty()) return {};
  cv::Mat mask = cv::Mat::zeros(size, CV_8U);
  for (const Zone& zone : zones) {
    if (zone.keep_only) {
      mask |= 255 - inside_of(zone, size, 0);
    } else {
      mask |= inside_of(zone, size, 255);
    }
  }
  return mask;
}

// A colour sample covers four pixels: it goes when one of them does.
cv::Mat chroma_mask(const cv::Mat& mask, const cv::Size& size) {
  cv::Mat padded;
  cv::copyMakeBorder(mask, padded, 0, size.height * 2 - mask.rows, 0, size.width * 2 - mask.cols,
                     cv::BORDER_REPLICATE);
  cv::Mat part;
  cv::resize(padded, part, size, 0, 0, cv::INTER_AREA);
  // A quarter of 255 and more stay above zero in the mean of four.
  return part > 0;
}

// The mean of each whole block.
cv::Mat block_means(const cv::Mat& plane, int block) {
  const cv::Size blocks{plane.cols / block, plane.rows / block};
  if (blocks.area() == 0) return {};
  cv::Mat means;
  cv::resize(plane({0, 0, blocks.width * block, blocks.height * block}), means, blocks, 0, 0,
             cv::INTER_AREA);
  return means;
}

bool is_colour(const cv::Mat& plane, const cv::Mat& mask, std::uint8_t value) {
  const cv::Mat whole = block_means(mask, kBlock) == 255;
  if (whole.empty()) return true;
  cv::Mat difference;
  cv::absdiff(block_means(plane, kBlock), cv::Scalar{static_cast<double>(value)}, difference);
  return cv::countNonZero((difference > kFillTolerance) & whole) == 0;
}

std::string printable(std::string text) {
  for (char& c : text) {
    if (c < 0x20 || c > 0x7E) c = '?';  // the font has no more
  }
  return text;
}

double font_scale(const cv::Size& size) {
  return std::max(0.35, size.height / 1000.0);
}

}  // namespace

Drawer::Drawer(const media::PictureFormat& format, const std::vector<Zone>& zones,
               const std::string& watermark)
    : size_(format.width, format.height),
      watermark_(printable(watermark)),
      zones_(zone_mask(zones, size_)) {
  if (watermark_.empty()) return;
  int below = 0;
  const cv::Size text = cv::getTextSize(watermark_, kFont, font_scale(size_), 1, &below);
  const int margin = 8;
  watermark_box_ = cv::Rect{0, size_.height - text.height - below - 2 * margin,
                            text.width + 2 * margin, text.height + below + 2 * margin} &
                   cv::Rect{{0, 0}, size_};
}

bool Drawer::hides_nothing(const FrameRegions& regions) const {
  return !regions.whole && regions.boxes.empty() && zones_.empty();
}

cv::Mat Drawer::mask_of(const FrameRegions& regions) const {
  if (regions.whole) return {size_, CV_8U, cv::Scalar{255}};
  cv::Mat mask = zones_.empty() ? cv::Mat::zeros(size_, CV_8U) : zones_.clone();
  for (const Box& box : regions.boxes) {
    mask(cv::Rect{box.x, box.y, box.width, box.height} & cv::Rect{{0, 0}, size_}).setTo(255);
  }
  return mask;
}

void Drawer::draw(media::Picture& picture, const FrameRegions& regions) const {
  if (!hides_nothing(regions)) {
    const cv::Mat mask = mask_of(regions);
    view(picture.planes()[0]).setTo(kFill.y, mask);
    const cv::Mat u = view(picture.planes()[1]);
    const cv::Mat chroma = chroma_mask(mask, u.size());
    view(picture.planes()[1]).setTo(kFill.u, chroma);
    view(picture.planes()[2]).setTo(kFill.v, chroma);
  }
  if (!watermark_.empty()) write_watermark(picture);
}

void Drawer::write_watermark(media::Picture& picture) const {
  cv::Mat luma = view(picture.planes()[0]);
  const cv::Point at{8, size_.height - 12};
  cv::putText(luma, watermark_, at, kFont, font_scale(size_), cv::Scalar{16}, 3, cv::LINE_AA);
  cv::putText(luma, watermark_, at, kFont, font_scale(size_), cv::Scalar{235}, 1, cv::LINE_AA);
}

bool Drawer::is_filled(const media::Picture& picture, const FrameRegions& regions) const {
  if (hides_nothing(regions)) return true;
  cv::Mat mask = mask_of(regions);
  if (watermark_box_.area() > 0) mask(watermark_box_).setTo(0);
  const cv::Mat luma = view(picture.planes()[0]);
  const cv::Mat u = view(picture.planes()[1]);
  const cv::Mat v = view(picture.planes()[2]);
  if (luma.size() != size_) return false;
  // Only colour samples all of whose pixels are filled.
  cv::Mat chroma = block_means(mask, 2);
  const cv::Rect common{0, 0, std::min(chroma.cols, u.cols), std::min(chroma.rows, u.rows)};
  chroma = (chroma == 255);
  return is_colour(luma, mask, kFill.y) && is_colour(u(common), chroma(common), kFill.u) &&
         is_colour(v(common), chroma(common), kFill.v);
}

media::Picture scaled(const media::Picture& picture, const media::PictureFormat& format) {
  media::Picture to(format);
  for (unsigned i = 0; i < 3; ++i) {
    cv::Mat plane = view(to.planes()[i]);
    cv::resize(view(picture.planes()[i]), plane, plane.size(), 0, 0, cv::INTER_AREA);
  }
  to.pts_ns = picture.pts_ns;
  to.damaged = picture.damaged;
  return to;
}

std::vector<Box> boxes_at(const std::vector<cv::Rect>& boxes, const cv::Size& scale,
                          const media::PictureFormat& format) {
  const double sx = static_cast<double>(format.width) / scale.width;
  const double sy = static_cast<double>(format.height) / scale.height;
  std::vector<Box> at;
  at.reserve(boxes.size());
  for (const cv::Rect& box : boxes) {
    const int x = static_cast<int>(std::floor(box.x * sx));
    const int y = static_cast<int>(std::floor(box.y * sy));
    const int right = std::min(format.width, static_cast<int>(std::ceil(box.br().x * sx)));
    const int bottom = std::min(format.height, static_cast<int>(std::ceil(box.br().y * sy)));
    at.push_back({Why::moving, static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y),
                  static_cast<std::uint16_t>(right - x), static_cast<std::uint16_t>(bottom - y)});
  }
  return at;
}

}  // namespace latchstring::redact
