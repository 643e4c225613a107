#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/archive/recovery.h"
#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::film;
using test::House;
using test::kept_pictures;
using test::kStart;

const Interval kAll{kStart, kStart + std::chrono::hours{1}};

// Puts a whole segment back to what a crash leaves: the unfinished file, cut at `size`.
Path crash(House& house, std::size_t which, std::uint64_t size) {
  house.archive.reset();
  const Path file = house.files()[which];
  Path part = file;
  part.replace_extension(".part");
  std::filesystem::rename(file, part);
  if (size < std::filesystem::file_size(part)) std::filesystem::resize_file(part, size);
  return part;
}

TEST_CASE("a file cut at any place is recovered or gone, and never blocks the start") {
  static const test::Film large = test::make_film(80, 20, 0, 1280);
  for (const int tenth : {0, 1, 3, 5, 7, 9}) {
    House house;
    test::Recording recording;
    recording.segment = std::chrono::seconds{60};
    house.record_film(large, recording);
    const auto size = std::filesystem::file_size(house.files()[0]);
    crash(house, 0, size * static_cast<unsigned>(tenth) / 10);
    house.open();
    CHECK(house.files(".part").empty());
    CHECK(house.archive->found_at_open().unreadable.empty());
    auto parts = house.cut(kAll);
    if (!parts.ok()) continue;
    const auto kept = kept_pictures(test::read_all(*parts->front().reader));
    CHECK(!kept.empty());
    CHECK(kept.size() < 80);
    CHECK(parts->front().sources.front().id.ends_with("-recovered"));
  }
}

TEST_CASE("a disk that takes no more ends the segment early; what it took is recovered") {
  static const test::Film large = test::make_film(200, 10, 0, 1280);
  rlim_t bytes = 0;
  for (const auto& unit : large.units) bytes += unit.data.size();
  REQUIRE(bytes > 200'000);
  House house;
  const Options options = house.options();
  house.archive.reset();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto archive = Archive::open(options, *house.keyring, house.clock);
    // No file grows past this: writes fail as on a full disk.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes / 2, bytes / 2};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    test::Recording recording;
    recording.segment = std::chrono::seconds{60};
    const auto appender = (*archive)->appender();
    const absl::Status status = test::record(*appender, large, recording);
    ::_exit(status.ok() ? 1 : 42);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 42);
  house.open();
  CHECK(house.archive->found_at_open().recovered.size() == 1);
  auto parts = house.cut(kAll);
  REQUIRE(parts.ok());
  CHECK(!kept_pictures(test::read_all(*parts->front().reader)).empty());
}

// In a child: fails as on a disk that is full, and then works again. 42: all as it should be.
int fill_and_mend(const Options& options, House& house, const test::Film& film, rlim_t bytes) {
  auto archive = Archive::open(options, *house.keyring, house.clock);
  if (!archive.ok()) return 1;
  ::signal(SIGXFSZ, SIG_IGN);
  const auto limit_to = [](rlim_t most) {
    const rlimit limit{most, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  };
  const media::SegmentHead head = test::head_of(film);
  const auto appender = (*archive)->appender();
  // The day's key is made while there is room.
  const media::SegmentEnd over{absl::OkStatus(), std::nullopt};
  if (!appender->begin(head).ok() || !appender->end(over).ok()) return 2;
  limit_to(0);
  if (appender->begin(head).ok()) return 2;
  if (!house.files(".part").empty()) return 3;
  limit_to(bytes);
  test::Recording recording;
  recording.segment = std::chrono::seconds{60};
  if (test::record(*appender, film, recording).ok()) return 4;
  if (appender->end(over).ok() || house.files(".part").size() != 1) return 5;
  limit_to(1000);  // still no room: said, and tried again later
  const auto still = (*archive)->tick();
  if (!still.ok() || still->not_mended.ok() || house.files(".part").size() != 1) return 6;
  limit_to(RLIM_INFINITY);
  house.clock.now_ += kMendPatience + Duration{1};
  const auto mended = (*archive)->tick();
  if (!mended.ok() || !mended->not_mended.ok()) return 7;
  if (!house.files(".part").empty() || house.files().size() != 1) return 8;
  if ((*archive)->footage("front", kAll).status().ok()) return 42;
  return 9;
}

TEST_CASE("what a full disk left unfinished is mended when there is room, without a restart") {
  static const test::Film large = test::make_film(200, 10, 0, 1280);
  rlim_t bytes = 0;
  for (const auto& unit : large.units) bytes += unit.data.size();
  House house;
  const Options options = house.options();
  house.archive.reset();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(fill_and_mend(options, house, large, bytes / 2));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
}

TEST_CASE("a whole file that only lacks its name is taken as it is") {
  House house;
  house.record_film(film());
  crash(house, 2, UINT64_MAX);
  house.open();
  CHECK(house.archive->found_at_open().recovered.size() == 1);
  auto parts = house.cut(kAll);
  REQUIRE(parts->size() == 1);
  CHECK(kept_pictures(test::read_all(*parts->front().reader)).size() == 120);
  CHECK(!parts->front().sources.back().id.ends_with("-recovered"));
}

TEST_CASE("a recovery that was itself cut short is done again") {
  House house;
  house.record_film(film());
  const Path part = crash(house, 2, UINT64_MAX);
  const Path half = part.parent_path() / (part.stem().string() + "-recovered.part");
  REQUIRE(write_file_durably(half, "half").ok());
  house.open();
  CHECK(house.files(".part").empty());
  CHECK(house.archive->found_at_open().recovered.size() == 1);
}

TEST_CASE("an index of a newer program, or another database, is refused and left alone") {
  House house;
  house.archive.reset();
  const Path index = house.folder.path() / "archive" / "index.db";
  const std::string pragma = GENERATE("user_version = 99", "application_id = 77");
  REQUIRE(std::system(fmt::format("python3 -c \"import sqlite3; d = sqlite3.connect('{}'); "
                                  "d.execute('PRAGMA {}'); d.commit()\"",
                                  index.string(), pragma)
                          .c_str()) == 0);
  const auto opened = Archive::open(house.options(), *house.keyring, house.clock);
  CHECK(absl::IsFailedPrecondition(opened.status()));
  CHECK(!std::filesystem::exists(index.string() + ".damaged"));
}

TEST_CASE("another house's index: rows without files are missed, files without rows are found") {
  House house;
  House other;
  house.record_film(film());
  test::Recording elsewhere;
  elsewhere.run = "zzzzzzzzzz";
  other.record_film(film(), elsewhere);
  house.archive.reset();
  other.archive.reset();
  std::filesystem::copy_file(other.folder.path() / "archive" / "index.db",
                             house.folder.path() / "archive" / "index.db",
                             std::filesystem::copy_options::overwrite_existing);
  house.open();
  CHECK(house.archive->found_at_open().missing.size() == 3);
  CHECK(house.archive->found_at_open().added.size() == 3);
  auto parts = house.cut(kAll);
  REQUIRE(parts.ok());
  CHECK(kept_pictures(test::read_all(*parts->front().reader)).size() == 120);
}

TEST_CASE("nothing of the footage is on the disk in the clear") {
  House house;
  house.record_film(film());
  const Bytes& unit = film().units[0].data;
  const std::string needle(as_text(ByteView(unit).subspan(unit.size() / 2, 32)));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(house.folder.path())) {
    if (!entry.is_regular_file()) continue;
    const std::string content = *read_file(entry.path(), 1 << 26);
    CHECK(content.find(needle) == std::string::npos);
    CHECK(content.find("ftyp") == std::string::npos);
  }
}

}  // namespace
}  // namespace latchstring::archive
