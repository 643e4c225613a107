// The recorder against a real camera over real RTSP.
#include "gateway/media/recorder.h"

#include <atomic>
#include <set>
#include <thread>

#include "gateway/media/probe.h"
#include "tests/support/camera_process.h"
#include "tests/support/cells.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/media/recording.h"

namespace latchstring::media {
namespace {

using namespace std::chrono_literals;
using test::CameraProcess;
using test::MemorySink;

std::vector<std::string> small(std::vector<std::string> more) {
  std::vector<std::string> flags = {"--width", "320",   "--height", "240",       "--fps",
                                    "10",      "--gop", "10",       "--bitrate", "300"};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

class Recording {
 public:
  explicit Recording(const std::string& url, bool audio = true, const std::string& user = "",
                     const std::string& password = "")
      : recorder_(options(url, audio, user, password), clock_, sink) {
    recorder_.start();
  }
  template <class Condition>
  bool until(Condition condition, Duration patience) {
    const Duration end = clock_.steady() + patience;
    while (clock_.steady() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(20ms);
    }
    return condition();
  }
  bool until_state(RecordingState state, Duration patience) {
    return until([&] { return recorder_.state().state == state; }, patience);
  }
  bool until_frames(std::size_t frames, Duration patience) {
    return until([&] { return sink.frames() >= frames; }, patience);
  }
  Recorder& operator*() { return recorder_; }
  std::vector<RecorderState> states() {
    const std::lock_guard lock(mutex_);
    return states_;
  }

  MemorySink sink;

 private:
  RecorderOptions options(const std::string& url, bool audio, const std::string& user,
                          const std::string& password) {
    RecorderOptions out;
    out.segments = {"door", [](Instant t) { return t + 24h; }};
    out.stream = {url, user, [password] { return password; }, audio};
    out.on_state = [this](const RecorderState& state) {
      const std::lock_guard lock(mutex_);
      states_.push_back(state);
    };
    return out;
  }
  const SystemClock clock_{ClockTrust::assumed};
  std::mutex mutex_;
  std::vector<RecorderState> states_;
  Recorder recorder_;
};

// Every frame's cells, checked against the label that the recording gives it.
std::vector<std::uint32_t> frames_of(const test::RecordedSegment& segment, Duration tolerance) {
  const test::TemporaryFolder folder;
  auto reader = read_segment(test::reads(segment.bytes), segment.marks);
  REQUIRE(reader.ok());
  const std::string file = (folder.path() / "segment.mp4").string();
  test::write_file(file, test::mux_to_memory(**reader));
  const auto cells = test::cells_of_file(file);
  std::vector<AccessUnit> units = test::units_of(segment);
  std::erase_if(units, [](const AccessUnit& unit) { return unit.track == Track::audio; });
  REQUIRE(cells.size() == units.size());
  Duration latest{0};
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    REQUIRE(cells[i]);
    out.push_back(cells[i]->frame);
    // Drawn before it was encoded and sent.
    CHECK(units[i].utc - cells[i]->utc > -5ms);
    CHECK(units[i].utc - cells[i]->utc < tolerance);
    latest = std::max(latest, units[i].utc - cells[i]->utc);
  }
  UNSCOPED_INFO("labels are at most " << latest.count() << " us after the drawing");
  return out;
}

TEST_CASE("every frame of a camera is recorded once, at its time, from an IDR") {
  const CameraProcess camera(small({"--audio", "aac"}));
  Recording recording(camera.url());
  REQUIRE(recording.until_frames(25, 15s));
  (*recording).end_segment_soon();
  REQUIRE(recording.until_frames(50, 10s));
  (*recording).stop();
  CHECK((*recording).state().state == RecordingState::stopped);
  const auto segments = recording.sink.segments();
  REQUIRE(segments.size() >= 2);
  std::vector<std::uint32_t> frames;
  for (const auto& segment : segments) {
    CHECK(segment.ended);
    CHECK(segment.marks.front().starts_with_key);
    CHECK(segment.head.run == segments[0].head.run);
    const auto more = frames_of(segment, 600ms);
    frames.insert(frames.end(), more.begin(), more.end());
  }
  for (std::size_t i = 1; i < frames.size(); ++i) CHECK(frames[i] == frames[i - 1] + 1);
  CHECK(segments.back().head.info.audio_caps.rfind("audio/mpeg", 0) == 0);
  // The camera's own clock is this machine's.
  const auto offset = (*recording).state().camera_offset_ms;
  if (offset) CHECK(std::llabs(*offset) < 1000);
}

TEST_CASE("sound is recorded or not, as the household says") {
  for (const char* codec : {"pcmu", "opus"}) {
    CAPTURE(codec);
    const CameraProcess camera(small({"--audio", codec}));
    Recording with(camera.url()), without(camera.url(), false);
    REQUIRE(with.until_frames(20, 15s));
    REQUIRE(without.until_frames(20, 15s));
    (*with).stop();
    (*without).stop();
    std::size_t packets = 0;
    for (const AccessUnit& unit : units_of(with.sink.segments().back())) {
      if (unit.track == Track::audio) ++packets;
    }
    CHECK(packets > 10);
    for (const auto& segment : without.sink.segments()) {
      CHECK(segment.head.info.audio_caps.empty());
      for (const AccessUnit& unit : units_of(segment)) CHECK(unit.track == Track::video);
    }
  }
}

TEST_CASE("H.265 is recorded too") {
  const CameraProcess camera(small({"--codec", "h265"}));
  Recording recording(camera.url());
  REQUIRE(recording.until_frames(20, 15s));
  (*recording).stop();
  const auto segment = recording.sink.segments().front();
  CHECK(segment.head.info.video_caps.rfind("video/x-h265", 0) == 0);
  const auto frames = frames_of(segment, 600ms);
  for (std::size_t i = 1; i < frames.size(); ++i) CHECK(frames[i] == frames[i - 1] + 1);
}

TEST_CASE("a camera that goes away is lost, and recorded again in a new run when it is back") {
  CameraProcess camera(small({}));
  Recording recording(camera.url());
  REQUIRE(recording.until_frames(15, 15s));
  camera.tell("refuse");
  camera.tell("drop");
  REQUIRE(recording.until_state(RecordingState::lost, 5s));
  CHECK(message_of((*recording).state().reason).find("127.0.0.1") != std::string::npos);
  REQUIRE(recording.sink.segments().size() == 1);
  CHECK(recording.sink.segments()[0].ended);
  CHECK_FALSE(recording.sink.segments()[0].end.cause.ok());
  camera.tell("accept");
  REQUIRE(recording.until([&] { return recording.sink.segments().size() > 1; }, 12s));
  CHECK(recording.sink.segments()[0].head.run != recording.sink.segments()[1].head.run);
  REQUIRE(recording.until_state(RecordingState::recording, 5s));
}

TEST_CASE("a frozen camera is noticed by our own watchdog") {
  CameraProcess camera(small({"--audio", "pcma"}));
  Recording recording(camera.url());
  REQUIRE(recording.until_frames(15, 15s));
  camera.tell("freeze");
  CHECK_FALSE(recording.until_state(RecordingState::lost, 5s));
  REQUIRE(recording.until_state(RecordingState::lost, 4s));
  CHECK(message_of((*recording).state().reason) == "no picture for 7 s");
}

TEST_CASE("a camera that sends pictures and no key picture is said to be so") {
  // Whoever comes second meets the stream long after its only key picture.
  const CameraProcess camera(
      {"--width", "320", "--height", "240", "--fps", "10", "--gop", "100000", "--bitrate", "300"});
  Recording first(camera.url());
  REQUIRE(first.until_frames(15, 15s));
  Recording second(camera.url());
  REQUIRE(second.until_state(RecordingState::not_stored, 30s));
  CHECK(message_of((*second).state().reason).find("no key picture") != std::string::npos);
  CHECK((*second).state().last_picture);
  CHECK(second.sink.frames() == 0);
}

// Its disk takes very long.
class SlowSink final : public SegmentSink {
 public:
  absl::Status begin(const SegmentHead&) override { return absl::OkStatus(); }
  absl::Status write(ByteView) override { return absl::OkStatus(); }
  absl::Status fragment(const FragmentMark&) override {
    in_fragment = true;
    std::this_thread::sleep_for(3s);
    return absl::OkStatus();
  }
  absl::Status end(const SegmentEnd&) override { return absl::OkStatus(); }
  std::atomic<bool> in_fragment = false;
};

TEST_CASE("nobody who asks a recorder waits for its disk") {
  const CameraProcess camera(small({}));
  const SystemClock clock(ClockTrust::assumed);
  SlowSink sink;
  RecorderOptions options;
  options.segments = {"door", [](Instant t) { return t + 24h; }};
  options.stream = {camera.url(), "", nullptr, false};
  Recorder recorder(options, clock, sink);
  recorder.start();
  const Duration patience = clock.steady() + 20s;
  while (!sink.in_fragment && clock.steady() < patience) std::this_thread::sleep_for(10ms);
  REQUIRE(sink.in_fragment);
  const Duration asked = clock.steady();
  static_cast<void>(recorder.state());
  recorder.end_segment_soon();
  recorder.stop_soon();
  CHECK(clock.steady() - asked < 500ms);
  recorder.stop();
}

TEST_CASE("a jump of the camera's clock begins a new run without a new connection") {
  CameraProcess camera(small({}));
  Recording recording(camera.url());
  REQUIRE(recording.until_frames(15, 15s));
  camera.tell("jump 3600");
  REQUIRE(recording.until([&] { return recording.sink.segments().size() > 1; }, 6s));
  REQUIRE(recording.until_frames(35, 6s));
  (*recording).stop();
  const auto segments = recording.sink.segments();
  CHECK(segments[0].head.run != segments[1].head.run);
  frames_of(segments[1], 600ms);
  for (const RecorderState& state : recording.states()) CHECK(state.state != RecordingState::lost);
}

TEST_CASE("the login is Basic or Digest; a wrong one is said so and never shown") {
  for (const char* scheme : {"basic", "digest"}) {
    CAPTURE(scheme);
    const CameraProcess camera(
        small({"--user", "gate", "--password", "s3cret-word", "--auth", scheme}));
    Recording right(camera.url(), true, "gate", "s3cret-word");
    Recording wrong(camera.url(), true, "gate", "another-word");
    Recording none(camera.url());
    CHECK(right.until_frames(5, 15s));
    REQUIRE(wrong.until_state(RecordingState::lost, 10s));
    REQUIRE(none.until_state(RecordingState::lost, 10s));
    const absl::Status reason = (*wrong).state().reason;
    CHECK(absl::IsPermissionDenied(reason));
    CHECK(message_of(reason).find("refuses the login of `gate`") != std::string::npos);
    CHECK(reason.ToString().find("another-word") == std::string::npos);
    CHECK(message_of((*none).state().reason).find("asks for a login") != std::string::npos);
  }
}

TEST_CASE("a camera whose password cannot be read is not asked") {
  // Without the password it would be asked with an empty one, and refuse that.
  const CameraProcess camera(small({"--user", "gate", "--password", "s3cret-word"}));
  const SystemClock clock(ClockTrust::assumed);
  MemorySink sink;
  std::atomic<bool> readable = false;
  RecorderOptions options;
  options.segments = {"door", [](Instant t) { return t + 24h; }};
  options.stream = {camera.url(), "gate",
                    [&readable]() -> absl::StatusOr<std::string> {
                      if (readable) return "s3cret-word";
                      return not_now("there is no credential `door`");
                    },
                    false};
  const CameraStream stream = options.stream;
  Recorder recorder(std::move(options), clock, sink);
  recorder.start();
  const auto wait_for = [&](RecordingState state) {
    const Duration end = clock.steady() + 20s;
    while (recorder.state().state != state && clock.steady() < end)
      std::this_thread::sleep_for(10ms);
    return recorder.state();
  };
  const RecorderState lost = wait_for(RecordingState::lost);
  REQUIRE(lost.state == RecordingState::lost);
  CHECK(message_of(lost.reason) == "there is no credential `door`");
  CHECK(message_of(probe_camera(stream, clock, 1s).status()) == "there is no credential `door`");
  readable = true;
  CHECK(wait_for(RecordingState::recording).state == RecordingState::recording);
}

TEST_CASE("what cannot be recorded is said in words") {
  CameraProcess camera(small({}));
  const SystemClock clock(ClockTrust::assumed);
  const auto error_of = [&](const std::string& url) {
    return probe_camera({url, "", nullptr, true}, clock, 1s).status();
  };
  CHECK(absl::IsNotFound(error_of(camera.url() + "/nothing-here")));
  CHECK(absl::IsInvalidArgument(error_of("http://127.0.0.1/")));
  const absl::Status secret = error_of("rtsp://user:hidden-word@127.0.0.1/");
  CHECK(absl::IsInvalidArgument(secret));
  CHECK(secret.ToString().find("hidden-word") == std::string::npos);
  camera.tell("refuse");
  CHECK(absl::IsUnavailable(error_of(camera.url())));
}

TEST_CASE("a probe says what a camera sends") {
  const CameraProcess camera(small({"--audio", "pcmu"}));
  const SystemClock clock(ClockTrust::assumed);
  // The sound is named whether or not it is recorded.
  const bool audio = GENERATE(true, false);
  CAPTURE(audio);
  const auto report = probe_camera({camera.url(), "", nullptr, audio}, clock, 3s);
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  CHECK(report->video_codec.rfind("avc1.42", 0) == 0);
  CHECK(report->width == 320);
  CHECK(report->height == 240);
  CHECK(report->frames_per_second == Approx(10).epsilon(0.05));
  REQUIRE(report->gop_s);
  CHECK(*report->gop_s == Approx(1).epsilon(0.01));
  CHECK(report->kilobits_per_second > 20);
  CHECK(report->audio_codec == "ulaw");
  CHECK(report->audio_rate == 8000);
  if (report->clock_offset_ms) CHECK(std::llabs(*report->clock_offset_ms) < 1000);
}

}  // namespace
}  // namespace latchstring::media
