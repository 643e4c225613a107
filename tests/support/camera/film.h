// A video file as an endless row of raw pictures, or of coded ones.
#pragma once

#include <absl/status/statusor.h>
#include <gst/gst.h>

#include <memory>
#include <string>
#include <vector>

#include "gateway/media/gst.h"

namespace latchstring::test {

// Decodes in its own pipeline, scaled to I420 of one size; begins again at the end.
class Film {
 public:
  static absl::StatusOr<std::unique_ptr<Film>> open(const std::string& path, int width, int height);
  // A picture of the caller's own, without timestamps.
  absl::StatusOr<media::gst::Buffer> next();

 private:
  explicit Film(media::gst::Pipeline pipeline);
  media::gst::Pipeline pipeline_;
  media::gst::Element sink_;
};

// All coded pictures of a file, as byte-stream access units.
struct CodedFilm {
  media::gst::Caps caps;
  std::vector<media::gst::Buffer> units;
  double fps = 0;
};
absl::StatusOr<CodedFilm> read_coded_film(const std::string& path, const std::string& codec);

}  // namespace latchstring::test
