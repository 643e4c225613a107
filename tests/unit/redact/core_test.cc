#include "gateway/redact/core.h"

#include <cmath>
#include <cstdlib>

#include "gateway/base/status.h"
#include "tests/support/catch.h"
#include "tests/unit/redact/made_footage.h"

namespace latchstring::redact {
namespace {

const media::PictureFormat kFormat{320, 240, 1, 1, "bt709"};

// A still, structured room, and a square that walks through it.
void room(media::Picture& picture, int n, int speed) {
  const media::Plane& luma = picture.planes()[0];
  for (int y = 0; y < luma.height; ++y) {
    for (int x = 0; x < luma.width; ++x) {
      luma.data[y * luma.stride + x] = static_cast<std::uint8_t>(90 + (x / 16 + y / 16) % 2 * 60);
    }
  }
  for (unsigned i = 1; i < 3; ++i) {
    const media::Plane& plane = picture.planes()[i];
    std::fill(plane.data, plane.data + plane.stride * plane.height, std::uint8_t{120});
  }
  if (speed == 0) return;
  for (int y = 100; y < 140; ++y) {
    for (int x = n * speed; x < n * speed + 24; ++x) {
      luma.data[y * luma.stride + x] = 230;
    }
  }
}

MemoryFootage walk(int count = 30, int speed = 6) {
  return footage_of(kFormat, count, 15, [&](media::Picture& p, int n) { room(p, n, speed); });
}

Job hide(std::vector<std::string> classes) {
  Job job;
  job.plan.classes = std::move(classes);
  return job;
}

double mean_difference(const media::Picture& a, const media::Picture& b, int x, int y, int size) {
  const media::Plane& one = a.planes()[0];
  const media::Plane& two = b.planes()[0];
  double sum = 0;
  for (int row = y; row < y + size; ++row) {
    for (int column = x; column < x + size; ++column) {
      sum += std::abs(one.data[row * one.stride + column] - two.data[row * two.stride + column]);
    }
  }
  return sum / (size * size);
}

TEST_CASE("what moves is filled in every picture, the first and the last too") {
  MemoryFootage footage = walk();
  Collected out;
  REQUIRE(run(hide({"moving"}), footage, out).ok());
  const auto pictures = decoded(out);
  const auto source = decoded(footage.stream.video_caps, footage.units);
  REQUIRE(pictures.size() == 30);
  for (int n = 0; n < 30; ++n) {
    INFO("picture " << n);
    CHECK(filled_part(pictures[static_cast<std::size_t>(n)], n * 6, 100, 24, 40) > 0.97);
  }
  // The still rest is untouched but for coding.
  CHECK(mean_difference(pictures[15], source[15], 0, 180, 60) < 5);
  CHECK(filled_part(pictures[15], 0, 180, 320, 60) == 0);
}

TEST_CASE("a zone is filled to its edge in every picture, and nothing beyond it") {
  MemoryFootage footage = walk(20, 0);
  Job job;
  job.plan.zones = {{"door", false, {{0.25, 0.25}, {0.5, 0.25}, {0.5, 0.75}, {0.25, 0.75}}}};
  Collected out;
  REQUIRE(run(job, footage, out).ok());
  for (const media::Picture& picture : decoded(out)) {
    CHECK(filled_part(picture, 80, 60, 80, 120) > 0.98);
    CHECK(filled_part(picture, 0, 0, 78, 240) == 0);
    CHECK(filled_part(picture, 164, 0, 156, 240) == 0);
  }
}

TEST_CASE("of several keep_only zones only what lies in all of them stays; fill zones win") {
  MemoryFootage footage = walk(6, 0);
  Job job;
  job.plan.zones = {{"left", true, {{0, 0}, {0.75, 0}, {0.75, 1}, {0, 1}}},
                    {"right", true, {{0.25, 0}, {1, 0}, {1, 1}, {0.25, 1}}},
                    {"bench", false, {{0.4, 0.5}, {0.6, 0.5}, {0.6, 1}, {0.4, 1}}}};
  Collected out;
  REQUIRE(run(job, footage, out).ok());
  for (const media::Picture& picture : decoded(out)) {
    CHECK(filled_part(picture, 0, 0, 80, 240) > 0.98);
    CHECK(filled_part(picture, 240, 0, 80, 240) > 0.98);
    CHECK(filled_part(picture, 128, 120, 64, 120) > 0.98);
    CHECK(filled_part(picture, 88, 0, 144, 112) == 0);
  }
}

TEST_CASE("lead-in is decoded and never comes out") {
  MemoryFootage footage = walk();
  for (std::size_t i = 0; i < 7; ++i) footage.units[i].keep = false;
  Collected out;
  REQUIRE(run(hide({"moving"}), footage, out).ok());
  CHECK(out.units.size() == 23);
  CHECK(out.indices.front() == 0);
  CHECK(out.units.front().pts_ns == footage.units[7].pts_ns);
  CHECK(out.units.front().is_key);
}

TEST_CASE("without a model the whole picture is filled, or the work refused") {
  MemoryFootage footage = walk(8);
  Job job = hide({"faces", "moving"});
  Collected out;
  REQUIRE(run(job, footage, out).ok());
  CHECK(check_plan(job.plan)->missing == std::vector<std::string>{"faces"});
  for (const FrameRegions& regions : out.regions) {
    CHECK(regions.whole);
    CHECK(regions.why == Why::model_missing);
  }
  for (const media::Picture& picture : decoded(out)) {
    CHECK(filled_part(picture, 0, 0, 320, 240) == 1);
  }
  job.plan.if_unsure = IfUnsure::refuse;
  REQUIRE(footage.rewind().ok());
  CHECK(absl::IsFailedPrecondition(run(job, footage, out)));
}

TEST_CASE("a moved camera fills the whole picture around the change, or refuses") {
  MemoryFootage footage = footage_of(kFormat, 40, 15, [](media::Picture& picture, int n) {
    room(picture, n, 0);
    const media::Plane& luma = picture.planes()[0];
    for (int i = 0; n >= 20 && i < luma.stride * luma.height; ++i) {
      luma.data[i] = static_cast<std::uint8_t>(255 - luma.data[i] - i % luma.stride / 4);
    }
  });
  Job job = hide({"moving"});
  Collected out;
  REQUIRE(run(job, footage, out).ok());
  CHECK(out.regions[19].whole);
  CHECK(out.regions[20].whole);
  CHECK(!out.regions[5].whole);
  CHECK(!out.regions[35].whole);
  job.plan.if_unsure = IfUnsure::refuse;
  REQUIRE(footage.rewind().ok());
  CHECK(absl::IsFailedPrecondition(run(job, footage, out)));
}

TEST_CASE("a single picture tells nothing about motion: it is filled") {
  MemoryFootage footage = walk(1);
  Collected out;
  REQUIRE(run(hide({"moving"}), footage, out).ok());
  REQUIRE(out.regions.size() == 1);
  CHECK(out.regions[0].whole);
}

TEST_CASE("sound goes only where it is kept, as AAC") {
  MemoryFootage footage = walk();
  add_sound(footage);
  Job job = hide({"moving"});
  Collected without;
  REQUIRE(run(job, footage, without).ok());
  CHECK(without.sounds.empty());
  CHECK(without.made.sound == Sound::none);
  REQUIRE(footage.rewind().ok());
  job.plan.keep_audio = true;
  Collected with;
  REQUIRE(run(job, footage, with).ok());
  CHECK(with.made.sound == Sound::encoded);
  CHECK(with.sounds.size() > 10);
}

TEST_CASE("fewer frames, a smaller picture and a watermark are as asked") {
  MemoryFootage footage = walk(30);
  Job job = hide({"moving"});
  job.plan.one_frame_per = std::chrono::milliseconds{500};
  job.plan.height_at_most = 120;
  job.plan.watermark = "for case 12";
  Collected out;
  REQUIRE(run(job, footage, out).ok());
  CHECK(out.indices == std::vector<std::uint64_t>{0, 8, 16, 24});
  const auto pictures = decoded(out);
  REQUIRE(pictures.size() == 4);
  CHECK(pictures[0].format().width == 160);
  CHECK(pictures[0].format().height == 120);
  CHECK(filled_part(pictures[1], 24, 50, 12, 20) > 0.95);
}

TEST_CASE("an image is the first kept picture, redacted") {
  for (const auto format : {media::ImageFormat::png, media::ImageFormat::jpeg}) {
    MemoryFootage footage = walk(8);
    Job job = hide({"moving"});
    job.image = format;
    Collected out;
    REQUIRE(run(job, footage, out).ok());
    REQUIRE(out.picture.size() > 100);
    CHECK(out.picture[0] == (format == media::ImageFormat::png ? 0x89 : 0xFF));
    CHECK(out.units.empty());
  }
}

TEST_CASE("nothing of the source but pixels: only coded slices come out") {
  MemoryFootage footage = walk(20);
  Collected out;
  REQUIRE(run(hide({"moving"}), footage, out).ok());
  for (const AccessUnit& unit : out.units) {
    for (std::size_t at = 0; at + 4 < unit.data.size();) {
      const int type = unit.data[at + 4] & 0x1F;
      CHECK((type == 1 || type == 5));
      at += 4 + (std::size_t{unit.data[at]} << 24 | std::size_t{unit.data[at + 1]} << 16 |
                 std::size_t{unit.data[at + 2]} << 8 | std::size_t{unit.data[at + 3]});
    }
  }
}

TEST_CASE("plans that cannot be carried out are refused before a picture is seen") {
  const auto status_of = [](const RedactionPlan& plan) { return check_plan(plan).status(); };
  RedactionPlan plan;
  plan.classes = {"shoes"};
  CHECK(absl::IsInvalidArgument(status_of(plan)));
  plan.classes.clear();
  plan.zones = {{"line", false, {{0, 0}, {1, 1}}}};
  CHECK(absl::IsInvalidArgument(status_of(plan)));
  plan.zones = {{"far", false, {{0, 0}, {1.1, 0}, {1, 1}}}};
  CHECK(absl::IsInvalidArgument(status_of(plan)));
  plan.zones = {{"nan", false, {{0, 0}, {std::nan(""), 0}, {1, 1}}}};
  CHECK(absl::IsInvalidArgument(status_of(plan)));
  plan.zones = {{"bow tie", false, {{0, 0}, {1, 1}, {1, 0}, {0, 1}}}};
  CHECK(absl::IsInvalidArgument(status_of(plan)));
  plan.zones.clear();
  plan.watermark = std::string(kWatermarkMax + 1, 'x');
  CHECK(absl::IsInvalidArgument(status_of(plan)));
}

TEST_CASE("every fault in the footage ends the work with an error") {
  const MemoryFootage good = walk();
  const auto fails = [](MemoryFootage footage) {
    Collected out;
    return !run(hide({"moving"}), footage, out).ok();
  };
  MemoryFootage same_time = good;
  same_time.units[9].pts_ns = same_time.units[8].pts_ns;
  CHECK(fails(same_time));
  MemoryFootage swapped = good;
  std::swap(swapped.units[9].utc, swapped.units[10].utc);
  CHECK(fails(swapped));
  MemoryFootage empty_unit = good;
  empty_unit.units[9].data = {0, 0, 0, 1, 0};
  CHECK(fails(empty_unit));
  MemoryFootage no_key = good;
  no_key.units.erase(no_key.units.begin());
  CHECK(fails(no_key));
  MemoryFootage damaged = good;
  damaged.fail_at = 12;
  CHECK(fails(damaged));
  MemoryFootage nothing = good;
  for (AccessUnit& unit : nothing.units) unit.keep = false;
  CHECK(fails(nothing));
  MemoryFootage other = good;
  other.stream.video_caps = "video/x-raw";
  CHECK(fails(other));
}

TEST_CASE("pictures that differ between the passes end the work") {
  for (const int fault : {0, 1, 2}) {
    MemoryFootage footage = walk();
    footage.second = footage.units;
    if (fault == 0) footage.second.pop_back();
    if (fault == 1) footage.second[5].keep = false;
    if (fault == 2) footage.second.back().pts_ns += 5;
    Collected out;
    INFO(fault);
    CHECK(absl::IsDataLoss(run(hide({"moving"}), footage, out)));
  }
}

}  // namespace
}  // namespace latchstring::redact
