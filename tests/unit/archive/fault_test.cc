// Files that are gone or damaged: named, mended as far as can be, and said once.
#include <fcntl.h>

#include <algorithm>

#include "gateway/base/files.h"
#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::check_all;
using test::film;
using test::frames_in;
using test::House;
using test::kept_pictures;
using test::kFrames;
using test::kStart;
using test::seconds;

const Interval kAll{kStart, kStart + std::chrono::hours{1}};

void damage(const Path& file, std::uint64_t at) {
  const auto fd = open_file(file, O_RDWR);
  REQUIRE(fd.ok());
  REQUIRE(pwrite_all(fd->get(), Bytes(64, 0xEE), at).ok());
}

std::vector<Instant> kept(House& house, Interval interval) {
  auto parts = house.cut(interval);
  INFO(parts.status());
  REQUIRE(parts.ok());
  std::vector<Instant> all;
  for (Part& part : *parts) {
    for (const Instant utc : kept_pictures(test::read_all(*part.reader))) all.push_back(utc);
  }
  return all;
}

// Two segments of many age chunks.
const test::Film& large() {
  static const test::Film film = test::make_camera_film(test::Kind::h264_noise, 80, 20);
  return film;
}

TEST_CASE("a segment whose file is gone is named until its time ends, and told of once") {
  House house;
  house.record_film(film());
  const std::vector<Path> files = house.files();
  if (GENERATE(true, false)) {
    std::filesystem::remove(files[1]);
  } else {  // its day's folder with all of them
    std::filesystem::remove_all(files[1].parent_path());
  }
  const std::size_t gone = 3 - house.files().size();
  house.open();
  const CheckReport& found = house.archive->found_at_open();
  REQUIRE(found.missing.size() == gone);
  CHECK(!found.missing[0].known);
  auto tick = house.archive->tick();
  REQUIRE(tick->missing.size() == gone);
  CHECK(tick->missing[0].name.camera == "front");
  // Nobody was told yet: a crash comes between.
  house.open();
  tick = house.archive->tick();
  REQUIRE(tick->missing.size() == gone);
  REQUIRE(house.archive->told(tick->missing).ok());
  CHECK(house.archive->tick()->missing.empty());
  house.open();
  CHECK(house.archive->tick()->missing.empty());
  for (const bool repair : {false, true, false}) {
    const CheckReport report = check_all(house, repair);
    REQUIRE(report.missing.size() == gone);
    const MissingSegment& missing = gone == 1 ? report.missing[0] : report.missing[1];
    CHECK(missing.known);
    CHECK(missing.time == seconds(4, 8));
    CHECK(report.segments == static_cast<int>(3 - gone));
  }
  CHECK(house.archive->day_totals()->size() == (gone == 1 ? 1U : 0U));
  // After its time nobody misses it.
  house.clock.now_ += house.keep_for;
  CHECK(check_all(house, false).missing.empty());
  CHECK(house.archive->tick()->evicted == 3);
  CHECK(check_all(house, true).clean());
}

TEST_CASE("what is missing costs no bytes and is a gap, and a request of it alone is told so") {
  House house;
  house.record_film(film());
  const std::vector<Path> files = house.files();
  std::filesystem::remove(files[1]);
  // Noticed by the cut itself.
  std::vector<Instant> wanted = frames_in(seconds(0, 4), kFrames);
  const std::vector<Instant> after = frames_in(seconds(8, 12), kFrames);
  wanted.insert(wanted.end(), after.begin(), after.end());
  CHECK(kept(house, kAll) == wanted);
  CHECK(house.archive->bytes() ==
        std::filesystem::file_size(files[0]) + std::filesystem::file_size(files[2]));
  CHECK(house.archive->tick()->missing.size() == 1);
  const auto alone = house.cut(seconds(5, 6));
  CHECK(absl::IsDataLoss(alone.status()));
  CHECK(message_of(alone.status()).find(files[1].stem().string()) != std::string::npos);
  CHECK(message_of(alone.status()).find("its file is gone") != std::string::npos);
  CHECK(house.archive->uncommitted(kAll.to)->size() == 2);
}

TEST_CASE("a file that was away and is back is whole again, with its leaf of the ledger") {
  House house;
  house.record_film(film());
  const Path file = house.files()[1];
  const std::uint64_t bytes = house.archive->bytes();
  const auto all = house.archive->uncommitted(kAll.to);
  REQUIRE(house.archive->committed({(*all)[1].name.id()}, 17).ok());
  const Path aside = house.folder.path() / "aside";
  std::filesystem::rename(file, aside);
  CHECK(check_all(house, true).missing.size() == 1);
  std::filesystem::rename(aside, file);
  CHECK(check_all(house, false).returned.size() == 1);
  CHECK(check_all(house, true).returned.size() == 1);
  CHECK(check_all(house, true).clean());
  CHECK(house.archive->bytes() == bytes);
  CHECK(house.cut(seconds(5, 6))->front().sources.front().ledger_index == 17);
  // Another file in its place is not it.
  std::filesystem::rename(file, aside);
  house.open();
  std::filesystem::copy_file(house.files()[0], file);
  CHECK(check_all(house, true).damaged.size() == 1);
  CHECK(absl::IsDataLoss(house.cut(seconds(5, 6)).status()));
}

TEST_CASE("a segment that is damaged in its middle keeps what comes before; twice is nothing new") {
  House house;
  house.record_film(large());
  const Path file = house.files()[1];
  const std::uint64_t size = std::filesystem::file_size(file);
  if (GENERATE(true, false)) {
    damage(file, size / 2);
  } else {
    std::filesystem::resize_file(file, size / 2);
  }
  const std::uint64_t size_now = std::filesystem::file_size(file);
  CHECK(absl::IsDataLoss(house.cut(kAll).status()));
  for (int i = 0; i < 2; ++i) {
    const CheckReport only_looked = check_all(house, false);
    REQUIRE(only_looked.damaged.size() == 1);
    CHECK(!only_looked.damaged[0].known);
    CHECK(only_looked.unreadable.empty());
    CHECK(only_looked.segments == 1);
    CHECK(house.files().size() == 2);
  }
  const CheckReport repaired = check_all(house, true);
  REQUIRE(repaired.damaged.size() == 1);
  CHECK(repaired.damaged[0].time == seconds(4, 8));
  const Interval saved = repaired.damaged[0].saved;
  CHECK(saved.from == kStart + std::chrono::seconds{4});
  CHECK(saved.to > saved.from);
  CHECK(saved.to < kStart + std::chrono::seconds{8});
  CHECK(repaired.segments == 2);
  for (const bool repair : {true, false}) {
    const CheckReport again = check_all(house, repair);
    REQUIRE(again.damaged.size() == 1);
    CHECK(again.damaged[0].known);
    CHECK(again.damaged[0].saved == saved);
    CHECK(again.added.empty());
    CHECK(again.unreadable.empty());
    CHECK(again.segments == 2);
  }
  // The file stays as it was, and the cut has what can be read.
  CHECK(std::filesystem::file_size(file) == size_now);
  CHECK(kept(house, kAll) == frames_in({kStart, saved.to}, 80));
  house.open();
  CHECK(kept(house, kAll) == frames_in({kStart, saved.to}, 80));
  // Both go when their time ends.
  house.clock.now_ += house.keep_for;
  CHECK(house.archive->tick()->evicted == 3);
  CHECK(house.files().empty());
}

TEST_CASE("a damaged segment of which nothing can be read is marked, and a request names it") {
  House house;
  house.record_film(film());
  const Path file = house.files()[1];
  damage(file, 300);
  const CheckReport repaired = check_all(house, true);
  REQUIRE(repaired.damaged.size() == 1);
  CHECK(repaired.damaged[0].saved.empty());
  CHECK(check_all(house, true).damaged[0].known);
  CHECK(kept(house, kAll).size() == 80);
  const auto alone = house.cut(seconds(5, 6));
  CHECK(absl::IsDataLoss(alone.status()));
  CHECK(message_of(alone.status()).find(file.stem().string()) != std::string::npos);
  CHECK(message_of(alone.status()).ends_with(kMendFirst));
}

TEST_CASE("a damaged segment that can be read again takes its place back") {
  House house;
  house.record_film(large());
  const Path file = house.files()[1];
  const std::string whole = *read_file(file, 1 << 26);
  damage(file, whole.size() / 2);
  REQUIRE(check_all(house, true).damaged.size() == 1);
  CHECK(house.files().size() == 3);
  REQUIRE(write_file_durably(file, whole).ok());
  CHECK(check_all(house, false).returned.size() == 1);
  const CheckReport back = check_all(house, true);
  CHECK(back.returned.size() == 1);
  CHECK(back.damaged.empty());
  REQUIRE(house.archive->tick().ok());
  CHECK(check_all(house, true).clean());
  CHECK(house.files().size() == 2);
  CHECK(kept(house, kAll) == frames_in(kAll, 80));
}

TEST_CASE("other footage under a segment's name is never given for it, whole or in part") {
  House house;
  house.record_film(film());
  // The same names, other pictures, to the same keys.
  House other;
  other.archive.reset();
  other.keyring = *crypto::Keyring::open(house.folder.path() / "keyring");
  other.open();
  other.record_film(test::make_film(kFrames, 20, 0, 192));
  std::filesystem::copy_file(other.files()[1], house.files()[1],
                             std::filesystem::copy_options::overwrite_existing);
  const CheckReport repaired = check_all(house, true);
  REQUIRE(repaired.damaged.size() == 1);
  CHECK(repaired.damaged[0].saved.empty());
  CHECK(repaired.damaged[0].why.find("not what was recorded") != std::string::npos);
  CHECK(house.files().size() == 3);
  CHECK(kept(house, kAll).size() == 80);
}

TEST_CASE("what is not ours is left alone, and named each time as nothing to repair") {
  House house;
  house.record_film(film());
  const std::vector<Path> files = house.files();
  const Path day = files[0].parent_path();
  std::filesystem::remove(files[0]);
  REQUIRE(write_file_durably(day / "notes.txt", "x").ok());
  REQUIRE(write_file_durably(day / "12-abcdefghij.age", "not an age file").ok());
  for (const bool repair : {false, true, true, false}) {
    const CheckReport report = check_all(house, repair);
    CHECK(report.segments == 2);
    CHECK(report.missing.size() == 1);
    CHECK(report.unreadable.size() == 2);
    CHECK(report.damaged.empty());
    CHECK(report.added.empty());
    CHECK(report.failed.empty());
  }
  CHECK(check_all(house, false).missing[0].known);
  CHECK(house.archive->tick().ok());
  CHECK(std::filesystem::exists(day / "notes.txt"));
  CHECK(std::filesystem::exists(day / "12-abcdefghij.age"));
}

TEST_CASE("a file that cannot be read now is neither damaged nor gone") {
  House house;
  house.record_film(film());
  const Path file = house.files()[1];
  const Path aside = house.folder.path() / "aside";
  std::filesystem::rename(file, aside);
  std::filesystem::create_symlink(file.filename(), file);
  const CheckReport report = check_all(house, true);
  CHECK(report.missing.empty());
  CHECK(report.damaged.empty());
  CHECK(report.failed.size() == 1);
  std::filesystem::remove(file);
  std::filesystem::rename(aside, file);
  CHECK(check_all(house, true).clean());
}

TEST_CASE("a day whose key is lost is one fault, and a request of it alone is told so") {
  House house;
  house.record_film(film());
  test::Recording next_day;
  next_day.start = kStart + std::chrono::hours{24};
  next_day.run = "bbbbbbbbbb";
  house.record_film(film(), next_day);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < 3; ++i) bytes += std::filesystem::file_size(house.files()[i]);
  REQUIRE(check_all(house, false).clean());
  const Path key = house.folder.path() / "keyring" / "day-2026-05-04.key";
  const Path aside = house.folder.path() / "aside";
  std::filesystem::rename(key, aside);
  for (const bool repair : {false, true, false}) {
    const CheckReport report = check_all(house, repair);
    CHECK(!report.clean());
    REQUIRE(report.keyless.size() == 1);
    CHECK(report.keyless[0].day == "2026-05-04");
    CHECK(report.keyless[0].segments == 3);
    CHECK(report.keyless[0].size_bytes == bytes);
    CHECK(report.segments == 3);  // the other day's
    CHECK(report.unreadable.empty());
    CHECK(report.damaged.empty());
    CHECK(report.missing.empty());
    CHECK(report.failed.empty());
    if (repair) house.open();
  }
  CHECK(keyless_days(*house.archive->day_totals()).size() == 1);
  const auto alone = house.cut(seconds(5, 6));
  CHECK(absl::IsDataLoss(alone.status()));
  CHECK(message_of(alone.status()).find("the key of 2026-05-04 is missing") != std::string::npos);
  const auto both = house.archive->footage("front", {kStart, kStart + std::chrono::hours{25}});
  REQUIRE(both.ok());
  CHECK(both->segments.size() == 3);
  // Somebody has a copy.
  std::filesystem::rename(aside, key);
  CHECK(check_all(house, false).clean());
  CHECK(kept(house, seconds(0, 12)) == frames_in(seconds(0, 12), kFrames));
}

TEST_CASE("an unfinished file that is gone by now is no fault to tell of") {
  House house;
  {
    const auto appender = house.archive->appender();
    REQUIRE(appender->begin(test::head_of(film())).ok());
  }
  REQUIRE(house.files(".part").size() == 1);
  std::filesystem::remove(house.files(".part")[0]);
  CHECK(house.archive->tick()->not_mended.ok());
  CHECK(house.archive->tick()->not_mended.ok());
}

}  // namespace
}  // namespace latchstring::archive
