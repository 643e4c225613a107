#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::House;
using test::kStart;

constexpr auto kDay = std::chrono::hours{24};

const test::Film& film() {
  static const test::Film film = test::make_film(40, 20);
  return film;
}

// Five days, one segment of four seconds each.
void record_days(House& house) {
  for (int day = 0; day < 5; ++day) {
    test::Recording recording;
    recording.start = kStart + day * kDay;
    house.record_film(film(), recording);
  }
  house.clock.now_ = kStart + 4 * kDay + std::chrono::minutes{1};
  REQUIRE(house.files().size() == 5);
}

// And twelve seconds of the first day by another camera, in three segments.
void record_back(House& house) {
  test::Recording back;
  back.camera = "back";
  house.record_film(test::film(), back);
}

Interval day(int number) {
  return {kStart + number * kDay, kStart + number * kDay + std::chrono::seconds{4}};
}

TEST_CASE("footage past its age goes, and the keys of its days with it") {
  House house;
  record_days(house);
  const auto kept = house.archive->tick();
  REQUIRE(kept.ok());
  CHECK(kept->evicted == 0);
  CHECK(kept->forgotten_days.empty());

  house.keep_for = 2 * kDay + std::chrono::minutes{2};
  house.open();
  const Path old_file = house.files().front();
  const std::string sealed = *read_file(old_file, 1 << 24);
  const auto report = house.archive->tick();
  REQUIRE(report.ok());
  CHECK(report->evicted == 2);
  CHECK(report->forgotten_days == std::vector<std::string>{"2026-05-04", "2026-05-05"});
  CHECK(house.files().size() == 3);
  CHECK(absl::IsNotFound(house.cut(day(0)).status()));
  CHECK(house.cut(day(2)).ok());
  CHECK(house.archive->tick()->evicted == 0);

  // Somebody kept a copy of the file: without the key it is noise, and it is not believed.
  REQUIRE(make_folder(old_file.parent_path()).ok());
  REQUIRE(write_file_durably(old_file, sealed).ok());
  const auto check = house.archive->check(true);
  CHECK(check->added.empty());
  REQUIRE(check->unreadable.size() == 1);
  CHECK(check->unreadable[0].find("forgotten") != std::string::npos);
  CHECK(check->keyless.empty());
  CHECK(absl::IsNotFound(house.cut(day(0)).status()));
}

TEST_CASE("a kill between the last segment and its key is no lost key; the next start ends it") {
  House house;
  record_days(house);
  house.keep_for = 2 * kDay + std::chrono::minutes{2};
  house.open();
  const Path key = house.folder.path() / "keyring" / "day-2026-05-04.key";
  const std::string content = *read_file(key, 10'000);
  REQUIRE(house.archive->tick().ok());
  REQUIRE(!std::filesystem::exists(key));
  // As the kill left it: the segments are gone, the key is not.
  REQUIRE(write_file_durably(key, content, 0600).ok());
  house.open();
  CHECK(house.archive->check(false)->clean());
  CHECK(house.archive->tick()->forgotten_days == std::vector<std::string>{"2026-05-04"});
  CHECK(!std::filesystem::exists(key));
}

TEST_CASE("keys outlive a disk that is not there") {
  House house;
  record_days(house);
  const Path archive = house.folder.path() / "archive", aside = house.folder.path() / "aside";
  house.archive.reset();
  std::filesystem::rename(archive, aside);
  house.open();
  CHECK(house.archive->tick()->forgotten_days.empty());
  house.archive.reset();
  std::filesystem::remove_all(archive);
  std::filesystem::rename(aside, archive);
  house.open();
  for (int number = 0; number < 5; ++number) CHECK(house.cut(day(number)).ok());

  // When their time is over, they go, whether the disk came back or not.
  house.archive.reset();
  std::filesystem::remove_all(archive);
  house.clock.now_ += 1000 * kDay;
  house.open();
  CHECK(house.archive->tick()->forgotten_days.size() == 5);
}

TEST_CASE("keys of a disk that is not there outlive what was recorded in its place") {
  House house;
  record_days(house);
  const Path archive = house.folder.path() / "archive", aside = house.folder.path() / "aside";
  house.archive.reset();
  std::filesystem::rename(archive, aside);
  house.is_exchanged = true;
  house.open();
  house.record_film(film(), {.run = "bcdefghijk"});  // of the same day as there
  house.keep_bytes = 1;
  house.open();
  const auto kept = house.archive->tick();
  CHECK(kept->evicted == 1);
  CHECK(kept->forgotten_days.empty());
  house.archive.reset();
  std::filesystem::remove_all(archive);
  std::filesystem::rename(aside, archive);
  house.keep_bytes = 1ULL << 40;
  house.is_exchanged = false;
  house.open();
  CHECK(house.cut(day(0)).ok());
}

TEST_CASE("a file that cannot be removed keeps no other, and no start, from what is due") {
  House house;
  record_days(house);
  const Path stubborn = house.files().front();
  std::filesystem::remove(stubborn);
  REQUIRE(make_folder(stubborn).ok());  // unlink() of a folder fails
  house.keep_for = kDay;
  house.open();
  const auto report = house.archive->tick();
  REQUIRE(report.ok());
  CHECK(!report->not_erased.ok());
  CHECK(absl::IsNotFound(house.cut(day(1)).status()));
  house.open();
  CHECK(!house.archive->tick()->not_erased.ok());
  std::filesystem::remove(stubborn);
  house.open();
  CHECK(house.archive->tick()->not_erased.ok());
}

TEST_CASE("a clock that may be wrong ages nothing away") {
  House house;
  record_days(house);
  house.clock.now_ += 1000 * kDay;
  house.clock.right_ = false;
  CHECK(house.archive->tick()->evicted == 0);
  CHECK(house.archive->tick()->forgotten_days.empty());
  house.clock.right_ = true;
  CHECK(house.archive->tick()->evicted == 5);
  CHECK(house.archive->keys().days().empty());
  CHECK(house.archive->bytes() == 0);
}

TEST_CASE("over keep_bytes the oldest goes first, whatever its camera") {
  House house;
  record_days(house);
  const std::uint64_t all = house.archive->bytes();
  std::uint64_t on_disk = 0;
  for (const Path& file : house.files()) on_disk += std::filesystem::file_size(file);
  CHECK(all == on_disk);
  house.keep_bytes = all - 1;
  house.open();
  CHECK(house.archive->bytes() == all);
  const auto report = house.archive->tick();
  CHECK(report->evicted == 1);
  CHECK(house.archive->bytes() == all - report->evicted_bytes);
  CHECK(absl::IsNotFound(house.cut(day(0)).status()));
  CHECK(house.cut(day(1)).ok());
}

TEST_CASE("pinned footage stays until it is let go") {
  House house;
  record_days(house);
  REQUIRE(house.archive->pin({"aaaaaaaaaa", "front", day(0)})->empty());
  REQUIRE(house.archive->pin({"aaaaaaaaaa", "front", day(0)})->empty());
  CHECK(house.archive->pins()->size() == 1);
  house.keep_bytes = 0;
  house.open();  // pins outlive a restart
  CHECK(house.archive->tick()->evicted == 4);
  CHECK(house.cut(day(0)).ok());
  REQUIRE(house.archive->unpin("aaaaaaaaaa").ok());
  CHECK(house.archive->tick()->evicted == 1);
  CHECK(!house.archive->pin({"bbbbbbbbbb", "../x", day(0)}).ok());
}

TEST_CASE("over pending_bytes the oldest request loses its footage") {
  House house;
  record_days(house);
  house.pending_bytes = house.archive->bytes() / 2;
  house.open();
  REQUIRE(house.archive->pin({"aaaaaaaaaa", "front", day(0)})->empty());
  REQUIRE(house.archive->pin({"bbbbbbbbbb", "front", day(1)})->empty());
  CHECK(*house.archive->pin({"cccccccccc", "front", day(2)}) ==
        std::vector<std::string>{"aaaaaaaaaa"});
  CHECK(house.archive->pins()->size() == 2);
}

TEST_CASE("a full disk takes unpinned footage first, then the oldest pin, one a tick") {
  House house;
  record_days(house);
  REQUIRE(house.archive->pin({"aaaaaaaaaa", "front", day(0)})->empty());
  REQUIRE(house.archive->pin({"bbbbbbbbbb", "front", day(1)})->empty());
  house.keep_free = 1ULL << 60;  // more than any disk has
  house.open();
  const auto first = house.archive->tick();
  CHECK(first->evicted == 3);
  CHECK(first->lost_pins.empty());
  const auto second = house.archive->tick();
  CHECK(second->evicted == 0);
  CHECK(second->lost_pins == std::vector<std::string>{"aaaaaaaaaa"});
  CHECK(second->more);
  CHECK(house.archive->tick()->evicted == 1);
}

TEST_CASE("a request too large for pending_bytes is refused, and costs the others nothing") {
  House house;
  record_days(house);
  house.pending_bytes = house.archive->bytes() / 2;
  house.open();
  REQUIRE(house.archive->pin({"aaaaaaaaaa", "front", day(0)})->empty());
  const auto all = house.archive->pin({"bbbbbbbbbb", "front", {day(0).from, day(4).to}});
  CHECK(absl::IsResourceExhausted(all.status()));
  REQUIRE(house.archive->pins()->size() == 1);
  CHECK(house.archive->pins()->front().request == "aaaaaaaaaa");
  // One that is kept for footage to come, and grows.
  const Interval growing{day(4).from, day(4).to + kDay};
  REQUIRE(house.archive->pin({"cccccccccc", "front", growing}).ok());
  for (int hour = 1; hour < 4; ++hour) {
    test::Recording recording;
    recording.start = day(4).from + std::chrono::hours{hour};
    house.record_film(film(), recording);
  }
  CHECK(house.archive->tick()->lost_pins == std::vector<std::string>{"cccccccccc"});
  CHECK(house.archive->pins()->front().request == "aaaaaaaaaa");
}

TEST_CASE("a full disk takes no pending footage while other footage is only being read") {
  House house;
  record_days(house);
  REQUIRE(house.archive->pin({"aaaaaaaaaa", "front", day(0)})->empty());
  house.keep_free = 1ULL << 60;
  house.open();
  {
    const auto reading = house.archive->page("", 16);
    REQUIRE(reading->segments.size() == 5);
    const auto waits = house.archive->tick();
    CHECK(waits->evicted == 0);
    CHECK(waits->lost_pins.empty());
  }
  CHECK(house.archive->tick()->evicted == 4);
  CHECK(house.archive->tick()->lost_pins == std::vector<std::string>{"aaaaaaaaaa"});
}

TEST_CASE("a page is leased alone: a long check does not keep the whole archive") {
  House house;
  record_days(house);
  house.keep_bytes = 0;
  house.open();
  auto page = house.archive->page("", 2);
  REQUIRE(page->segments.size() == 2);
  CHECK(house.archive->tick()->evicted == 3);
  const auto examine = house.archive->examiner(true);
  for (const Segment& segment : page->segments) CHECK(examine(segment).whole.ok());
  const std::vector<Segment> read = page->segments;
  page = house.archive->page(read.back().name.id(), 2);
  CHECK(page->segments.empty());
  CHECK(house.archive->tick()->evicted == 2);
  // Evicted meanwhile: nothing is wrong with it.
  CHECK(examine(read.front()).whole.ok());
}

TEST_CASE("footage that is being cut is not evicted under the cutter") {
  House house;
  record_days(house);
  house.keep_bytes = 0;
  house.open();
  {
    auto parts = house.cut(day(1));
    REQUIRE(parts.ok());
    CHECK(house.archive->tick()->evicted == 4);
    CHECK(test::kept_pictures(test::read_all(*parts->front().reader)).size() == 40);
  }
  CHECK(house.archive->tick()->evicted == 1);
}

TEST_CASE("an open segment keeps its day's key") {
  House house;
  house.keep_for = kDay / 2;
  house.open();
  const auto appender = house.archive->appender();
  REQUIRE(appender->begin(test::head_of(film())).ok());
  house.clock.now_ += 2 * kDay;
  CHECK(house.archive->tick()->forgotten_days.empty());
  REQUIRE(appender->end({absl::OkStatus(), std::nullopt}).ok());
  CHECK(house.archive->tick()->forgotten_days == std::vector<std::string>{"2026-05-04"});
}

TEST_CASE("cameras record on threads of their own while the loop goes on") {
  House house;
  std::atomic<int> running{3};
  std::vector<std::thread> cameras;
  for (const char* camera : {"front", "back", "side"}) {
    auto appender = house.archive->appender();
    cameras.emplace_back([&running, camera, sink = std::move(appender)] {
      for (int i = 0; i < 5; ++i) {
        test::Recording recording;
        recording.camera = camera;
        recording.start = kStart + i * std::chrono::seconds{4};
        if (!test::record(*sink, film(), recording).ok()) break;
      }
      --running;
    });
  }
  const Interval all{kStart, kStart + std::chrono::hours{1}};
  while (running > 0) {
    CHECK(house.archive->tick().ok());
    (void)house.archive->open_segment_touches("front", all);
    const auto parts = house.cut(all);
    CHECK((parts.ok() || absl::IsNotFound(parts.status())));
  }
  for (std::thread& camera : cameras) camera.join();
  REQUIRE(house.archive->collect().ok());
  CHECK(house.archive->spans()->size() == 3);
  CHECK(house.files().size() == 15);
  CHECK(house.archive->check(false)->clean());
  CHECK(house.archive->check(false)->segments == 15);
}

TEST_CASE("the ledger learns of each segment once") {
  House house;
  record_days(house);
  const auto all = house.archive->uncommitted(house.clock.now_);
  REQUIRE(all->size() == 5);
  CHECK(all->front().sha256.size() == 64);
  REQUIRE(house.archive->committed({(*all)[0].name.id(), (*all)[1].name.id()}, 17).ok());
  CHECK(house.archive->uncommitted(house.clock.now_)->size() == 3);
  CHECK(house.archive->uncommitted(kStart)->empty());
  CHECK(house.cut(day(0))->front().sources.front().ledger_index == 17);
  CHECK(house.cut(day(0))->front().sources.front().sha256 == all->front().sha256);
}

TEST_CASE("the totals of each camera and day add up") {
  House house;
  record_days(house);
  record_back(house);
  const auto days = house.archive->day_totals();
  REQUIRE(days->size() == 6);
  const DayTotal& first = days->front();
  CHECK(first.camera == "back");
  CHECK(first.day == "2026-05-04");
  CHECK(first.time == Interval{kStart, kStart + std::chrono::seconds{12}});
  CHECK(first.segments == 3);
  CHECK(first.recovered == 0);
  CHECK(first.length == std::chrono::seconds{12});
  std::uint64_t bytes = 0;
  for (const DayTotal& day : *days) bytes += day.size_bytes;
  CHECK(bytes == house.archive->bytes());
  CHECK(days->back().camera == "front");
  CHECK(days->back().day == "2026-05-08");
}

TEST_CASE("spans join what has no gap") {
  House house;
  record_days(house);
  record_back(house);
  const auto spans = house.archive->spans();
  REQUIRE(spans->size() == 6);
  CHECK((*spans)[0].camera == "back");
  CHECK((*spans)[0].interval == Interval{kStart, kStart + std::chrono::seconds{12}});
}

}  // namespace
}  // namespace latchstring::archive
