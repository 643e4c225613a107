#include "gateway/redact/source.h"

#include "gateway/base/status.h"
#include "gateway/redact/core.h"

namespace latchstring::redact {

absl::StatusOr<PictureSource> PictureSource::open(FootageReader& footage, int threads,
                                                  OnSound on_sound) {
  LS_ASSIGN(std::unique_ptr<media::Decoder> decoder,
            media::Decoder::open(footage.info().video_caps, threads));
  return PictureSource{footage, std::move(decoder), std::move(on_sound)};
}

absl::Status PictureSource::feed() {
  LS_ASSIGN(const std::optional<AccessUnit> unit, footage_->next());
  if (!unit.has_value()) {
    at_end_ = true;
    return decoder_->finish();
  }
  if (unit->track == Track::audio) {
    return on_sound_ && unit->keep ? on_sound_(*unit) : absl::OkStatus();
  }
  if (!begun_ && !unit->is_key) return data_loss("the footage does not begin with a key picture");
  begun_ = true;
  const bool is_new = waiting_.emplace(unit->pts_ns, Waiting{unit->keep, unit->utc}).second;
  if (!is_new || (last_.has_value() && unit->pts_ns <= last_->first)) {
    return data_loss("the pictures' times are not in order near {}", to_rfc3339(unit->utc));
  }
  return decoder_->push(*unit);
}

absl::StatusOr<SourcePicture> PictureSource::match(media::Picture picture) {
  const auto found = waiting_.find(picture.pts_ns);
  if (found == waiting_.end()) return data_loss("a decoded picture belongs to no access unit");
  const Waiting unit = found->second;
  if (last_.has_value() && (picture.pts_ns <= last_->first || unit.utc < last_->second)) {
    return data_loss("the pictures' times are not in order near {}", to_rfc3339(unit.utc));
  }
  // What lies before it and has not come will not come any more.
  for (auto it = waiting_.begin(); it != found; ++it) {
    if (it->second.keep) {
      return data_loss("the picture of {} cannot be decoded", to_rfc3339(it->second.utc));
    }
  }
  waiting_.erase(waiting_.begin(), std::next(found));
  if (format_.has_value() && *format_ != picture.format()) {
    return data_loss("the picture's format changes at {}", to_rfc3339(unit.utc));
  }
  format_ = picture.format();
  last_ = {picture.pts_ns, unit.utc};
  return SourcePicture{std::move(picture), unit.keep, unit.utc};
}

absl::Status PictureSource::check_all_came() const {
  for (const auto& [pts, unit] : waiting_) {
    if (unit.keep) return data_loss("the picture of {} cannot be decoded", to_rfc3339(unit.utc));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SourcePicture>> PictureSource::next() {
  for (;;) {
    LS_ASSIGN(std::optional<media::Picture> picture, decoder_->pull());
    if (picture.has_value()) {
      LS_ASSIGN(SourcePicture matched, match(*std::move(picture)));
      return matched;
    }
    if (at_end_) {
      LS_RETURN_IF_ERROR(check_all_came());
      return std::nullopt;
    }
    LS_RETURN_IF_ERROR(feed());
  }
}

}  // namespace latchstring::redact
