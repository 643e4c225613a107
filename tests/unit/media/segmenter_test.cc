#include "gateway/media/segmenter.h"

#include <algorithm>

#include "tests/unit/media/recording.h"

namespace latchstring::media {
namespace {

using namespace std::chrono_literals;
using test::MemorySink;
using test::RecordedSegment;

constexpr Instant kStart{Duration{1'770'000'000'000'000}};
constexpr const char* kVideo =
    "video/x-h264,stream-format=(string)avc,alignment=(string)au,"
    "codec_data=(buffer)0142c01effe1000967420000000000000001000468ce3c80,"
    "width=(int)640,height=(int)480";
constexpr const char* kAudio = "audio/x-mulaw,channels=(int)1,rate=(int)8000";

// Feeds pictures of a camera that runs at 10 fps with a GOP of `gop`; a picture's content is its
// number.
class Feed {
 public:
  explicit Feed(MemorySink& sink, Instant midnight = kStart + 24h)
      : segmenter_({"door", [midnight](Instant) { return midnight; }}, sink) {
    segmenter_.set_format(Track::video, kVideo);
  }
  void pictures(int count) {
    for (int i = 0; i < count; ++i) picture();
  }
  void picture() {
    ReceivedUnit unit;
    unit.is_key = number % gop == 0;
    unit.pts_ns = 77'000'000'000 + number * 100'000'000LL + shift_ns;
    unit.data.assign(size, static_cast<std::uint8_t>(number));
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&number), sizeof number, unit.data.begin());
    unit.steady = number * 100ms;
    unit.received = kStart + unit.steady;
    if (sound) {
      ReceivedUnit packet = unit;
      packet.track = Track::audio;
      packet.data.assign(800, 0x55);
      segmenter_.add(packet);
    }
    segmenter_.add(std::move(unit));
    ++number;
  }
  Segmenter& operator*() { return segmenter_; }

  std::int64_t number = 0;
  int gop = 20;
  std::size_t size = 100;
  std::int64_t shift_ns = 0;
  bool sound = false;

 private:
  Segmenter segmenter_;
};

std::vector<std::int64_t> numbers_of(const std::vector<RecordedSegment>& segments) {
  std::vector<std::int64_t> out;
  for (const RecordedSegment& segment : segments) {
    for (const AccessUnit& unit : units_of(segment)) {
      if (unit.track == Track::audio) continue;
      std::int64_t number = 0;
      std::copy_n(unit.data.begin(), sizeof number, reinterpret_cast<std::uint8_t*>(&number));
      out.push_back(number);
      CHECK(unit.is_key == (number % 20 == 0));
      CHECK(unit.utc == kStart + number * 100ms);
    }
  }
  return out;
}

TEST_CASE("segments of a minute begin at an IDR and hold every picture once") {
  MemorySink sink;
  Feed feed(sink);
  feed.pictures(1810);
  (*feed).end_run(absl::OkStatus());
  const auto segments = sink.segments();
  REQUIRE(segments.size() == 4);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const RecordedSegment& segment = segments[i];
    CHECK(segment.ended);
    CHECK(segment.head.run == segments[0].head.run);
    CHECK(segment.head.wall_start == kStart + i * 60s);
    CHECK(segment.head.media_start_ns == static_cast<std::int64_t>(i) * 60'000'000'000);
    CHECK(segment.marks.front().starts_with_key);
    const auto scan = scan_segment(test::reads(segment.bytes), segment.bytes.size());
    REQUIRE(scan.ok());
    CHECK(scan->fragments == segment.marks);
    CHECK(scan->info == segment.head.info);
    CHECK_FALSE(scan->truncated);
  }
  CHECK(segments[0].marks.size() == 60);
  const auto numbers = numbers_of(segments);
  REQUIRE(numbers.size() == 1810);
  for (std::size_t i = 0; i < numbers.size(); ++i) REQUIRE(numbers[i] == static_cast<int>(i));
}

TEST_CASE("a segment ends where its end is asked for, at midnight, and before it grows too large") {
  MemorySink sink;
  SECTION("asked") {
    Feed feed(sink);
    feed.pictures(25);
    (*feed).end_segment_soon();
    feed.pictures(30);
    REQUIRE(sink.segments().size() == 2);
    CHECK(sink.segments()[1].head.wall_start == kStart + 4s);
  }
  SECTION("midnight") {
    Feed feed(sink, kStart + 7s);
    feed.pictures(100);
    REQUIRE(sink.segments().size() >= 2);
    CHECK(sink.segments()[1].head.wall_start == kStart + 8s);
  }
  SECTION("size") {
    Feed feed(sink);
    feed.size = 600'000;
    feed.pictures(300);
    REQUIRE(sink.segments().size() >= 2);
    CHECK(sink.segments()[0].bytes.size() <= kSegmentBytesMax);
    CHECK(sink.segments()[0].bytes.size() > kSegmentBytesMax - 20 * feed.size - 100'000);
  }
}

TEST_CASE("a jump of the media clock begins a new run at the next IDR") {
  MemorySink sink;
  Feed feed(sink);
  feed.pictures(45);
  feed.shift_ns = 3'000'000'000;
  feed.pictures(45);
  (*feed).end_run(absl::OkStatus());
  const auto segments = sink.segments();
  REQUIRE(segments.size() == 2);
  CHECK(segments[0].head.run != segments[1].head.run);
  CHECK_FALSE(segments[0].end.cause.ok());
  CHECK(segments[1].head.wall_start == kStart + 6s);
  const auto numbers = numbers_of(segments);
  CHECK(std::count_if(numbers.begin(), numbers.end(), [](auto n) { return n < 45; }) == 45);
  CHECK(*std::upper_bound(numbers.begin(), numbers.end(), 44) == 60);
}

TEST_CASE("a sink that fails ends the segment early; the next IDR begins another") {
  MemorySink sink;
  sink.bytes_most = 4000;
  Feed feed(sink);
  feed.pictures(50);
  CHECK_FALSE(sink.segments()[0].end.cause.ok());
  const std::size_t tried = sink.segments().size();
  CHECK(tried >= 2);
  sink.refuse_begin = true;
  feed.pictures(50);
  CHECK(absl::IsResourceExhausted((*feed).sink_status()));
  CHECK_FALSE((*feed).is_recording());
  sink.refuse_begin = false;
  sink.bytes_most = 1 << 30;
  feed.pictures(50);
  CHECK((*feed).sink_status().ok());
  CHECK((*feed).is_recording());
}

TEST_CASE("sound is kept as its own track, and another format begins another segment") {
  MemorySink sink;
  Feed feed(sink);
  feed.pictures(30);
  (*feed).set_format(Track::audio, kAudio);
  feed.sound = true;
  feed.pictures(40);
  (*feed).end_run(absl::OkStatus());
  const auto segments = sink.segments();
  REQUIRE(segments.size() == 2);
  CHECK(segments[0].head.info.audio_caps.empty());
  CHECK(segments[1].head.info.audio_caps == kAudio);
  std::size_t packets = 0;
  for (const AccessUnit& unit : units_of(segments[1])) {
    if (unit.track == Track::video) continue;
    CHECK(unit.data == Bytes(800, 0x55));
    ++packets;
  }
  CHECK(packets >= 29);
}

// A camera whose sound runs on a crystal of its own: `drift` of a second are lost in each second.
struct Heard {
  std::size_t packets = 0;
  Duration strayed{0};  // the largest distance of a packet from when it was sent
};

Heard heard(const MemorySink& sink) {
  Heard out;
  for (const RecordedSegment& segment : sink.segments()) {
    for (const AccessUnit& unit : units_of(segment)) {
      if (unit.track == Track::video) continue;
      std::int64_t number = 0;
      std::copy_n(unit.data.begin(), sizeof number, reinterpret_cast<std::uint8_t*>(&number));
      const Duration off = unit.utc - (kStart + number * 100ms);
      out.strayed = std::max(out.strayed, off < Duration{0} ? -off : off);
      ++out.packets;
    }
  }
  return out;
}

TEST_CASE("sound stands at its own time, however its clock began and runs") {
  for (const auto& [ahead_s, drift] :
       {std::pair{0.0, 0.0}, {3.0, 0.0}, {-3.0, 0.0}, {0.0, 3e-4}, {0.0, -3e-4}}) {
    CAPTURE(ahead_s, drift);
    MemorySink sink;
    Segmenter segmenter({"door", [](Instant t) { return t + 24h; }}, sink);
    segmenter.set_format(Track::video, kVideo);
    segmenter.set_format(Track::audio, kAudio);
    constexpr std::int64_t kPictures = 18'000;  // half an hour: a drift of half a second
    for (std::int64_t number = 0; number < kPictures; ++number) {
      ReceivedUnit unit;
      unit.is_key = number % 20 == 0;
      unit.pts_ns = 77'000'000'000 + number * 100'000'000;
      unit.data.assign(100, 1);
      unit.steady = number * 100ms;
      unit.received = kStart + unit.steady;
      ReceivedUnit packet = unit;
      packet.track = Track::audio;
      packet.data.assign(800, 0x55);
      std::copy_n(reinterpret_cast<const std::uint8_t*>(&number), sizeof number,
                  packet.data.begin());
      packet.pts_ns += static_cast<std::int64_t>(ahead_s * 1e9) +
                       static_cast<std::int64_t>(drift * 1e8 * static_cast<double>(number));
      segmenter.add(std::move(unit));
      segmenter.add(std::move(packet));
    }
    segmenter.end_run(absl::OkStatus());
    const Heard found = heard(sink);
    CHECK(found.packets > kPictures - 60);
    CHECK(found.strayed < 50ms);
  }
}

TEST_CASE("sound whose clock stands still is left out, not given for another time's") {
  MemorySink sink;
  Feed feed(sink);
  (*feed).set_format(Track::audio, kAudio);
  feed.sound = true;
  feed.pictures(100);
  feed.sound = false;
  // It pauses for three seconds, and goes on counting where it stopped.
  feed.pictures(30);
  for (int i = 0; i < 20; ++i) {
    ReceivedUnit late;
    late.track = Track::audio;
    late.is_key = true;
    late.pts_ns = 77'000'000'000 + (100 + i) * 100'000'000LL;
    late.data.assign(800, 0x33);
    late.steady = feed.number * 100ms;
    late.received = kStart + late.steady;
    (*feed).add(std::move(late));
    feed.picture();
  }
  (*feed).end_run(absl::OkStatus());
  std::size_t kept = 0;
  for (const RecordedSegment& segment : sink.segments()) {
    for (const AccessUnit& unit : units_of(segment)) {
      if (unit.track == Track::video) continue;
      CHECK(unit.data == Bytes(800, 0x55));
      ++kept;
    }
  }
  CHECK(kept >= 99);
}

TEST_CASE("a picture too large to be redacted is not recorded, and nothing that may need it") {
  MemorySink sink;
  Feed feed(sink);
  feed.pictures(45);
  feed.size = kUnitBytesMax + 1;
  feed.picture();
  CHECK(absl::IsResourceExhausted((*feed).sink_status()));
  CHECK_FALSE((*feed).is_recording());
  feed.size = 100;
  feed.pictures(44);
  (*feed).end_run(absl::OkStatus());
  CHECK((*feed).sink_status().ok());
  const auto numbers = numbers_of(sink.segments());
  REQUIRE(numbers.size() == 75);
  CHECK(numbers[44] == 44);
  CHECK(numbers[45] == 60);
}

TEST_CASE("a file that a crash cut short keeps its whole fragments") {
  MemorySink sink;
  Feed feed(sink);
  feed.pictures(100);
  (*feed).end_run(absl::OkStatus());
  const RecordedSegment segment = sink.segments()[0];
  for (std::size_t size = 0; size < segment.bytes.size(); size += 97) {
    const Bytes cut(segment.bytes.begin(),
                    segment.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto scan = scan_segment(test::reads(cut), cut.size());
    if (size < segment.marks[0].offset) {
      CHECK(absl::IsDataLoss(scan.status()));
      continue;
    }
    REQUIRE(scan.ok());
    const auto whole = std::count_if(segment.marks.begin(), segment.marks.end(),
                                     [&](const auto& m) { return m.offset + m.size <= size; });
    CHECK(scan->fragments.size() == static_cast<std::size_t>(whole));
    CHECK(scan->truncated == (scan->whole_bytes != size));
  }
}

TEST_CASE("damage and a wrong index are noticed, and nothing is read past the end") {
  MemorySink sink;
  Feed feed(sink);
  feed.pictures(60);
  (*feed).end_run(absl::OkStatus());
  const RecordedSegment segment = sink.segments()[0];
  SECTION("every byte of the headers, one at a time") {
    for (std::size_t at = 0; at < segment.marks[0].offset + 400; ++at) {
      Bytes broken = segment.bytes;
      broken[at] ^= 0xff;
      const auto scan = scan_segment(test::reads(broken), broken.size());
      auto reader = read_segment(test::reads(broken), segment.marks);
      if (!reader.ok()) continue;
      for (auto unit = (*reader)->next(); unit.ok() && *unit; unit = (*reader)->next()) {
      }
    }
  }
  SECTION("another time in the index") {
    auto marks = segment.marks;
    marks[1].first_frame_utc += 1s;
    auto reader = read_segment(test::reads(segment.bytes), marks);
    REQUIRE(reader.ok());
    for (int i = 0; i < 10; ++i) REQUIRE((*reader)->next().ok());
    CHECK(absl::IsDataLoss((*reader)->next().status()));
  }
  SECTION("chosen fragments only") {
    auto reader = read_segment(test::reads(segment.bytes), {segment.marks[2], segment.marks[3]});
    REQUIRE(reader.ok());
    const auto units = test::units_of(**reader);
    REQUIRE(units.size() == 20);
    CHECK(units[0].utc == kStart + 2s);
    REQUIRE((*reader)->rewind().ok());
    CHECK(test::units_of(**reader).size() == 20);
  }
}

TEST_CASE("reordered pictures come back with their own times") {
  MemorySink sink;
  Segmenter segmenter({"door", [](Instant t) { return t + 24h; }}, sink);
  segmenter.set_format(Track::video, kVideo);
  // I0 P3 B1 B2 P6 B4 B5 ...
  std::vector<int> order = {0};
  for (int p = 3; p < 60; p += 3) order.insert(order.end(), {p, p - 2, p - 1});
  for (std::size_t i = 0; i < order.size(); ++i) {
    ReceivedUnit unit;
    unit.is_key = i == 0;
    unit.pts_ns = order[i] * 40'000'000LL;
    unit.data = {static_cast<std::uint8_t>(order[i])};
    unit.steady = static_cast<int>(i) * 40ms;
    unit.received = kStart + unit.steady;
    segmenter.add(unit);
  }
  segmenter.end_run(absl::OkStatus());
  REQUIRE(sink.segments().size() == 1);
  const auto units = units_of(sink.segments()[0]);
  REQUIRE(units.size() == order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    CHECK(units[i].data[0] == order[i]);
    CHECK(units[i].pts_ns == order[i] * 40'000'000LL);
    if (i > 0) CHECK(units[i].dts_ns > units[i - 1].dts_ns);
  }
}

}  // namespace
}  // namespace latchstring::media
