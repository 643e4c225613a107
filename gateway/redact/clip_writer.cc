#include "gateway/redact/clip_writer.h"

#include <algorithm>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"

namespace latchstring::redact {
namespace {

// How far past the last sound packet an encoder's own packets may reach.
constexpr std::int64_t kSoundSlackNs = 1'000'000'000;

std::string video_caps(const OutputFormat& format) {
  std::string hex;
  for (const std::uint8_t byte : format.codec_data) hex += fmt::format("{:02x}", byte);
  return fmt::format(
      "video/x-h264,stream-format=(string)avc,alignment=(string)au,width=(int){},height=(int){},"
      "pixel-aspect-ratio=(fraction){}/{},codec_data=(buffer){}",
      format.picture.width, format.picture.height, format.picture.pixel_width,
      format.picture.pixel_height, hex);
}

std::int64_t middle_gap(const std::vector<KeptPicture>& pictures) {
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < pictures.size(); ++i) {
    gaps.push_back(pictures[i].pts_ns - pictures[i - 1].pts_ns);
  }
  if (gaps.empty()) return 0;
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  return *middle;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClipWriter>> ClipWriter::open(const Path& spool_folder,
                                                             const RedactionPlan& plan,
                                                             const NotedFootage& footage) {
  LS_ASSIGN(std::unique_ptr<SpoolWriter> spool, SpoolWriter::open(spool_folder));
  return std::unique_ptr<ClipWriter>(new ClipWriter(std::move(spool), plan, footage));
}

void ClipWriter::choose_frames() {
  FrameChooser chooser(plan_.one_frame_per);
  for (std::size_t i = 0; i < footage_.kept().size(); ++i) {
    if (chooser.takes(footage_.kept()[i].utc)) chosen_.push_back(i);
  }
}

absl::Status ClipWriter::format(const OutputFormat& format) {
  ensure(mp4_ == nullptr);
  choose_frames();
  format_ = format;
  StreamInfo info;
  info.video_caps = video_caps(format);
  if (format.sound != Sound::none && !plan_.keep_audio) {
    return data_loss("the worker gives sound that was not asked for");
  }
  if (format.sound == Sound::same) info.audio_caps = footage_.info().audio_caps;
  if (format.sound == Sound::encoded) info.audio_caps = media::kEncodedSoundCaps;
  report_ = std::make_unique<RegionsReport>(plan_, format.picture);
  const auto body = [this](ByteView bytes) { return spool_->append(bytes); };
  LS_ASSIGN(mp4_, media::Mp4Writer::open(info, body));
  return absl::OkStatus();
}

absl::Status ClipWriter::check_regions(const FrameRegions& regions) const {
  for (const Box& box : regions.boxes) {
    if (box.width == 0 || box.height == 0 || box.x + box.width > format_.picture.width ||
        box.y + box.height > format_.picture.height) {
      return data_loss("the worker names a region outside the picture");
    }
  }
  return absl::OkStatus();
}

absl::Status ClipWriter::frame(std::uint64_t index, const AccessUnit& unit,
                               const FrameRegions& regions) {
  if (next_ >= chosen_.size() || chosen_[next_] != index || unit.track != Track::video) {
    return data_loss("the worker gives a picture that is not the next one");
  }
  LS_RETURN_IF_ERROR(check_regions(regions));
  const KeptPicture& picture = footage_.kept()[index];
  AccessUnit timed = unit;
  timed.keep = true;
  timed.utc = picture.utc;
  timed.pts_ns = timed.dts_ns = picture.pts_ns;
  timed.duration_ns = next_ + 1 < chosen_.size()
                          ? footage_.kept()[chosen_[next_ + 1]].pts_ns - picture.pts_ns
                          : picture.duration_ns;
  ++next_;
  if (regions.whole && regions.why == Why::unsure) ++unsure_;
  report_->add(regions);
  return mp4_->add(timed);
}

absl::Status ClipWriter::sound(const AccessUnit& unit) {
  const std::int64_t from = footage_.kept().front().pts_ns - kSoundSlackNs;
  if (format_.sound == Sound::none || unit.track != Track::audio || unit.pts_ns < from ||
      unit.pts_ns > footage_.last_sound_pts_ns() + kSoundSlackNs) {
    return data_loss("the worker gives sound that has no place in the clip");
  }
  AccessUnit kept = unit;
  kept.keep = true;
  kept.is_key = true;
  return mp4_->add(kept);
}

absl::Status ClipWriter::image(ByteView, const FrameRegions&) {
  return data_loss("the worker gives an image where a clip was asked for");
}

std::vector<std::string> ClipWriter::notes(bool has_audio) const {
  std::vector<std::string> notes;
  const auto checked = check_plan(plan_);
  if (checked.ok()) {
    for (const std::string& name : checked->missing) {
      notes.push_back(
          fmt::format("no model that finds {} is installed: every picture is filled whole", name));
    }
  }
  if (unsure_ > 0) {
    notes.push_back(fmt::format(
        "{} of {} pictures are filled whole: they were damaged, or differed almost everywhere from "
        "those around them",
        unsure_, chosen_.size()));
  }
  if (plan_.keep_audio && !footage_.info().audio_caps.empty() && !has_audio) {
    notes.emplace_back(footage_.has_kept_sound()
                           ? "the sound is left out: it cannot be put into the clip"
                           : kSoundMissing);
  }
  return notes;
}

absl::StatusOr<ReleasedVideo> ClipWriter::finish(Instant until,
                                                 const std::vector<SourceSegment>& sources) {
  if (mp4_ == nullptr || next_ != chosen_.size()) {
    return data_loss("the worker gave {} of {} pictures", next_, chosen_.size());
  }
  LS_ASSIGN(media::Mp4Head head, mp4_->finish());
  if (head.frames != chosen_.size()) {
    return internal("the clip has {} pictures instead of {}", head.frames, chosen_.size());
  }
  LS_ASSIGN(std::unique_ptr<Spool> body, spool_->finish());
  ReleasedVideo video;
  std::vector<KeptPicture> pictures;
  for (const std::uint64_t index : chosen_) pictures.push_back(footage_.kept()[index]);
  describe(pictures, until, sources, video);
  video.mp4 = std::make_unique<media::JoinedSpool>(std::move(head.bytes), std::move(body));
  video.codec = std::move(head.codec);
  video.has_audio = head.has_audio;
  video.reencoded = true;
  video.regions_json = report_->text();
  video.redacted = plan_in_words(plan_);
  video.notes = notes(head.has_audio);
  return video;
}

std::vector<std::string> plan_in_words(const RedactionPlan& plan) {
  std::vector<std::string> words = plan.classes;
  for (const Zone& zone : plan.zones) words.push_back(zone.name);
  if (!plan.keep_audio) words.emplace_back("audio");
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

void describe(const std::vector<KeptPicture>& pictures, Instant until,
              const std::vector<SourceSegment>& sources, ReleasedVideo& video) {
  ensure(!pictures.empty());
  const KeptPicture& last = pictures.back();
  const std::int64_t length = last.duration_ns > 0 ? last.duration_ns : middle_gap(pictures);
  const Instant end = last.utc + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds{
                                     std::max<std::int64_t>(length, 1000)});
  video.given = {pictures.front().utc, std::min(end, until)};
  video.sources = sources;
  for (const KeptPicture& picture : pictures) {
    video.frames.push_back(
        {picture.utc, picture.source < sources.size() ? sources[picture.source].id : ""});
  }
}

}  // namespace latchstring::redact
