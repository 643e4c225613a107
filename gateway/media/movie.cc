#include "gateway/media/movie.h"

#include <algorithm>

#include "gateway/base/status.h"

namespace latchstring::media {
namespace {

constexpr std::uint32_t kMovieTimescale = 90'000;

void write_matrix(BoxWriter& out) {
  for (const std::uint32_t value : {0x10000U, 0U, 0U, 0U, 0x10000U, 0U, 0U, 0U, 0x40000000U}) {
    out.u32(value);
  }
}

void write_mvhd(BoxWriter& out, const std::vector<MovieTrack>& tracks) {
  std::int64_t longest = 0;
  for (const MovieTrack& track : tracks) longest = std::max(longest, track.duration_ns);
  const auto box = out.full_box("mvhd", 1, 0);
  out.zeros(16);
  out.u32(kMovieTimescale);
  out.u64(static_cast<std::uint64_t>(to_ticks(longest, kMovieTimescale)));
  out.u32(0x10000), out.u16(0x100), out.zeros(10);
  write_matrix(out);
  out.zeros(24), out.u32(kAudioTrack + 1);
}

void write_tkhd(BoxWriter& out, const MovieTrack& track) {
  const auto box = out.full_box("tkhd", 1, 3);  // enabled, in movie
  out.zeros(16);
  out.u32(track.id), out.u32(0);
  out.u64(static_cast<std::uint64_t>(to_ticks(track.duration_ns, kMovieTimescale)));
  out.zeros(8), out.u16(0), out.u16(0);
  out.u16(track.format.is_video() ? 0 : 0x100), out.u16(0);
  write_matrix(out);
  out.u32(static_cast<std::uint64_t>(track.format.width) << 16);
  out.u32(static_cast<std::uint64_t>(track.format.height) << 16);
}

void write_stbl(BoxWriter& out, const MovieTrack& track) {
  const auto box = out.box("stbl");
  {
    const auto stsd = out.full_box("stsd", 0, 0);
    out.u32(1);
    write_sample_entry(out, track.format);
  }
  if (track.write_tables) {
    track.write_tables(out);
    return;
  }
  for (const char* type : {"stts", "stsc", "stsz", "stco"}) {
    const bool sizes = type[3] == 'z';
    out.u32(sizes ? 20 : 16), out.text(type), out.u32(0), out.u32(0);
    if (sizes) out.u32(0);
  }
}

void write_mdia(BoxWriter& out, const MovieTrack& track) {
  const auto box = out.box("mdia");
  {
    const auto mdhd = out.full_box("mdhd", 1, 0);
    out.zeros(16);
    out.u32(track.format.timescale());
    out.u64(static_cast<std::uint64_t>(to_ticks(track.duration_ns, track.format.timescale())));
    out.u16(0x55c4), out.u16(0);  // language: undetermined
  }
  {
    const auto hdlr = out.full_box("hdlr", 0, 0);
    out.u32(0), out.text(track.format.is_video() ? "vide" : "soun"), out.zeros(13);
  }
  const auto minf = out.box("minf");
  if (track.format.is_video()) {
    const auto vmhd = out.full_box("vmhd", 0, 1);
    out.zeros(8);
  } else {
    const auto smhd = out.full_box("smhd", 0, 0);
    out.zeros(4);
  }
  {
    const auto dinf = out.box("dinf");
    const auto dref = out.full_box("dref", 0, 0);
    out.u32(1);
    const auto url = out.full_box("url ", 0, 1);  // in this file
  }
  write_stbl(out, track);
}

}  // namespace

void write_moov(BoxWriter& out, const std::vector<MovieTrack>& tracks, bool fragmented) {
  const auto moov = out.box("moov");
  write_mvhd(out, tracks);
  for (const MovieTrack& track : tracks) {
    const auto trak = out.box("trak");
    write_tkhd(out, track);
    write_mdia(out, track);
  }
  if (!fragmented) return;
  const auto mvex = out.box("mvex");
  for (const MovieTrack& track : tracks) {
    const auto trex = out.full_box("trex", 0, 0);
    out.u32(track.id), out.u32(1), out.zeros(12);
  }
}

absl::StatusOr<std::vector<MovieTrack>> tracks_of(const StreamInfo& info) {
  std::vector<MovieTrack> tracks(info.audio_caps.empty() ? 1 : 2);
  LS_ASSIGN(tracks[0].format, parse_format(info.video_caps));
  if (!tracks[0].format.is_video()) return invalid("`{}` is not video", info.video_caps);
  if (info.audio_caps.empty()) return tracks;
  tracks[1].id = kAudioTrack;
  LS_ASSIGN(tracks[1].format, parse_format(info.audio_caps));
  if (tracks[1].format.is_video()) return invalid("`{}` is not audio", info.audio_caps);
  return tracks;
}

}  // namespace latchstring::media
