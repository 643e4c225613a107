// The real worker process in its real sandbox, and one that betrays.
#include <chrono>
#include <thread>

#include "gateway/base/status.h"
#include "gateway/redact/redact.h"
#include "tests/support/catch.h"
#include "tests/unit/redact/made_footage.h"

namespace latchstring::redact {
namespace {

void grey(media::Picture& picture, int n) {
  for (const media::Plane& plane : picture.planes()) {
    std::fill(plane.data, plane.data + plane.stride * plane.height, std::uint8_t{128});
  }
  const media::Plane& luma = picture.planes()[0];
  for (int y = 20; y < 60; ++y) {
    for (int x = 0; x < 40; ++x) luma.data[y * luma.stride + (n * 5 + x) % luma.width] = 220;
  }
}

MemoryFootage footage(int count = 40) {
  return footage_of({320, 240, 1, 1, "bt709"}, count, 20, grey);
}

Settings settings(const char* program = LATCHSTRING_WORKER) {
  Settings settings;
  settings.worker_program = program;
  return settings;
}

Job moving() {
  Job job;
  job.plan.classes = {"moving"};
  return job;
}

TEST_CASE("the worker gives in its sandbox what the core gives here") {
  MemoryFootage source = footage();
  add_sound(source);
  Job job = moving();
  job.plan.keep_audio = true;
  job.plan.zones = {{"corner", false, {{0, 0}, {0.3, 0}, {0, 0.3}}}};
  Collected here;
  REQUIRE(run(job, source, here).ok());
  REQUIRE(source.rewind().ok());
  Collected there;
  const worker::Cancel cancel;
  const absl::Status status = run_in_worker(settings(), job, source, there, cancel);
  INFO(status.ToString());
  REQUIRE(status.ok());
  CHECK(there.indices == here.indices);
  CHECK(there.made.sound == Sound::encoded);
  CHECK(there.sounds.size() == here.sounds.size());
  REQUIRE(there.regions.size() == here.regions.size());
  for (std::size_t i = 0; i < here.regions.size(); ++i) {
    CHECK(there.regions[i].boxes == here.regions[i].boxes);
  }
  CHECK(decoded(there).size() == 40);
}

TEST_CASE("H.265, mu-law and Opus are decoded in the sandbox, and come out as H.264 and AAC") {
  for (const char* sound : {"mulaw", "opus"}) {
    CAPTURE(sound);
    MemoryFootage source = hevc_footage(50, 50);
    REQUIRE(source.units.size() == 50);
    add_sound(source, sound);
    Job job;
    job.plan.keep_audio = true;
    Collected out;
    const worker::Cancel cancel;
    const absl::Status status = run_in_worker(settings(), job, source, out, cancel);
    INFO(status.ToString());
    REQUIRE(status.ok());
    CHECK(out.units.size() == 50);
    CHECK(out.made.sound == Sound::encoded);
    CHECK(out.sounds.size() > 10);  // a second, in packets of 64 ms
    CHECK(decoded(out).size() == 50);
  }
}

TEST_CASE("the worker makes images, and refuses in words") {
  const worker::Cancel cancel;
  MemoryFootage source = footage(10);
  Job job = moving();
  job.image = media::ImageFormat::png;
  Collected out;
  const absl::Status made = run_in_worker(settings(), job, source, out, cancel);
  INFO(made.ToString());
  REQUIRE(made.ok());
  CHECK(out.picture.size() > 100);

  MemoryFootage broken = footage(10);
  broken.units[4].pts_ns = broken.units[3].pts_ns;
  const absl::Status status = run_in_worker(settings(), moving(), broken, out, cancel);
  CHECK(absl::IsDataLoss(status));
  CHECK(message_of(status).find("not in order") != std::string_view::npos);

  Job unknown = moving();
  unknown.plan.classes = {"hats"};
  CHECK(absl::IsInvalidArgument(run_in_worker(settings(), unknown, source, out, cancel)));
  CHECK(absl::IsNotFound(run_in_worker(settings("/none"), moving(), source, out, cancel)));
}

TEST_CASE("damaged stored footage ends the job with its own error") {
  const worker::Cancel cancel;
  MemoryFootage source = footage();
  source.fail_at = 17;
  Collected out;
  const absl::Status status = run_in_worker(settings(), moving(), source, out, cancel);
  CHECK(message_of(status) == "the stored footage is damaged");
}

TEST_CASE("a worker without memory fails, and nothing is made") {
  const worker::Cancel cancel;
  MemoryFootage source = footage();
  Settings tight = settings();
  tight.limits.address_space_bytes = 200ULL * 1024 * 1024;
  Collected out;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(!run_in_worker(tight, moving(), source, out, cancel).ok());
  CHECK(out.units.empty());
#endif
}

TEST_CASE("a wish to stop ends a running job within a second") {
  MemoryFootage source = footage(400);
  const worker::Cancel cancel;
  std::chrono::steady_clock::time_point asked;
  std::thread stopper{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{400});
    asked = std::chrono::steady_clock::now();
    cancel.request();
  }};
  Collected out;
  const absl::Status status = run_in_worker(settings(), moving(), source, out, cancel);
  const auto ended = std::chrono::steady_clock::now();
  stopper.join();
  CHECK(absl::IsCancelled(status));
  CHECK(ended - asked < std::chrono::seconds{1});
}

TEST_CASE("a worker that betrays is caught, whatever it does") {
  const auto end_of = [](const char* how) {
    MemoryFootage source = footage(12);
    Job job = moving();
    job.plan.watermark = how;
    Collected out;
    const worker::Cancel cancel;
    return run_in_worker(settings("./latchstring-treacherous-worker"), job, source, out, cancel);
  };
  const auto words = [&](const char* how) { return end_of(how).ToString(); };
  CHECK(words("open a file").find("(SIGSYS): it tried to open a file") != std::string::npos);
  CHECK(words("open a socket").find("(SIGSYS): it tried to open a socket") != std::string::npos);
  CHECK(words("crash").find("crashed") != std::string::npos);
  CHECK(!end_of("vanish").ok());
  for (const char* how :
       {"format too early", "parent's words", "rewind twice", "nonsense", "rewind early",
        "done early", "half of the second pass", "next after the end"}) {
    INFO(how);
    CHECK(absl::IsDataLoss(end_of(how)));
  }
}

}  // namespace
}  // namespace latchstring::redact
