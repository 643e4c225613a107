#include "gateway/media/mux.h"

#include <algorithm>
#include <vector>

#include "gateway/base/ensure.h"
#include "gateway/base/status.h"
#include "gateway/media/movie.h"

namespace latchstring::media {
namespace {

constexpr std::uint64_t kChunkBytesMax = 1 << 20;
constexpr std::int64_t kUsualFrame_ns = 40'000'000;

// (count, value) pairs of stts and ctts.
class RunLengths {
 public:
  void add(std::uint64_t count, std::int64_t value) {
    if (count == 0) return;
    if (!runs_.empty() && runs_.back().second == value) {
      runs_.back().first += count;
    } else {
      runs_.emplace_back(count, value);
    }
  }
  bool all_zero() const { return runs_.empty() || (runs_.size() == 1 && runs_[0].second == 0); }
  void write(BoxWriter& out) const {
    out.u32(runs_.size());
    for (const auto& [count, value] : runs_) {
      out.u32(count), out.u32(static_cast<std::uint64_t>(value));
    }
  }

 private:
  std::vector<std::pair<std::uint64_t, std::int64_t>> runs_;
};

struct Sample {
  std::int64_t pts;  // ticks
  std::uint32_t size;
  bool is_key;
};

struct Chunk {
  std::uint64_t offset;  // in the body
  std::uint64_t bytes;
  std::size_t units;
};

struct Content {
  MovieTrack movie;
  std::vector<Sample> samples;
  std::vector<Chunk> chunks;
  std::int64_t last_duration = 0;  // ticks

  // A G.711 sample is one instant of sound, not a packet.
  std::uint64_t per_unit(const Sample& sample) const {
    return movie.format.is_g711()
               ? std::max<std::uint64_t>(1,
                                         sample.size / static_cast<unsigned>(movie.format.channels))
               : 1;
  }
};

// Decoding times are the sorted presentation times, from zero; signed offsets say where a picture
// is shown, so no edit list is needed (14496-12 8.6.1.3, version 1).
void write_times(BoxWriter& out, const Content& content, std::int64_t& duration) {
  std::vector<std::int64_t> dts;
  for (const Sample& sample : content.samples) dts.push_back(sample.pts);
  std::sort(dts.begin(), dts.end());
  const std::int64_t last = content.last_duration > 0 ? content.last_duration
                            : dts.size() > 1
                                ? dts.back() - dts[dts.size() - 2]
                                : to_ticks(kUsualFrame_ns, content.movie.format.timescale());
  dts.push_back(dts.back() + last);
  duration = dts.back() - dts.front();

  RunLengths deltas, offsets;
  for (std::size_t i = 0; i < content.samples.size(); ++i) {
    const auto units = static_cast<std::int64_t>(content.per_unit(content.samples[i]));
    deltas.add(static_cast<std::uint64_t>(units - 1), 1);
    deltas.add(1, std::max<std::int64_t>(0, dts[i + 1] - dts[i] - (units - 1)));
    offsets.add(1, content.samples[i].pts - dts[i]);
  }
  {
    const auto stts = out.full_box("stts", 0, 0);
    deltas.write(out);
  }
  if (!offsets.all_zero()) {
    const auto ctts = out.full_box("ctts", 1, 0);
    offsets.write(out);
  }
}

void write_sync_samples(BoxWriter& out, const Content& content) {
  std::vector<std::uint32_t> keys;
  for (std::size_t i = 0; i < content.samples.size(); ++i) {
    if (content.samples[i].is_key) keys.push_back(static_cast<std::uint32_t>(i + 1));
  }
  if (keys.size() == content.samples.size()) return;
  const auto stss = out.full_box("stss", 0, 0);
  out.u32(keys.size());
  for (const std::uint32_t key : keys) out.u32(key);
}

void write_sizes(BoxWriter& out, const Content& content) {
  const auto stsz = out.full_box("stsz", 0, 0);
  if (content.movie.format.is_g711()) {
    std::uint64_t total = 0;
    for (const Sample& sample : content.samples) total += content.per_unit(sample);
    out.u32(static_cast<std::uint64_t>(content.movie.format.channels)), out.u32(total);
    return;
  }
  out.u32(0), out.u32(content.samples.size());
  for (const Sample& sample : content.samples) out.u32(sample.size);
}

// `base`: where the body begins in the file.
void write_chunks(BoxWriter& out, const Content& content, std::uint64_t base, bool wide) {
  {
    const auto stsc = out.full_box("stsc", 0, 0);
    const std::size_t count_at = out.size();
    out.u32(0);
    std::uint32_t runs = 0;
    std::uint64_t previous = 0;
    std::size_t sample = 0;
    for (std::size_t i = 0; i < content.chunks.size(); ++i) {
      std::uint64_t samples = 0;
      for (std::size_t unit = 0; unit < content.chunks[i].units; ++unit) {
        samples += content.per_unit(content.samples[sample++]);
      }
      if (samples == previous) continue;
      out.u32(i + 1), out.u32(samples), out.u32(1);
      previous = samples;
      ++runs;
    }
    out.set_u32(count_at, runs);
  }
  if (wide) {
    const auto co64 = out.full_box("co64", 0, 0);
    out.u32(content.chunks.size());
    for (const Chunk& chunk : content.chunks) out.u64(base + chunk.offset);
  } else {
    const auto stco = out.full_box("stco", 0, 0);
    out.u32(content.chunks.size());
    for (const Chunk& chunk : content.chunks) out.u32(base + chunk.offset);
  }
}

class Writer final : public Mp4Writer {
 public:
  Writer(std::vector<MovieTrack> tracks, ByteSink body) : body_(std::move(body)) {
    for (MovieTrack& track : tracks) {
      contents_.emplace_back();
      contents_.back().movie = std::move(track);
    }
  }

  absl::Status add(const AccessUnit& unit) override {
    ensure(!finished_);
    if (!unit.keep) return denied("a picture outside the agreed time may not be released");
    const bool is_video = unit.track == Track::video;
    if (is_video && !started_) {
      if (!unit.is_key) return invalid("the clip does not begin at an IDR");
      started_ = true;
      start_ns_ = unit.pts_ns;
    }
    if (!is_video && (!started_ || unit.pts_ns < start_ns_)) return absl::OkStatus();
    if (!is_video && contents_.size() < 2) return invalid("there is sound without an audio track");
    if (++units_ > kClipSamplesMax) return exhausted("the clip has too many pictures");
    if (unit.data.empty()) return data_loss("an access unit is empty");
    Content& content = contents_[is_video ? 0 : 1];
    append(content, unit);
    if (const absl::Status status = body_(unit.data); !status.ok()) return status;
    body_bytes_ += unit.data.size();
    return absl::OkStatus();
  }

  absl::StatusOr<Mp4Head> finish() override {
    ensure(!finished_);
    finished_ = true;
    if (!started_) return invalid("the clip has no picture");
    if (contents_.size() > 1 && contents_[1].samples.empty()) contents_.pop_back();
    Mp4Head head;
    head.body_bytes = body_bytes_;
    head.frames = contents_[0].samples.size();
    head.has_audio = contents_.size() > 1;
    head.codec = to_rfc6381(contents_[0].movie.format);
    // The head's size does not depend on the offsets in it: once to measure, once to write.
    const bool wide = body_bytes_ > 0xf0000000ULL;
    const std::uint64_t size = write_head(0, wide).size();
    head.bytes = write_head(size, wide);
    head.duration_ns = contents_[0].movie.duration_ns;
    return head;
  }

 private:
  void append(Content& content, const AccessUnit& unit) {
    const std::int64_t scale = content.movie.format.timescale();
    content.samples.push_back(
        {to_ticks(unit.pts_ns, scale), static_cast<std::uint32_t>(unit.data.size()), unit.is_key});
    content.last_duration = to_ticks(unit.duration_ns, scale);
    if (last_ != &content || content.chunks.back().bytes > kChunkBytesMax) {
      content.chunks.push_back({body_bytes_, 0, 0});
    }
    content.chunks.back().bytes += unit.data.size();
    ++content.chunks.back().units;
    last_ = &content;
  }

  Bytes write_head(std::uint64_t base, bool wide) {
    for (Content& content : contents_) {
      std::int64_t ticks = 0;
      BoxWriter ignored;
      write_times(ignored, content, ticks);
      content.movie.duration_ns = to_ns(ticks, content.movie.format.timescale());
      content.movie.write_tables = [&content, base, wide](BoxWriter& out) {
        std::int64_t duration = 0;
        write_times(out, content, duration);
        if (content.movie.format.is_video()) write_sync_samples(out, content);
        write_sizes(out, content);
        write_chunks(out, content, base, wide);
      };
    }
    BoxWriter out;
    {
      const auto ftyp = out.box("ftyp");
      out.text("isom"), out.u32(0x200), out.text("isomiso2mp41");
      if (contents_[0].movie.format.codec == Codec::h264) out.text("avc1");
    }
    std::vector<MovieTrack> tracks;
    for (const Content& content : contents_) tracks.push_back(content.movie);
    write_moov(out, tracks, false);
    out.u32(1), out.text("mdat"), out.u64(16 + body_bytes_);
    return out.take();
  }

  const ByteSink body_;
  std::vector<Content> contents_;
  const Content* last_ = nullptr;  // whose chunk is open
  std::uint64_t body_bytes_ = 0;
  std::size_t units_ = 0;
  std::int64_t start_ns_ = 0;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Mp4Writer>> Mp4Writer::open(const StreamInfo& info, ByteSink body) {
  LS_ASSIGN(std::vector<MovieTrack> tracks, tracks_of(info));
  return std::make_unique<Writer>(std::move(tracks), std::move(body));
}

absl::StatusOr<Mp4Head> mux_mp4(FootageReader& reader, ByteSink body) {
  LS_ASSIGN(const std::unique_ptr<Mp4Writer> writer,
            Mp4Writer::open(reader.info(), std::move(body)));
  for (;;) {
    LS_ASSIGN(const std::optional<AccessUnit> unit, reader.next());
    if (!unit) return writer->finish();
    LS_RETURN_IF_ERROR(writer->add(*unit));
  }
}

absl::Status JoinedSpool::read(std::uint64_t offset, std::span<std::uint8_t> out) const {
  if (offset < head_.size()) {
    const std::size_t count = std::min<std::size_t>(out.size(), head_.size() - offset);
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
    out = out.subspan(count);
    offset += count;
  }
  if (out.empty()) return absl::OkStatus();
  return body_->read(offset - head_.size(), out);
}

}  // namespace latchstring::media
