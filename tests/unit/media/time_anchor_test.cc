#include "gateway/media/time_anchor.h"

#include <algorithm>
#include <random>

#include "gateway/media/fragment_layout.h"
#include "tests/support/catch.h"

namespace latchstring::media {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{Duration{1'770'000'000'000'000}};

// A camera whose crystal is off, behind a network that delays: how far the labels stray from the
// truth.
struct Strayed {
  Duration least = 1h;
  Duration most = -1h;
  bool goes_back = false;
  bool broke_off = false;
};

Strayed simulate(double drift_ppm, std::chrono::hours length, int fps, double spikes) {
  std::mt19937 random(7);
  std::exponential_distribution<double> jitter(1 / 3000.0);  // 3 ms
  std::bernoulli_distribution spike(spikes);
  TimeAnchor anchor;
  Strayed out;
  Instant previous{};
  Duration arrived{0};
  const std::int64_t frames = std::chrono::seconds(length).count() * fps;
  for (std::int64_t i = 0; i < frames; ++i) {
    const double true_us = static_cast<double>(i) * 1e6 / fps;
    const auto media_ns = static_cast<std::int64_t>(true_us * (1 + drift_ppm / 1e6) * 1000);
    const Duration truth{static_cast<std::int64_t>(true_us)};
    Duration delay{1000 + static_cast<std::int64_t>(jitter(random))};
    if (spike(random)) delay += 400ms;
    arrived = std::max(arrived, truth + delay);  // TCP keeps the order
    if (anchor.add(kStart + arrived, arrived, media_ns) == TimeAnchor::Verdict::new_run) {
      out.broke_off = true;
      return out;
    }
    if (!anchor.settled(arrived)) continue;
    const Instant label = anchor.utc_of(media_ns);
    out.least = std::min(out.least, label - (kStart + truth));
    out.most = std::max(out.most, label - (kStart + truth));
    if (label < previous) out.goes_back = true;
    previous = label;
  }
  return out;
}

TEST_CASE("24 hours of a drifting camera stay on the wall clock") {
  for (const double drift : {-300.0, -50.0, 0.0, 50.0, 300.0}) {
    CAPTURE(drift);
    const Strayed strayed = simulate(drift, 24h, 5, 0.02);
    CHECK_FALSE(strayed.broke_off);
    CHECK_FALSE(strayed.goes_back);
    CHECK(strayed.least > -25ms);
    CHECK(strayed.most < 25ms);
  }
}

TEST_CASE("a stored GOP that arrives at once does not shift the time") {
  TimeAnchor anchor;
  // Three seconds of pictures arrive within 30 ms.
  for (int i = 0; i < 30; ++i) {
    anchor.add(kStart + 3s + i * 1ms, 3s + i * 1ms, i * 100'000'000LL);
  }
  for (int i = 30; i < 60; ++i) {
    anchor.add(kStart + i * 100ms, i * 100ms, i * 100'000'000LL);
  }
  CHECK(anchor.settled(6s));
  CHECK(anchor.utc_of(5'900'000'000) - (kStart + 5900ms) < 150ms);
  CHECK(anchor.utc_of(5'900'000'000) >= kStart + 5900ms);
}

class SteadyCamera {
 public:
  TimeAnchor::Verdict frame() {
    ++frames_;
    media_ns += 100'000'000;
    steady += 100ms;
    return anchor.add(kStart + steady + wall_step, steady, media_ns);
  }
  void run(int frames) {
    for (int i = 0; i < frames; ++i) REQUIRE(frame() == TimeAnchor::Verdict::same_run);
  }
  TimeAnchor anchor;
  std::int64_t media_ns = 0;
  Duration steady{0};
  Duration wall_step{0};

 private:
  int frames_ = 0;
};

TEST_CASE("what breaks the time line starts a new run") {
  SteadyCamera camera;
  camera.run(100);
  SECTION("our clock is set forward") {
    camera.wall_step = 200ms;
  }
  SECTION("our clock is set back") {
    camera.wall_step = -200ms;
  }
  SECTION("the camera's media clock jumps ahead") {
    camera.media_ns += 2'000'000'000;
  }
  SECTION("the camera's media clock jumps back") {
    camera.media_ns -= 1'000'000'000;
  }
  SECTION("pictures are missing") {
    camera.media_ns += 6'000'000'000;
    camera.steady += 6s;
  }
  CHECK(camera.frame() == TimeAnchor::Verdict::new_run);
}

TEST_CASE("a stall of the network does not") {
  SteadyCamera camera;
  camera.run(100);
  camera.steady += 4s;
  CHECK(camera.frame() == TimeAnchor::Verdict::same_run);
  const Instant label = camera.anchor.utc_of(camera.media_ns);
  CHECK(label - (kStart + camera.steady - 4s) < 1ms);
}

TEST_CASE("NTP time of a fragment is exact to the microsecond, beyond 2036 too") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const Instant instant{Duration{static_cast<std::int64_t>(random() % 4'000'000'000'000'000ULL)}};
    REQUIRE(from_ntp(to_ntp(instant)) == instant);
  }
}

}  // namespace
}  // namespace latchstring::media
