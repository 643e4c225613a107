#include "tests/unit/archive/film.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace latchstring::archive::test {
namespace {

constexpr std::int64_t kPacket_ns = 20'000'000;  // G.711, 160 bytes
constexpr std::int64_t kFragment_ns = 1'000'000'000;

void add_sample(GstSample* sample, Film& film) {
  GstBuffer* const buffer = gst_sample_get_buffer(sample);
  if (film.info.video_caps.empty()) {
    char* const caps = gst_caps_to_string(gst_sample_get_caps(sample));
    film.info.video_caps = caps;
    g_free(caps);
  }
  GstMapInfo map;
  REQUIRE(gst_buffer_map(buffer, &map, GST_MAP_READ));
  FilmUnit unit;
  unit.is_key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  unit.pts_ns = static_cast<std::int64_t>(GST_BUFFER_PTS(buffer));
  unit.data.assign(map.data, map.data + map.size);
  gst_buffer_unmap(buffer, &map);
  film.units.push_back(std::move(unit));
}

// One recording: what is open and where it stands.
class Recorder {
 public:
  Recorder(media::SegmentSink& sink, const Film& film, const Recording& recording)
      : sink_(sink), film_(film), recording_(recording) {
    info_ = film.info;
    if (recording.audio) info_.audio_caps = "audio/x-mulaw,rate=8000,channels=1";
  }

  absl::Status run() {
    for (const FilmUnit& unit : film_.units) LS_RETURN_IF_ERROR(add(unit));
    LS_RETURN_IF_ERROR(
        finish_fragment(static_cast<std::int64_t>(film_.units.size()) * 100'000'000));
    return sink_.end({absl::OkStatus(), std::nullopt});
  }

 private:
  absl::Status add(const FilmUnit& unit) {
    const auto segment_ns = std::chrono::nanoseconds(recording_.segment).count();
    if (unit.is_key && (!writer_ || unit.pts_ns - segment_start_ns_ >= segment_ns)) {
      LS_RETURN_IF_ERROR(begin_segment(unit.pts_ns));
    } else if (unit.pts_ns - fragment_start_ns_ >= kFragment_ns) {
      LS_RETURN_IF_ERROR(finish_fragment(unit.pts_ns));
      fragment_start_ns_ = unit.pts_ns;
    }
    for (; recording_.audio && audio_ns_ < unit.pts_ns; audio_ns_ += kPacket_ns) {
      writer_->add(Track::audio, true, audio_ns_, Bytes(160, 0x7f));
    }
    writer_->add(Track::video, unit.is_key, unit.pts_ns, unit.data);
    return absl::OkStatus();
  }

  absl::Status begin_segment(std::int64_t pts_ns) {
    if (writer_) {
      LS_RETURN_IF_ERROR(finish_fragment(pts_ns));
      LS_RETURN_IF_ERROR(sink_.end({absl::OkStatus(), std::nullopt}));
    }
    segment_start_ns_ = fragment_start_ns_ = pts_ns;
    LS_ASSIGN(media::FragmentWriter writer, media::FragmentWriter::open(info_));
    writer_.emplace(std::move(writer));
    LS_RETURN_IF_ERROR(
        sink_.begin({recording_.camera, recording_.run, info_, utc(pts_ns), pts_ns, std::nullopt}));
    const Bytes header = writer_->header();
    offset_ = header.size();
    return sink_.write(header);
  }

  absl::Status finish_fragment(std::int64_t end_ns) {
    if (!writer_->has_video()) return absl::OkStatus();
    media::FragmentMark mark;
    mark.offset = offset_;
    const Bytes bytes = writer_->finish(end_ns, utc(writer_->first_pts_ns()), mark);
    offset_ += bytes.size();
    LS_RETURN_IF_ERROR(sink_.write(bytes));
    return sink_.fragment(mark);
  }

  Instant utc(std::int64_t pts_ns) const { return recording_.start + Duration{pts_ns / 1000}; }

  media::SegmentSink& sink_;
  const Film& film_;
  const Recording recording_;
  StreamInfo info_;
  std::optional<media::FragmentWriter> writer_;
  std::int64_t segment_start_ns_ = 0;
  std::int64_t fragment_start_ns_ = 0;
  std::int64_t audio_ns_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace

namespace {

Film encoded(const std::string& source, const std::string& encoder, int frames) {
  gst_init(nullptr, nullptr);
  const std::string description = fmt::format(
      "videotestsrc num-buffers={} {},height=96,framerate=10/1 ! {} ! appsink name=sink sync=false",
      frames, source, encoder);
  GstElement* const pipeline = gst_parse_launch(description.c_str(), nullptr);
  REQUIRE(pipeline != nullptr);
  GstElement* const sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  Film film;
  while (GstSample* const sample = gst_app_sink_pull_sample(GST_APP_SINK(sink))) {
    add_sample(sample, film);
    gst_sample_unref(sample);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  REQUIRE(film.units.size() == static_cast<std::size_t>(frames));
  const std::int64_t first = film.units.front().pts_ns;
  for (FilmUnit& unit : film.units) unit.pts_ns -= first;
  return film;
}

std::string x264(int gop, int b_frames) {
  return fmt::format(
      "x264enc key-int-max={} bframes={} b-adapt=false speed-preset=ultrafast sliced-threads=true"
      " ! h264parse ! video/x-h264,stream-format=avc,alignment=au",
      gop, b_frames);
}

std::string x265(int gop) {
  return fmt::format(
      "x265enc speed-preset=ultrafast tune=zerolatency key-int-max={} "
      "option-string=scenecut=0:pools=1:frame-threads=1:open-gop=0:log-level=none ! "
      "video/x-h265,profile=main ! h265parse ! video/x-h265,stream-format=hvc1,alignment=au",
      gop);
}

}  // namespace

Film make_film(int frames, int gop, int b_frames, int width) {
  return encoded(fmt::format("pattern=ball ! video/x-raw,width={}", width), x264(gop, b_frames),
                 frames);
}

const Film& film() {
  static const Film film = make_film(kFrames, kGop);
  return film;
}

Interval seconds(double from, double to) {
  const auto at = [](double s) { return kStart + Duration{std::llround(s * 1e6)}; };
  return {at(from), at(to)};
}

Film make_camera_film(Kind kind, int frames, int gop) {
  const char* const pattern = kind == Kind::h264_noise ? "snow" : "ball";
  return encoded(fmt::format("pattern={} ! video/x-raw,format=I420,width=160", pattern),
                 kind == Kind::h265 ? x265(gop) : x264(gop, 0), frames);
}

media::SegmentHead head_of(const Film& film) {
  media::SegmentHead head;
  head.camera = "front";
  head.run = "cccccccccc";
  head.info = film.info;
  head.wall_start = kStart;
  return head;
}

absl::Status record(media::SegmentSink& sink, const Film& film, const Recording& recording) {
  return Recorder(sink, film, recording).run();
}

House::House() {
  crypto::start();
  keyring = *crypto::Keyring::open(folder.path() / "keyring");
  open();
}

Options House::options() {
  Options options;
  options.folder = folder.path() / "archive";
  options.keep_for = keep_for;
  options.keep_bytes = keep_bytes;
  options.keep_free = keep_free;
  options.is_exchanged = is_exchanged;
  options.hold_bytes = hold_bytes;
  options.pending_bytes = pending_bytes;
  options.sync = std::chrono::seconds{5};
  options.local_day = [](Instant t) { return to_rfc3339(t).substr(0, 10); };
  return options;
}

void House::open() {
  archive.reset();
  auto opened = Archive::open(options(), *keyring, clock);
  INFO(opened.status());
  REQUIRE(opened.ok());
  archive = *std::move(opened);
}

void House::record_film(const Film& film, const Recording& recording) {
  const absl::Status status = record(*archive->appender(), film, recording);
  INFO(status);
  REQUIRE(status.ok());
  REQUIRE(archive->collect().ok());
}

std::vector<Path> House::files(const std::string& extension) const {
  std::vector<Path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(segments())) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

GrantTerms House::terms(Interval interval, const std::string& camera) const {
  GrantTerms terms;
  terms.release_id = "aaaaaaaaaa";
  terms.camera = camera;
  terms.interval = interval;
  return terms;
}

absl::StatusOr<std::vector<Part>> House::cut(Interval interval, bool native, bool audio,
                                             const std::string& camera) {
  GrantTerms granted = terms(interval, camera);
  granted.native = native;
  granted.redaction.keep_audio = audio;
  LS_ASSIGN(const Footage footage, archive->footage(camera, interval));
  return cut_parts(segments(), archive->keys(), granted, footage);
}

CheckReport check_all(House& house, bool repair) {
  auto report = house.archive->check(repair);
  REQUIRE(report.ok());
  const auto examine = house.archive->examiner(repair);
  const auto page = house.archive->page("", 1000);
  REQUIRE(page.ok());
  for (const Segment& segment : page->segments) {
    REQUIRE(house.archive->note(examine(segment), repair, *report).ok());
  }
  return *std::move(report);
}

std::vector<AccessUnit> read_all(FootageReader& reader) {
  std::vector<AccessUnit> units;
  for (;;) {
    auto unit = reader.next();
    INFO(unit.status());
    REQUIRE(unit.ok());
    if (!*unit) return units;
    units.push_back(**std::move(unit));
  }
}

std::vector<Instant> kept_pictures(const std::vector<AccessUnit>& units) {
  std::vector<Instant> kept;
  for (const AccessUnit& unit : units) {
    if (unit.keep && unit.track == Track::video) kept.push_back(unit.utc);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

std::vector<Instant> frames_in(Interval interval, int frames) {
  std::vector<Instant> found;
  for (int i = 0; i < frames; ++i) {
    if (interval.contains(kStart + i * kFrame)) found.push_back(kStart + i * kFrame);
  }
  return found;
}

}  // namespace latchstring::archive::test
