#include "gateway/redact/core.h"

#include <deque>
#include <exception>
#include <opencv2/core.hpp>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/redact/draw.h"
#include "gateway/redact/motion.h"
#include "gateway/redact/plan.h"
#include "gateway/redact/source.h"

namespace latchstring::redact {
namespace {

// What pass 1 found: a plan for every kept picture, and what pass 2 must meet again.
struct Looked {
  media::PictureFormat source;
  double frames_per_second = 25;
  std::vector<std::int64_t> kept_pts;
  std::vector<FrameRegions> regions;  // of each kept picture, in pixels of the output
};

FrameRegions whole(Why why) {
  return {true, why, {}};
}

class Look {
 public:
  Look(const Job& job, const CheckedPlan& plan) : job_(job), plan_(plan) {}

  absl::StatusOr<Looked> operator()(FootageReader& footage) {
    LS_ASSIGN(PictureSource source, PictureSource::open(footage, job_.threads, {}));
    for (;;) {
      LS_ASSIGN(const std::optional<SourcePicture> picture, source.next());
      if (!picture.has_value()) break;
      if (pictures_.size() >= kFramesMax) {
        return exhausted("a clip of more than {} pictures", kFramesMax);
      }
      if (!motion_.has_value()) {
        looked_.source = picture->picture.format();
        motion_.emplace(looked_.source);
      }
      if (must_look()) motion_->add(picture->picture);
      pictures_.push_back({picture->picture.pts_ns, picture->keep, picture->picture.damaged});
    }
    LS_RETURN_IF_ERROR(conclude());
    return std::move(looked_);
  }

 private:
  struct Seen {
    std::int64_t pts_ns;
    bool keep;
    bool damaged;
  };

  // Where nothing in the picture is hidden, nothing need be known about it: gateway/release, too,
  // then takes `if_unsure: refuse` for no demand.
  bool must_look() const {
    return plan_.missing.empty() && (plan_.moving || !job_.plan.zones.empty());
  }

  absl::Status conclude() {
    if (motion_.has_value()) motion_->finish();
    const media::PictureFormat output = output_format(looked_.source, job_.plan.height_at_most);
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      if (!pictures_[i].keep) continue;
      looked_.kept_pts.push_back(pictures_[i].pts_ns);
      LS_ASSIGN(FrameRegions regions, regions_of(i, output));
      looked_.regions.push_back(std::move(regions));
    }
    if (looked_.regions.empty()) return data_loss("no picture lies in the granted stretch");
    const double span = static_cast<double>(pictures_.back().pts_ns - pictures_.front().pts_ns);
    if (span > 0) {
      looked_.frames_per_second = static_cast<double>(pictures_.size() - 1) * 1e9 / span;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<FrameRegions> regions_of(std::size_t i, const media::PictureFormat& output) const {
    if (!plan_.missing.empty()) return whole(Why::model_missing);
    if (!must_look()) return FrameRegions{};
    if (pictures_[i].damaged || motion_->unsure(i)) {
      if (job_.plan.if_unsure == IfUnsure::refuse) {
        return not_now(
            "picture {} is damaged or differs wholly from those around it, and "
            "`if_unsure: refuse` stands in the rules",
            i);
      }
      return whole(Why::unsure);
    }
    FrameRegions regions;
    if (plan_.moving) regions.boxes = boxes_at(motion_->held(i), motion_->scale(), output);
    if (regions.boxes.size() > kBoxesMax) return whole(Why::unsure);
    return regions;
  }

  const Job& job_;
  const CheckedPlan& plan_;
  std::optional<Motion> motion_;
  std::vector<Seen> pictures_;
  Looked looked_;
};

// Pass 2. Looks at every encoded picture again before it goes out.
class Draw {
 public:
  Draw(const Job& job, const Looked& looked, Output& output)
      : job_(job),
        looked_(looked),
        output_(output),
        format_(output_format(looked.source, job.plan.height_at_most)),
        drawer_(format_, job.plan.zones, job.plan.watermark),
        chooser_(job.plan.one_frame_per) {}

  absl::Status operator()(FootageReader& footage) {
    LS_RETURN_IF_ERROR(open_sound(footage.info().audio_caps));
    const auto on_sound = [this](const AccessUnit& unit) { return take_sound(unit); };
    LS_ASSIGN(PictureSource source, PictureSource::open(footage, job_.threads, on_sound));
    for (;;) {
      LS_ASSIGN(std::optional<SourcePicture> picture, source.next());
      if (!picture.has_value()) break;
      if (!picture->keep) continue;
      LS_RETURN_IF_ERROR(take(*std::move(picture)));
      if (done_) return absl::OkStatus();
    }
    if (next_ != looked_.kept_pts.size()) return differ();
    return finish();
  }

 private:
  struct Drawn {
    std::uint64_t index;
    std::int64_t pts_ns;
    FrameRegions regions;
  };

  static absl::Status differ() {
    return data_loss("the second pass over the footage met other pictures than the first");
  }

  absl::Status take(SourcePicture source) {
    if (next_ >= looked_.kept_pts.size() || source.picture.pts_ns != looked_.kept_pts[next_] ||
        source.picture.format() != looked_.source) {
      return differ();
    }
    const std::uint64_t index = next_++;
    if (!chooser_.takes(source.utc)) return absl::OkStatus();
    media::Picture picture =
        format_ == looked_.source ? std::move(source.picture) : scaled(source.picture, format_);
    const FrameRegions& regions = looked_.regions[index];
    drawer_.draw(picture, regions);
    if (job_.image.has_value()) return give_image(std::move(picture), regions);
    if (encoder_ == nullptr) {
      LS_ASSIGN(encoder_, media::Encoder::open({format_, rate(), job_.threads}));
    }
    encoding_.push_back({index, picture.pts_ns, regions});
    LS_RETURN_IF_ERROR(encoder_->push(std::move(picture)));
    return drain_encoder();
  }

  double rate() const {
    const double per = std::chrono::duration<double>(job_.plan.one_frame_per).count();
    return per > 0 ? std::min(looked_.frames_per_second, 1 / per) : looked_.frames_per_second;
  }

  absl::Status give_image(media::Picture picture, const FrameRegions& regions) {
    done_ = true;
    LS_ASSIGN(const Bytes bytes, media::encode_image(std::move(picture), *job_.image));
    return output_.image(bytes, regions);
  }

  absl::Status drain_encoder() {
    for (;;) {
      LS_ASSIGN(std::optional<AccessUnit> unit, encoder_->pull());
      if (!unit.has_value()) return absl::OkStatus();
      if (encoding_.empty() || unit->pts_ns != encoding_.front().pts_ns) {
        return internal("the encoder gave another picture than it was given");
      }
      if (again_ == nullptr) LS_RETURN_IF_ERROR(begin());
      LS_RETURN_IF_ERROR(again_->push(*unit));
      checking_.push_back({std::move(encoding_.front()), *std::move(unit)});
      encoding_.pop_front();
      LS_RETURN_IF_ERROR(drain_check());
    }
  }

  absl::Status begin() {
    Sound sound = Sound::none;
    if (sound_ != nullptr) sound = sound_->is_same() ? Sound::same : Sound::encoded;
    std::string hex;
    for (const std::uint8_t byte : encoder_->codec_data()) hex += fmt::format("{:02x}", byte);
    const std::string caps = fmt::format(
        "video/x-h264,stream-format=avc,alignment=au,width={},height={},codec_data=(buffer){}",
        format_.width, format_.height, hex);
    LS_ASSIGN(again_, media::Decoder::open(caps, 1));
    return output_.format({format_, encoder_->codec_data(), sound});
  }

  // Before writing the plan was drawn; after it, what a viewer will see is looked at.
  absl::Status drain_check() {
    for (;;) {
      LS_ASSIGN(const std::optional<media::Picture> picture, again_->pull());
      if (!picture.has_value()) return absl::OkStatus();
      if (checking_.empty() || picture->pts_ns != checking_.front().first.pts_ns) {
        return internal("the encoded clip does not decode to the pictures that were encoded");
      }
      const auto& [drawn, unit] = checking_.front();
      if (picture->damaged || !drawer_.is_filled(*picture, drawn.regions)) {
        return internal("what is to be hidden shows in encoded picture {}", drawn.index);
      }
      LS_RETURN_IF_ERROR(give_sound_until(unit.pts_ns));
      LS_RETURN_IF_ERROR(output_.frame(drawn.index, unit, drawn.regions));
      checking_.pop_front();
    }
  }

  absl::Status open_sound(const std::string& caps) {
    if (!job_.plan.keep_audio || caps.empty() || job_.image.has_value()) return absl::OkStatus();
    auto sound = media::SoundEncoder::open(caps);
    // Sound of a kind that cannot go into the clip stays out: that hides more, not less.
    if (absl::IsInvalidArgument(sound.status())) return absl::OkStatus();
    LS_ASSIGN(sound_, std::move(sound));
    return absl::OkStatus();
  }

  absl::Status take_sound(const AccessUnit& unit) {
    if (sound_ == nullptr) return absl::OkStatus();
    LS_RETURN_IF_ERROR(sound_->push(unit));
    return drain_sound();
  }

  absl::Status drain_sound() {
    for (;;) {
      LS_ASSIGN(std::optional<AccessUnit> unit, sound_->pull());
      if (!unit.has_value()) return absl::OkStatus();
      sounding_.push_back(*std::move(unit));
    }
  }

  absl::Status give_sound_until(std::int64_t pts_ns) {
    while (begun_ && !sounding_.empty() && sounding_.front().pts_ns < pts_ns) {
      LS_RETURN_IF_ERROR(output_.sound(sounding_.front()));
      sounding_.pop_front();
    }
    begun_ = true;
    return absl::OkStatus();
  }

  absl::Status finish() {
    if (encoder_ == nullptr) return data_loss("no picture lies in the granted stretch");
    LS_RETURN_IF_ERROR(encoder_->finish());
    LS_RETURN_IF_ERROR(drain_encoder());
    LS_RETURN_IF_ERROR(again_->finish());
    LS_RETURN_IF_ERROR(drain_check());
    if (sound_ != nullptr) {
      LS_RETURN_IF_ERROR(sound_->finish());
      LS_RETURN_IF_ERROR(drain_sound());
      LS_RETURN_IF_ERROR(give_sound_until(INT64_MAX));
    }
    if (!encoding_.empty() || !checking_.empty()) {
      return internal("the encoded clip has fewer pictures than were encoded");
    }
    return absl::OkStatus();
  }

  const Job& job_;
  const Looked& looked_;
  Output& output_;
  const media::PictureFormat format_;
  const Drawer drawer_;
  FrameChooser chooser_;
  std::unique_ptr<media::Encoder> encoder_;
  std::unique_ptr<media::Decoder> again_;
  std::unique_ptr<media::SoundEncoder> sound_;
  std::deque<Drawn> encoding_;
  std::deque<std::pair<Drawn, AccessUnit>> checking_;
  std::deque<AccessUnit> sounding_;
  std::size_t next_ = 0;
  bool begun_ = false;  // the first frame is out
  bool done_ = false;
};

absl::Status run_passes(const Job& job, FootageReader& footage, Output& output) {
  LS_ASSIGN(const CheckedPlan plan, check_plan(job.plan));
  LS_ASSIGN(const Looked looked, Look(job, plan)(footage));
  LS_RETURN_IF_ERROR(footage.rewind());
  return Draw(job, looked, output)(footage);
}

}  // namespace

absl::Status run(const Job& job, FootageReader& footage, Output& output) {
  // One thread for OpenCV: the decoder and the encoder have the others.
  cv::setNumThreads(1);
  try {
    return run_passes(job, footage, output);
  } catch (const cv::Exception& thrown) {
    return internal("a detector failed: {}", thrown.what());
  } catch (const std::bad_alloc&) {
    return exhausted("the worker ran out of memory");
  }
}

}  // namespace latchstring::redact
