// Private to redact: the decoded pictures of a footage, in presentation order, each with what stood
// at its access unit. Strict: times are unique and rise, every kept unit gives exactly one picture.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/media/decode.h"

namespace latchstring::redact {

struct SourcePicture {
  media::Picture picture;
  bool keep = false;
  Instant utc;
};

using OnSound = std::function<absl::Status(const AccessUnit&)>;

class PictureSource {
 public:
  // From where the footage stands. `on_sound` (may be empty) gets the kept sound.
  static absl::StatusOr<PictureSource> open(FootageReader& footage, int threads, OnSound on_sound);

  // nullopt at the end. DataLoss: damaged footage.
  absl::StatusOr<std::optional<SourcePicture>> next();

 private:
  struct Waiting {
    bool keep;
    Instant utc;
  };
  PictureSource(FootageReader& footage, std::unique_ptr<media::Decoder> decoder, OnSound on_sound)
      : footage_(&footage), decoder_(std::move(decoder)), on_sound_(std::move(on_sound)) {}
  absl::Status feed();
  absl::StatusOr<SourcePicture> match(media::Picture picture);
  absl::Status check_all_came() const;

  FootageReader* footage_;
  std::unique_ptr<media::Decoder> decoder_;
  OnSound on_sound_;
  std::map<std::int64_t, Waiting> waiting_;  // by pts: pushed, not out yet
  std::optional<media::PictureFormat> format_;
  std::optional<std::pair<std::int64_t, Instant>> last_;
  bool begun_ = false;
  bool at_end_ = false;
};

}  // namespace latchstring::redact
