#include <fcntl.h>

#include <algorithm>
#include <random>

#include "gateway/base/files.h"
#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::film;
using test::frames_in;
using test::House;
using test::kept_pictures;
using test::kFrame;
using test::kFrames;
using test::kGop;
using test::kStart;
using test::read_all;
using test::seconds;

constexpr Duration kMicro{1};

const test::Film& film_with_b_frames() {
  static const test::Film film = test::make_film(kFrames, kGop, 2);
  return film;
}

// The first unit must be an IDR, and all before the first kept picture lead in from it.
void check_lead_in(const std::vector<AccessUnit>& units) {
  REQUIRE(!units.empty());
  CHECK(units.front().is_key);
  int keys = 0;
  for (const AccessUnit& unit : units) {
    if (unit.keep && unit.track == Track::video) break;
    keys += unit.is_key ? 1 : 0;
  }
  CHECK(keys <= 1);
}

TEST_CASE("an exact cut keeps the frames of the interval and no other, to the microsecond") {
  House house;
  house.record_film(film());
  REQUIRE(house.files().size() == 3);
  for (const Duration from_by : {-kMicro, Duration{0}, kMicro, kFrame / 2}) {
    for (const Duration to_by : {-kMicro, Duration{0}, kMicro, kFrame / 3}) {
      for (const auto& [from, to] : {std::pair{25, 61}, {40, 80}, {0, 1}, {39, 41}, {118, 120}}) {
        const Interval asked{kStart + from * kFrame + from_by, kStart + to * kFrame + to_by};
        auto parts = house.cut(asked);
        INFO(to_rfc3339(asked.from) << " " << to_rfc3339(asked.to));
        if (frames_in(asked, kFrames).empty()) {
          CHECK(absl::IsNotFound(parts.status()));
          continue;
        }
        REQUIRE(parts.ok());
        REQUIRE(parts->size() == 1);
        const auto units = read_all(*parts->front().reader);
        CHECK(kept_pictures(units) == frames_in(asked, kFrames));
        check_lead_in(units);
        CHECK(!parts->front().terms.native);
      }
    }
  }
}

TEST_CASE("random intervals, also of films with B-frames, both ways of cutting") {
  std::mt19937 random(7);
  for (const test::Film* played : {&film(), &film_with_b_frames()}) {
    House house;
    house.record_film(*played);
    for (int i = 0; i < 150; ++i) {
      const Duration from{random() % 12'500'000};
      const Duration length{1 + random() % 5'000'000};
      const Interval asked{kStart + from - Duration{250'000}, kStart + from + length};
      const bool native = i % 2 == 0;
      auto parts = house.cut(asked, native);
      const std::vector<Instant> wanted = frames_in(asked, kFrames);
      if (wanted.empty()) {
        CHECK(absl::IsNotFound(parts.status()));
        continue;
      }
      REQUIRE(parts.ok());
      std::vector<Instant> kept;
      for (Part& part : *parts) {
        const auto units = read_all(*part.reader);
        check_lead_in(units);
        for (const Instant utc : kept_pictures(units)) kept.push_back(utc);
      }
      std::sort(kept.begin(), kept.end());
      if (native && played == &film_with_b_frames()) {
        // A native clip may not hold what follows a picture past the end in decoding order.
        CHECK(std::includes(wanted.begin(), wanted.end(), kept.begin(), kept.end()));
        CHECK(kept.size() + 3 >= wanted.size());
      } else {
        CHECK(kept == wanted);
      }
    }
  }
}

TEST_CASE("a native cut begins at the first IDR inside; the head comes as an exact clip") {
  House house;
  house.record_film(film());
  const Interval asked = seconds(2.75, 8.35);
  auto parts = house.cut(asked, true);
  REQUIRE(parts.ok());
  REQUIRE(parts->size() == 2);
  CHECK(!(*parts)[0].terms.native);
  CHECK((*parts)[1].terms.native);
  const auto head = read_all(*(*parts)[0].reader);
  CHECK(kept_pictures(head) == frames_in(seconds(2.75, 4), kFrames));
  const auto native = read_all(*(*parts)[1].reader);
  CHECK(kept_pictures(native) == frames_in(seconds(4, 8.35), kFrames));
  CHECK(native.front().is_key);
  for (std::size_t i = 0; i < native.size(); ++i) {
    CHECK(native[i].keep);
    CHECK(native[i].data == film().units[40 + i].data);  // the camera's own NAL units
  }
  CHECK((*parts)[1].sources.size() == 2);
}

TEST_CASE("a native cut at an IDR has no head; one without an IDR is exact") {
  House house;
  house.record_film(film());
  auto at_idr = house.cut(seconds(4, 5), true);
  REQUIRE(at_idr->size() == 1);
  CHECK(at_idr->front().terms.native);
  auto without = house.cut(seconds(4.1, 5.9), true);
  REQUIRE(without->size() == 1);
  CHECK(!without->front().terms.native);
  CHECK(kept_pictures(read_all(*without->front().reader)) == frames_in(seconds(4.1, 5.9), kFrames));
}

TEST_CASE("rewinding gives the same again") {
  House house;
  house.record_film(film());
  auto parts = house.cut(seconds(3.3, 9.1));
  FootageReader& reader = *parts->front().reader;
  const auto first = read_all(reader);
  REQUIRE(reader.rewind().ok());
  const auto second = read_all(reader);
  REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(first[i].data == second[i].data);
    CHECK(first[i].utc == second[i].utc);
    CHECK(first[i].keep == second[i].keep);
  }
}

TEST_CASE("sound comes only where it is granted, and only from inside") {
  House house;
  test::Recording recording;
  recording.audio = true;
  house.record_film(film(), recording);
  const Interval asked = seconds(3.31, 6.07);  // ends in the middle of a packet
  auto without = house.cut(asked);
  for (const AccessUnit& unit : read_all(*without->front().reader)) {
    CHECK(unit.track == Track::video);
  }
  CHECK(without->front().reader->info().audio_caps.empty());
  for (const bool native : {false, true}) {
    auto parts = house.cut(asked, native, true);
    const Interval inside = native ? seconds(4, 6.07) : asked;
    int packets = 0;
    for (const AccessUnit& unit : read_all(*parts->back().reader)) {
      if (unit.track != Track::audio) continue;
      ++packets;
      CHECK(unit.keep);
      CHECK(inside.contains(unit.utc));
      // It is heard for 20 ms: none reaches past the end.
      CHECK(unit.utc + std::chrono::milliseconds{20} <= inside.to);
    }
    CHECK(packets >= (inside.length() / Duration{20'000}) - 6);
    CHECK(!parts->back().reader->info().audio_caps.empty());
  }
}

TEST_CASE("runs, formats and gaps make clips of their own") {
  House house;
  house.record_film(film());
  test::Recording second;
  second.run = "bbbbbbbbbb";
  second.start = kStart + std::chrono::seconds{13};
  house.record_film(test::make_film(40, kGop, 0, 192), second);
  SECTION("another run") {
    auto parts = house.cut(seconds(10, 15));
    REQUIRE(parts->size() == 2);
    CHECK(!((*parts)[0].reader->info() == (*parts)[1].reader->info()));
    CHECK(kept_pictures(read_all(*(*parts)[0].reader)).size() == 20);
    CHECK(kept_pictures(read_all(*(*parts)[1].reader)).size() == 20);
  }
  SECTION("a segment is missing") {
    std::filesystem::remove(house.files()[1]);
    REQUIRE(house.archive->check(true)->missing.size() == 1);
    auto parts = house.cut(seconds(0, 12));
    REQUIRE(parts->size() == 2);
    CHECK(kept_pictures(read_all(*(*parts)[0].reader)) == frames_in(seconds(0, 4), kFrames));
    CHECK(kept_pictures(read_all(*(*parts)[1].reader)) == frames_in(seconds(8, 12), kFrames));
  }
  SECTION("the interval lies in the gap, or where nothing is") {
    CHECK(absl::IsNotFound(house.cut(seconds(12.1, 12.9)).status()));
    CHECK(absl::IsNotFound(house.cut(seconds(100, 110)).status()));
    CHECK(absl::IsNotFound(house.cut(seconds(1, 2), false, false, "back").status()));
  }
}

TEST_CASE("a damaged segment releases nothing") {
  House house;
  house.record_film(film());
  const Path file = house.files()[1];
  const auto size = std::filesystem::file_size(file);
  for (const std::uint64_t at : {std::uint64_t{5}, std::uint64_t{400}, size / 2, size - 1}) {
    const auto fd = open_file(file, O_RDWR);
    std::uint8_t byte = 0;
    REQUIRE(pread_all(fd->get(), {&byte, 1}, at).ok());
    const std::uint8_t wrong = byte ^ 1;
    REQUIRE(pwrite_all(fd->get(), {&wrong, 1}, at).ok());
    const absl::Status status = house.cut(seconds(3, 9)).status();
    CHECK(absl::IsDataLoss(status));
    CHECK(status.ToString().find("front/2026-05-04/") != std::string::npos);
    CHECK(message_of(status).ends_with(kMendFirst));
    REQUIRE(pwrite_all(fd->get(), {&byte, 1}, at).ok());
  }
  CHECK(house.cut(seconds(3, 9)).ok());
}

TEST_CASE("one camera's file under another camera's name is refused") {
  House house;
  house.record_film(film());
  test::Recording back;
  back.camera = "back";
  house.record_film(film(), back);
  const std::vector<Path> files = house.files();
  REQUIRE(files.size() == 6);
  std::filesystem::rename(files[1], files[4]);  // back's second segment as front's
  CHECK(absl::IsDataLoss(house.cut(seconds(3, 9)).status()));
  CHECK(absl::IsDataLoss(house.cut(seconds(3, 9), true).status()));
}

TEST_CASE("an index that lies about times cannot move frames into the interval") {
  House house;
  house.record_film(film());
  const Path index = house.folder.path() / "archive" / "index.db";
  const auto shifted = std::chrono::hours{1} / Duration{1};
  // Straight into the file, behind the archive's back.
  const std::string command = fmt::format(
      "python3 -c \"import sqlite3; d = sqlite3.connect('{}'); "
      "d.execute('UPDATE segment SET start_us = start_us + {}, end_us = end_us + {}'); "
      "d.commit()\"",
      index.string(), shifted, shifted);
  REQUIRE(std::system(command.c_str()) == 0);
  const Interval an_hour_later{kStart + std::chrono::hours{1},
                               kStart + std::chrono::hours{1} + std::chrono::seconds{8}};
  CHECK(absl::IsNotFound(house.cut(an_hour_later).status()));
  CHECK(absl::IsNotFound(house.cut(an_hour_later, true).status()));
}

TEST_CASE("looking at the newest gives one frame, an IDR inside the interval") {
  House house;
  house.record_film(film());
  const auto newest = house.archive->newest("front");
  REQUIRE(newest.ok());
  auto part = newest_frame(house.segments(), house.archive->keys(),
                           house.terms(newest->segments.front().time), *newest);
  REQUIRE(part.ok());
  const auto units = read_all(*part->reader);
  REQUIRE(units.size() == 1);
  CHECK(units[0].is_key);
  CHECK(units[0].utc == kStart + 100 * kFrame);
  CHECK(absl::IsNotFound(house.archive->newest("back").status()));
}

TEST_CASE("the open segment is known, and its footage comes after it has ended") {
  House house;
  const auto appender = house.archive->appender();
  CHECK(!house.archive->open_segment_touches("front", seconds(0, 1)));
  REQUIRE(appender->begin(test::head_of(film())).ok());
  CHECK(house.archive->open_segment_touches("front", seconds(0, 1)));
  CHECK(!house.archive->open_segment_touches("front", seconds(-5, 0)));
  CHECK(!house.archive->open_segment_touches("back", seconds(0, 1)));
  REQUIRE(appender->end({absl::OkStatus(), std::nullopt}).ok());
  CHECK(!house.archive->open_segment_touches("front", seconds(0, 1)));
  CHECK(house.files().empty());
  CHECK(house.files(".part").empty());
}

}  // namespace
}  // namespace latchstring::archive
