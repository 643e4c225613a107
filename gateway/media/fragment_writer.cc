#include "gateway/media/fragment_writer.h"

#include <algorithm>
#include <limits>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/media/fragment_layout.h"

namespace latchstring::media {

absl::StatusOr<FragmentWriter> FragmentWriter::open(const StreamInfo& info) {
  LS_ASSIGN(std::vector<MovieTrack> tracks, tracks_of(info));
  return FragmentWriter(std::move(tracks));
}

FragmentWriter::FragmentWriter(std::vector<MovieTrack> tracks) : movie_(std::move(tracks)) {
  if (movie_.size() > 1) tracks_[1].timescale = movie_[1].format.timescale();
}

Bytes FragmentWriter::header() const {
  BoxWriter out;
  {
    const auto ftyp = out.box("ftyp");
    out.text("iso6"), out.u32(0), out.text("iso6"), out.text("mp41");
  }
  write_moov(out, movie_, true);
  return out.take();
}

void FragmentWriter::add(Track track, bool is_key, std::int64_t pts_ns, ByteView data) {
  Content& content = tracks_[track == Track::video ? 0 : 1];
  content.samples.push_back(
      {to_ticks(pts_ns, content.timescale), static_cast<std::uint32_t>(data.size()), is_key});
  content.data.insert(content.data.end(), data.begin(), data.end());
}

std::int64_t FragmentWriter::first_pts() const {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  for (const Sample& sample : tracks_[0].samples) first = std::min(first, sample.pts);
  return first;
}

// Cameras send no decoding times. Sorted presentation times are some: a picture is shown as long as
// until the next one is decoded, and trun's signed offsets say where it really belongs.
void FragmentWriter::write_traf(BoxWriter& out, std::size_t index, std::int64_t end,
                                std::size_t& offset_at) {
  Content& content = tracks_[index];
  std::vector<std::int64_t> dts;
  for (const Sample& sample : content.samples) dts.push_back(sample.pts);
  std::sort(dts.begin(), dts.end());
  for (std::int64_t& tick : dts) {
    tick = std::max(tick, content.next_dts);
    content.next_dts = tick + 1;
  }
  content.next_dts = std::max(content.next_dts, end);
  dts.push_back(content.next_dts);

  const auto traf = out.box("traf");
  {
    const auto tfhd = out.full_box("tfhd", 0, kTfhdFlags);
    out.u32(movie_[index].id);
  }
  {
    const auto tfdt = out.full_box("tfdt", 1, 0);
    out.u64(static_cast<std::uint64_t>(dts[0]));
  }
  const auto trun = out.full_box("trun", 1, kTrunFlags);
  out.u32(content.samples.size());
  offset_at = out.size();
  out.u32(0);
  for (std::size_t i = 0; i < content.samples.size(); ++i) {
    const Sample& sample = content.samples[i];
    out.u32(static_cast<std::uint64_t>(dts[i + 1] - dts[i]));
    out.u32(sample.size);
    out.u32(sample.is_key ? kSyncSample : kOtherSample);
    out.u32(static_cast<std::uint64_t>(sample.pts - dts[i]));
  }
}

Bytes FragmentWriter::finish(std::int64_t end_ns, Instant first_frame_utc, FragmentMark& mark) {
  ensure(has_video());
  BoxWriter out;
  out.reserve(bytes() + 512 + 16 * samples());
  {
    const auto prft = out.full_box("prft", 1, 0);
    out.u32(kVideoTrack);
    out.u64(to_ntp(first_frame_utc));
    out.u64(static_cast<std::uint64_t>(first_pts()));
  }
  const std::size_t moof_at = out.size();
  std::size_t offset_at[2] = {0, 0};
  {
    const auto moof = out.box("moof");
    {
      const auto mfhd = out.full_box("mfhd", 0, 0);
      out.u32(++sequence_);
    }
    write_traf(out, 0, to_ticks(end_ns, kVideoTimescale), offset_at[0]);
    if (!tracks_[1].samples.empty()) {
      write_traf(out, 1, tracks_[1].samples.back().pts + 1, offset_at[1]);
    }
  }
  {
    const auto mdat = out.box("mdat");
    for (std::size_t i = 0; i < 2; ++i) {
      if (offset_at[i] == 0) continue;
      out.set_u32(offset_at[i], static_cast<std::uint32_t>(out.size() - moof_at));
      out.bytes(tracks_[i].data);
    }
  }
  mark.media_ns = first_pts_ns();
  mark.duration_ns = std::max<std::int64_t>(0, end_ns - mark.media_ns);
  mark.first_frame_utc = first_frame_utc;
  mark.starts_with_key = tracks_[0].samples.front().is_key;
  mark.frames = static_cast<std::uint32_t>(tracks_[0].samples.size());
  for (Content& content : tracks_) content.samples.clear(), content.data.clear();
  Bytes fragment = out.take();
  mark.size = fragment.size();
  return fragment;
}

}  // namespace latchstring::media
