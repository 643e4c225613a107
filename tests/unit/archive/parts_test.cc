// What stands about a part: which segment each picture is from, what the part is, what it holds
// open.
#include <map>

#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::film;
using test::frames_in;
using test::House;
using test::kept_pictures;
using test::kFrames;
using test::kGop;
using test::kStart;
using test::read_all;
using test::seconds;

// How many kept pictures name each segment; each must lie in the four seconds of the one it names.
std::map<std::string, int> pictures_by_source(Part& part) {
  std::map<std::string, int> count;
  for (const AccessUnit& unit : read_all(*part.reader)) {
    if (!unit.keep) continue;
    REQUIRE(unit.source < part.sources.size());
    const std::string& id = part.sources[unit.source].id;
    const auto name = SegmentName::parse(id);
    REQUIRE(name);
    CHECK(unit.utc >= name->start);
    CHECK(unit.utc < name->start + std::chrono::seconds{4});
    ++count[id];
  }
  return count;
}

TEST_CASE("every picture names the segment it lies in, also across the end of one") {
  House house;
  house.record_film(film());
  auto exact = house.cut(seconds(3.31, 9.1));
  REQUIRE(exact->size() == 1);
  CHECK(exact->front().sources.size() == 3);
  for (int pass = 0; pass < 2; ++pass) {
    const auto count = pictures_by_source(exact->front());
    REQUIRE(count.size() == 3);
    CHECK(count.at(exact->front().sources[0].id) == 6);
    CHECK(count.at(exact->front().sources[1].id) == 40);
    CHECK(count.at(exact->front().sources[2].id) == 11);
    REQUIRE(exact->front().reader->rewind().ok());
  }
  // The native part begins in the second segment, which is the first that it names.
  auto native = house.cut(seconds(2.75, 8.35), true);
  REQUIRE(native->size() == 2);
  CHECK(pictures_by_source((*native)[0]).size() == 1);
  CHECK((*native)[1].sources.size() == 2);
  const auto count = pictures_by_source((*native)[1]);
  CHECK(count.at((*native)[1].sources[0].id) == 40);
  CHECK(count.at((*native)[1].sources[1].id) == 4);
}

TEST_CASE("a stretch of more segments than a manifest names comes in parts, with every picture") {
  constexpr int kSegments = static_cast<int>(kSourcesPerPartMax) + 8;
  House house;
  test::Recording recording;
  recording.segment = std::chrono::seconds{1};
  house.record_film(test::make_film(kSegments * 10, 10), recording);
  const Interval asked = seconds(0.55, kSegments - 0.35);
  auto parts = house.cut(asked);
  REQUIRE(parts.ok());
  REQUIRE(parts->size() == 2);
  CHECK((*parts)[0].sources.size() == kSourcesPerPartMax);
  CHECK((*parts)[1].sources.size() == 8);
  std::vector<Instant> pictures;
  for (Part& part : *parts) {
    const std::vector<Instant> kept = kept_pictures(read_all(*part.reader));
    pictures.insert(pictures.end(), kept.begin(), kept.end());
  }
  CHECK(pictures == frames_in(asked, kSegments * 10));
}

TEST_CASE(
    "what not every player plays comes with a copy that any plays, and each says what it is") {
  House house;
  test::Recording recording;
  recording.audio = true;  // mu-law
  const Interval asked = seconds(2.75, 8.35);
  const bool hevc = GENERATE(true, false);
  CAPTURE(hevc);
  house.record_film(
      test::make_camera_film(hevc ? test::Kind::h265 : test::Kind::h264, kFrames, kGop), recording);
  auto parts = house.cut(asked, true, true);
  REQUIRE(parts.ok());
  REQUIRE(parts->size() == 3);
  Part& head = (*parts)[0];
  Part& native = (*parts)[1];
  Part& copy = (*parts)[2];
  CHECK(!head.terms.native);
  CHECK(native.terms.native);
  CHECK(!copy.terms.native);
  CHECK(head.reader->note().find("the beginning of part 2") == 0);
  CHECK(native.reader->note().empty());
  CHECK(copy.reader->note().find("a viewing copy of part 2") == 0);
  CHECK(copy.reader->note().find("not the original") != std::string::npos);
  CHECK(kept_pictures(read_all(*head.reader)) == frames_in(seconds(2.75, 4), kFrames));
  const auto pictures = frames_in(seconds(4, 8.35), kFrames);
  CHECK(kept_pictures(read_all(*native.reader)) == pictures);
  CHECK(kept_pictures(read_all(*copy.reader)) == pictures);
  CHECK(copy.sources.size() == native.sources.size());
  // Without its sound, H.264 needs no copy.
  CHECK(house.cut(asked, true, false)->size() == (hevc ? 3U : 2U));
}

TEST_CASE("footage with so many gaps that copies would be too many comes without them") {
  House house;
  const test::Film hevc = test::make_camera_film(test::Kind::h265, 20, kGop);
  for (int i = 0; i < 9; ++i) {
    test::Recording recording;
    recording.start = kStart + i * std::chrono::seconds{10};
    house.record_film(hevc, recording);
  }
  CHECK(house.cut(seconds(0, 80), true)->size() == 16);
  CHECK(house.cut(seconds(0, 90), true)->size() == 9);
}

TEST_CASE("a cut holds no file open that it is not reading") {
  House house;
  house.record_film(film());
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  const auto before = open_files();
  auto parts = house.cut(seconds(0, 12));
  REQUIRE(parts->front().sources.size() == 3);
  CHECK(open_files() == before);
  REQUIRE(parts->front().reader->next().ok());
  CHECK(open_files() == before + 1);
  read_all(*parts->front().reader);
  CHECK(open_files() == before);
}

}  // namespace
}  // namespace latchstring::archive
