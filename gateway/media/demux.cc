#include "gateway/media/demux.h"

#include <algorithm>
#include <array>
#include <limits>

#include "gateway/base/status.h"
#include "gateway/media/fragment_layout.h"
#include "gateway/media/movie.h"

namespace latchstring::media {
namespace {

constexpr std::uint64_t kMoofBytesMax = 256 * 1024;
constexpr std::uint64_t kPrftBytes = 32;

struct BoxHead {
  std::uint32_t type = 0;
  std::uint64_t size = 0;
};

struct Header {
  std::vector<TrackFormat> tracks;  // video first
  std::uint64_t bytes = 0;
};

struct SampleAt {
  Track track = Track::video;
  bool is_key = false;
  std::int64_t pts_ns = 0;
  std::int64_t dts_ns = 0;
  std::int64_t duration_ns = 0;
  std::uint64_t offset = 0;  // from the start of the fragment
  std::uint32_t size = 0;
};

struct Fragment {
  FragmentMark mark;  // without offset
  std::vector<SampleAt> samples;
};

absl::StatusOr<BoxHead> read_box_head(const ReadAt& read_at, std::uint64_t offset) {
  std::array<std::uint8_t, 8> raw{};
  LS_RETURN_IF_ERROR(read_at(offset, raw));
  BoxReader in(raw);
  BoxHead head;
  head.size = in.u32();
  head.type = in.u32();
  if (head.size < 8) return data_loss("a box at byte {} has a wrong size", offset);
  return head;
}

absl::StatusOr<Bytes> read_bytes(const ReadAt& read_at, std::uint64_t offset, std::uint64_t size,
                                 std::uint64_t limit) {
  if (size > limit) return data_loss("{} bytes at byte {} are too many", size, offset);
  Bytes out(size);
  LS_RETURN_IF_ERROR(read_at(offset, out));
  return out;
}

// mvhd, trak ..., mvex, each as FragmentWriter writes it.
absl::StatusOr<std::vector<TrackFormat>> parse_moov(ByteView bytes) {
  BoxReader file(bytes);
  BoxReader moov = file.box("moov");
  moov.box("mvhd");
  std::vector<TrackFormat> tracks;
  while (moov.ok() && moov.left() > 0 && tracks.size() < 2) {
    BoxReader trak = moov.box("trak");
    trak.box("tkhd");
    BoxReader mdia = trak.box("mdia");
    mdia.box("mdhd");
    BoxReader hdlr = mdia.box("hdlr");
    hdlr.skip(8);
    const bool is_video = hdlr.u32() == fourcc("vide");
    BoxReader minf = mdia.box("minf");
    is_video ? minf.box("vmhd") : minf.box("smhd");
    minf.box("dinf");
    BoxReader stbl = minf.box("stbl");
    BoxReader stsd = stbl.box("stsd");
    stsd.skip(8);
    tracks.push_back(read_sample_entry(stsd));
    if (!stsd.ok() || tracks.back().is_video() != (tracks.size() == 1)) {
      return data_loss("the segment's header is damaged");
    }
    BoxReader peek = moov;
    peek.box("trak");
    if (!peek.ok()) break;
  }
  moov.box("mvex");
  if (!moov.ok() || tracks.empty()) return data_loss("the segment's header is damaged");
  // Whoever reads on trusts these: the same limits as at recording.
  for (const TrackFormat& track : tracks) {
    if (!parse_format(to_caps(track)).ok()) return data_loss("the segment's header is damaged");
  }
  return tracks;
}

absl::StatusOr<Header> read_header(const ReadAt& read_at) {
  LS_ASSIGN(const BoxHead ftyp, read_box_head(read_at, 0));
  if (ftyp.type != fourcc("ftyp") || ftyp.size > kInitBytesMax) {
    return data_loss("this is not a segment: it does not begin with ftyp");
  }
  LS_ASSIGN(const BoxHead moov, read_box_head(read_at, ftyp.size));
  LS_ASSIGN(const Bytes bytes, read_bytes(read_at, ftyp.size, moov.size, kInitBytesMax));
  Header header;
  LS_ASSIGN(header.tracks, parse_moov(bytes));
  header.bytes = ftyp.size + moov.size;
  return header;
}

StreamInfo info_of(const Header& header) {
  StreamInfo info;
  info.video_caps = to_caps(header.tracks[0]);
  if (header.tracks.size() > 1) info.audio_caps = to_caps(header.tracks[1]);
  return info;
}

// False: damaged. Offsets come out counted from the start of the moof.
bool parse_traf(BoxReader& traf, const Header& header, std::vector<SampleAt>& out) {
  BoxReader tfhd = traf.box("tfhd");
  if (tfhd.u32() != kTfhdFlags) return false;
  const std::uint32_t id = tfhd.u32();
  if (id != kVideoTrack && (id != kAudioTrack || header.tracks.size() < 2)) return false;
  const std::int64_t scale = header.tracks[id - 1].timescale();
  BoxReader tfdt = traf.box("tfdt");
  tfdt.skip(4);
  const std::uint64_t base = tfdt.u64();
  BoxReader trun = traf.box("trun");
  if (trun.u32() != (1U << 24 | kTrunFlags)) return false;
  const std::uint32_t count = trun.u32();
  // A century of ticks: sums below cannot overflow.
  if (count == 0 || count > kFragmentSamplesMax || base > 1ULL << 50) return false;
  std::uint64_t offset = trun.u32();
  auto dts = static_cast<std::int64_t>(base);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t duration = trun.u32();
    SampleAt sample;
    sample.track = id == kVideoTrack ? Track::video : Track::audio;
    sample.size = trun.u32();
    sample.is_key = trun.u32() == kSyncSample;
    sample.pts_ns = to_ns(dts + static_cast<std::int32_t>(trun.u32()), scale);
    sample.dts_ns = to_ns(dts, scale);
    sample.duration_ns = to_ns(dts + duration, scale) - sample.dts_ns;
    sample.offset = offset;
    offset += sample.size;
    dts += duration;
    out.push_back(sample);
  }
  return trun.ok() && tfhd.ok() && tfdt.ok() && traf.ok();
}

// `bytes`: from the prft to the end of the moof at least. `size`: of the whole fragment.
absl::StatusOr<Fragment> parse_fragment(ByteView bytes, std::uint64_t size, const Header& header) {
  const auto damaged = [] { return data_loss("a fragment's header is damaged"); };
  BoxReader file(bytes);
  BoxReader prft = file.box("prft");
  prft.skip(8);
  Fragment fragment;
  fragment.mark.size = size;
  fragment.mark.first_frame_utc = from_ntp(prft.u64());
  const std::uint64_t stamped = prft.u64();
  const std::size_t moof_at = bytes.size() - file.left();
  BoxReader moof = file.box("moof");
  moof.box("mfhd");
  std::size_t video = 0;
  while (moof.ok() && moof.left() > 0) {
    BoxReader traf = moof.box("traf");
    if (!moof.ok() || !parse_traf(traf, header, fragment.samples)) return damaged();
    if (video == 0) video = fragment.samples.size();
  }
  if (!prft.ok() || !moof.ok() || video == 0 || fragment.samples[0].track != Track::video) {
    return damaged();
  }
  const std::size_t data_at = bytes.size() - file.left() + 8;
  FragmentMark& mark = fragment.mark;
  mark.media_ns = std::numeric_limits<std::int64_t>::max();
  for (SampleAt& sample : fragment.samples) {
    sample.offset += moof_at;
    if (sample.offset < data_at || sample.offset + sample.size > size) return damaged();
    if (sample.track == Track::video) {
      mark.media_ns = std::min(mark.media_ns, sample.pts_ns);
      mark.duration_ns = sample.dts_ns + sample.duration_ns;
      ++mark.frames;
    }
  }
  if (stamped > 1ULL << 50 ||
      to_ns(static_cast<std::int64_t>(stamped), kVideoTimescale) != mark.media_ns) {
    return damaged();
  }
  mark.duration_ns -= mark.media_ns;
  mark.starts_with_key = fragment.samples[0].is_key;
  std::stable_sort(fragment.samples.begin(), fragment.samples.end(),
                   [](const SampleAt& a, const SampleAt& b) { return a.dts_ns < b.dts_ns; });
  return fragment;
}

class SegmentReader final : public FootageReader {
 public:
  SegmentReader(ReadAt read_at, std::vector<FragmentMark> marks, Header header)
      : read_at_(std::move(read_at)),
        marks_(std::move(marks)),
        header_(std::move(header)),
        info_(info_of(header_)) {}

  const StreamInfo& info() const override { return info_; }

  absl::StatusOr<std::optional<AccessUnit>> next() override {
    while (next_sample_ == fragment_.samples.size()) {
      if (next_mark_ == marks_.size()) return std::nullopt;
      LS_RETURN_IF_ERROR(load(marks_[next_mark_]));
      ++next_mark_;
    }
    const SampleAt& sample = fragment_.samples[next_sample_++];
    AccessUnit unit;
    unit.track = sample.track;
    unit.is_key = sample.is_key || sample.track == Track::audio;
    unit.pts_ns = sample.pts_ns;
    unit.dts_ns = sample.dts_ns;
    unit.duration_ns = sample.duration_ns;
    unit.utc = fragment_.mark.first_frame_utc +
               std::chrono::floor<Duration>(
                   std::chrono::nanoseconds(sample.pts_ns - fragment_.mark.media_ns));
    const auto at = bytes_.begin() + static_cast<std::ptrdiff_t>(sample.offset);
    unit.data.assign(at, at + static_cast<std::ptrdiff_t>(sample.size));
    return unit;
  }

  absl::Status rewind() override {
    next_mark_ = next_sample_ = 0;
    fragment_.samples.clear();
    return absl::OkStatus();
  }

 private:
  absl::Status load(const FragmentMark& mark) {
    LS_ASSIGN(bytes_, read_bytes(read_at_, mark.offset, mark.size, kFragmentBytesMax));
    LS_ASSIGN(fragment_, parse_fragment(bytes_, bytes_.size(), header_));
    next_sample_ = 0;
    // The index and the file must agree on when this was, or nothing of it may be released.
    if (fragment_.mark.first_frame_utc != mark.first_frame_utc ||
        fragment_.mark.media_ns != mark.media_ns) {
      return data_loss("a fragment at byte {} is not the one that the index names", mark.offset);
    }
    return absl::OkStatus();
  }

  const ReadAt read_at_;
  const std::vector<FragmentMark> marks_;
  const Header header_;
  const StreamInfo info_;

  Bytes bytes_;  // of the fragment
  Fragment fragment_;
  std::size_t next_mark_ = 0;
  std::size_t next_sample_ = 0;
};

// The fragment at `offset`, by its headers alone. nullopt: it does not end before `size`.
absl::StatusOr<std::optional<FragmentMark>> scan_fragment(const ReadAt& read_at,
                                                          std::uint64_t offset, std::uint64_t size,
                                                          const Header& header) {
  std::uint64_t at = offset;
  std::uint64_t heads = 0;
  for (const std::uint32_t type : {fourcc("prft"), fourcc("moof"), fourcc("mdat")}) {
    if (size - at < 8) return std::nullopt;
    LS_ASSIGN(const BoxHead head, read_box_head(read_at, at));
    if (head.type != type) return data_loss("no fragment begins at byte {}", offset);
    if (head.size > size - at) return std::nullopt;
    at += head.size;
    if (type != fourcc("mdat")) heads += head.size;
  }
  LS_ASSIGN(const Bytes bytes, read_bytes(read_at, offset, heads, kPrftBytes + kMoofBytesMax));
  LS_ASSIGN(Fragment fragment, parse_fragment(bytes, at - offset, header));
  fragment.mark.offset = offset;
  return fragment.mark;
}

}  // namespace

absl::StatusOr<SegmentScan> scan_segment(const ReadAt& read_at, std::uint64_t size) {
  // A read past the end would be the file's fault, not the caller's.
  const ReadAt bounded = [&](std::uint64_t offset, std::span<std::uint8_t> out) {
    if (offset > size || out.size() > size - offset) return data_loss("the file ends early");
    return read_at(offset, out);
  };
  LS_ASSIGN(const Header header, read_header(bounded));
  SegmentScan scan;
  scan.info = info_of(header);
  scan.whole_bytes = header.bytes;
  while (scan.whole_bytes < size) {
    LS_ASSIGN(const auto mark, scan_fragment(bounded, scan.whole_bytes, size, header));
    if (!mark) break;
    scan.fragments.push_back(*mark);
    scan.whole_bytes += mark->size;
  }
  scan.truncated = scan.whole_bytes < size;
  return scan;
}

absl::StatusOr<std::unique_ptr<FootageReader>> read_segment(ReadAt read_at,
                                                            std::vector<FragmentMark> fragments) {
  LS_ASSIGN(Header header, read_header(read_at));
  return std::make_unique<SegmentReader>(std::move(read_at), std::move(fragments),
                                         std::move(header));
}

}  // namespace latchstring::media
