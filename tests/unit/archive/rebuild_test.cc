// A lost index: what is known of the segments again, and when.
#include <fcntl.h>

#include <filesystem>

#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::film;
using test::House;
using test::kStart;

const Interval kAll{kStart, kStart + std::chrono::hours{1}};

void lose_index(House& house) {
  house.archive.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove((house.folder.path() / "archive" / "index.db").string() + suffix);
  }
}

// What stands in its place leads nowhere: neither there nor gone, as on a disk that fails.
class Unreadable {
 public:
  explicit Unreadable(Path path) : path_(std::move(path)), aside_(path_.string() + ".aside") {
    std::filesystem::rename(path_, aside_);
    std::filesystem::create_symlink(path_.filename(), path_);
  }
  ~Unreadable() {
    std::filesystem::remove(path_);
    std::filesystem::rename(aside_, path_);
  }

 private:
  const Path path_;
  const Path aside_;
};

TEST_CASE("a missing or damaged index is made anew from the segments") {
  House house;
  house.record_film(film());
  const auto before = house.archive->uncommitted(kAll.to);
  house.archive.reset();
  const Path index = house.folder.path() / "archive" / "index.db";
  if (GENERATE(true, false)) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(index.string() + suffix);
    }
  } else {
    REQUIRE(write_file_durably(index, std::string(20'000, 'x')).ok());
  }
  house.open();
  CHECK(house.archive->found_at_open().index_rebuilt);
  CHECK(house.archive->found_at_open().added.size() == before->size());
  // Known at once, by name; the ledger waits for the hashes, and so does a release.
  CHECK(house.archive->day_totals()->front().segments == before->size());
  CHECK(house.archive->uncommitted(kAll.to)->empty());
  SECTION("hashed as time goes by") {
    for (std::size_t i = 0; i < before->size(); ++i) REQUIRE(house.archive->tick().ok());
  }
  SECTION("hashed before a cut") {
    CHECK(!*house.archive->hashes_missing("front", kAll));
  }
  SECTION("hashed by a cut") {
    const auto parts = house.cut(kAll);
    REQUIRE(parts->front().sources.size() == before->size());
    for (const SourceSegment& source : parts->front().sources) CHECK(source.sha256.size() == 64);
  }
  const auto after = house.archive->uncommitted(kAll.to);
  REQUIRE(after->size() == before->size());
  for (std::size_t i = 0; i < after->size(); ++i) {
    CHECK((*after)[i].name == (*before)[i].name);
    CHECK((*after)[i].time == (*before)[i].time);
    CHECK((*after)[i].sha256 == (*before)[i].sha256);
    CHECK((*after)[i].size_bytes == (*before)[i].size_bytes);
  }
}

TEST_CASE("with the index lost, a damaged segment is found, and never released") {
  House house;
  house.record_film(film());
  const Path damaged = house.files()[1];
  house.archive.reset();
  const Path index = house.folder.path() / "archive" / "index.db";
  REQUIRE(write_file_durably(index, std::string(20'000, 'x')).ok());
  const auto fd = open_file(damaged, O_RDWR);
  REQUIRE(pwrite_all(fd->get(), Bytes(64, 0xEE), std::filesystem::file_size(damaged) / 2).ok());
  house.open();
  for (int i = 0; i < 5; ++i) CHECK(house.archive->tick().ok());
  CHECK(house.archive->uncommitted(kAll.to)->size() == 2);
  CHECK(absl::IsDataLoss(house.cut(kAll).status()));
  const auto page = house.archive->page("", 16);
  REQUIRE(page->segments.size() == 3);
  const auto examine = house.archive->examiner(false);
  CHECK(absl::IsDataLoss(examine(page->segments[1]).whole));
  CHECK(examine(page->segments[2]).whole.ok());
}

TEST_CASE("a file that cannot be read for a while gets its hash later, and holds up no other") {
  House house;
  house.record_film(film());
  lose_index(house);
  house.open();
  {
    const Unreadable for_a_while(house.files()[0]);
    bool was_said = false;
    for (int i = 0; i < 6; ++i) was_said |= !house.archive->tick()->not_mended.ok();
    CHECK(was_said);
    CHECK(house.archive->uncommitted(kAll.to)->size() == 2);
    house.clock.now_ += kMendPatience;
    for (int i = 0; i < 6; ++i) CHECK(house.archive->tick().ok());
    CHECK(house.archive->uncommitted(kAll.to)->size() == 2);
  }
  house.clock.now_ += kMendPatience;
  for (int i = 0; i < 3; ++i) CHECK(house.archive->tick()->not_mended.ok());
  CHECK(house.archive->uncommitted(kAll.to)->size() == 3);
}

TEST_CASE("a rebuild that ended half way goes on at the next start") {
  House house;
  house.record_film(film());
  test::Recording later;
  later.start = kStart + std::chrono::hours{24};
  house.record_film(film(), later);
  const Path old_day = house.files().front().parent_path();
  lose_index(house);
  {
    // Newest first: the old day ends it as a kill would.
    const Unreadable half_way(old_day);
    const auto opened = Archive::open(house.options(), *house.keyring, house.clock);
    CHECK(!opened.ok());
  }
  house.open();
  CHECK(house.archive->found_at_open().index_rebuilt);
  CHECK(house.archive->found_at_open().added.size() == 3);
  REQUIRE(house.archive->day_totals()->size() == 2);
  CHECK(house.archive->day_totals()->front().segments == 3);
  house.open();
  CHECK(house.archive->found_at_open().clean());
}

TEST_CASE("with the index lost, what a damaged file still has is found, the last of a run too") {
  House house;
  house.record_film(test::make_camera_film(test::Kind::h264_noise, 80, 20));
  const Path last = house.files().back();
  lose_index(house);
  std::filesystem::resize_file(last, std::filesystem::file_size(last) / 2);
  house.open();
  const CheckReport& found = house.archive->found_at_open();
  REQUIRE(found.damaged.size() == 1);
  CHECK(found.damaged[0].saved.from == kStart + std::chrono::seconds{4});
  CHECK(!found.damaged[0].saved.empty());
  CHECK(std::filesystem::exists(last));
  CHECK(house.cut(kAll).ok());
  house.open();
  CHECK(house.archive->found_at_open().damaged[0].known);
}

}  // namespace
}  // namespace latchstring::archive
