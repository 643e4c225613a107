// Fragments of a recording: access units in, pieces of a fragmented MP4 file out (ISO/IEC 14496-12:
// prft, moof, mdat). All of one fragment is in memory until it is finished.
// Limits: kFragmentBytesMax and kFragmentSamplesMax (demux.h), which the caller keeps by asking
// bytes() and samples().
#pragma once

#include <absl/status/statusor.h>

#include <array>
#include <vector>

#include "gateway/media/movie.h"
#include "gateway/media/segment_sink.h"

namespace latchstring::media {

class FragmentWriter {
 public:
  static absl::StatusOr<FragmentWriter> open(const StreamInfo& info);

  // The header of the file: ftyp, moov.
  Bytes header() const;

  // Media times of the run, not negative. Video in decoding order.
  void add(Track track, bool is_key, std::int64_t pts_ns, ByteView data);
  bool has_video() const { return !tracks_[0].samples.empty(); }
  std::int64_t first_pts_ns() const { return to_ns(first_pts(), kVideoTimescale); }
  std::size_t bytes() const { return tracks_[0].data.size() + tracks_[1].data.size(); }
  std::size_t samples() const { return tracks_[0].samples.size() + tracks_[1].samples.size(); }

  // The fragment and its mark (all but its offset); empty again afterwards. There must be video.
  // `end_ns`: pts of what comes next.
  Bytes finish(std::int64_t end_ns, Instant first_frame_utc, FragmentMark& mark);

 private:
  struct Sample {
    std::int64_t pts;  // ticks
    std::uint32_t size;
    bool is_key;
  };
  struct Content {
    std::uint32_t timescale = kVideoTimescale;
    std::vector<Sample> samples;
    Bytes data;
    std::int64_t next_dts = 0;  // never decreases within a run
  };

  explicit FragmentWriter(std::vector<MovieTrack> tracks);
  std::int64_t first_pts() const;
  void write_traf(BoxWriter& out, std::size_t index, std::int64_t end, std::size_t& offset_at);

  std::vector<MovieTrack> movie_;
  std::array<Content, 2> tracks_;  // video, audio
  std::uint32_t sequence_ = 0;
};

}  // namespace latchstring::media
