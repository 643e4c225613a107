// Keys of days that are lost, damaged, exchanged or put back: nothing more is lost by it.
#include "gateway/archive/day_keys.h"

#include <fcntl.h>

#include <algorithm>

#include "gateway/base/status.h"
#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::check_all;
using test::film;
using test::House;
using test::kept_pictures;
using test::kFrames;
using test::kStart;
using test::seconds;

const std::string kDay = "2026-05-04";
constexpr Duration kLater = std::chrono::minutes{10};

Path key_file(const House& house, const std::string& name) {
  return house.folder.path() / "keyring" / (name + ".key");
}

void record_later(House& house, std::string run = "bbbbbbbbbb", int times = 1) {
  test::Recording later;
  later.start = kStart + times * kLater;
  later.run = std::move(run);
  house.record_film(film(), later);
}

std::size_t pictures(House& house, Interval interval) {
  auto parts = house.cut(interval);
  INFO(parts.status());
  REQUIRE(parts.ok());
  std::size_t count = 0;
  for (Part& part : *parts) count += kept_pictures(test::read_all(*part.reader)).size();
  return count;
}

Interval later(Interval interval, int times = 1) {
  return {interval.from + times * kLater, interval.to + times * kLater};
}

const Interval kFilm = seconds(0, 12);
const Interval kHour{kStart, kStart + std::chrono::hours{1}};

void flip_a_byte(const Path& file) {
  std::string bytes = *read_file(file, 1 << 16);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  REQUIRE(write_file_durably(file, bytes, 0600).ok());
}

TEST_CASE("a forgotten day stays forgotten: reading never makes a key") {
  crypto::start();
  const latchstring::test::TemporaryFolder folder;
  const auto keyring = *crypto::Keyring::open(folder.path() / "keyring");
  DayKeys keys(*keyring);
  CHECK(absl::IsNotFound(keys.identity(kDay, folder.path() / "none").status()));
  const auto recipient = keys.recipient(kDay);
  REQUIRE(recipient.ok());
  CHECK(keys.identity(kDay, folder.path() / "none")->recipient() == *recipient);
  CHECK(*keys.recipient(kDay) == *recipient);
  CHECK(keys.days() == std::vector<std::string>{kDay});
  REQUIRE(keys.destroy(kDay).ok());
  CHECK(absl::IsNotFound(keys.identity(kDay, folder.path() / "none").status()));
  CHECK(keys.days().empty());
  CHECK(!(*keys.recipient(kDay) == *recipient));
  CHECK(!keys.recipient("../kek").ok());
}

TEST_CASE("what cannot be a day's key is none, and each day is named once") {
  crypto::start();
  const latchstring::test::TemporaryFolder folder;
  const auto keyring = *crypto::Keyring::open(folder.path());
  for (const char* name : {"day-2026-05-04", "day-2026-05-04-2", "day-2026-05-03-3",
                           "day-2026-05-02-1", "day-2026-05-02-02", "day-2026-05-02-x",
                           "day-2026-05-02-2x", "day-2026-05-02-100", "day-2026-5-02", "inbox"}) {
    REQUIRE(keyring->store(name, crypto::Secret::random(32)).ok());
  }
  DayKeys keys(*keyring);
  CHECK(keys.days() == std::vector<std::string>{"2026-05-03", kDay});
  const std::size_t before = keyring->names().size();
  REQUIRE(keys.destroy(kDay).ok());
  CHECK(keyring->names().size() == before - 2);
  CHECK(keys.days() == std::vector<std::string>{"2026-05-03"});
}

TEST_CASE("a further key goes on where the first is not, also where no footage is known") {
  crypto::start();
  const latchstring::test::TemporaryFolder folder;
  const auto keyring = *crypto::Keyring::open(folder.path());
  REQUIRE(keyring->store("day-2026-05-04-2", crypto::Secret::random(32)).ok());
  DayKeys keys(*keyring);
  REQUIRE(keys.recipient(kDay).ok());
  CHECK(keyring->names() == std::vector<std::string>{"day-2026-05-04-2"});
  // That one goes while it is in use: the next has another name again.
  const crypto::age::Recipient second = *keys.recipient(kDay);
  std::filesystem::remove(folder.path() / "day-2026-05-04-2.key");
  CHECK(!(*keys.recipient(kDay) == second));
  CHECK(keyring->names() == std::vector<std::string>{"day-2026-05-04-3"});
}

TEST_CASE("there is a limit to the keys of a day") {
  crypto::start();
  const latchstring::test::TemporaryFolder folder;
  const auto keyring = *crypto::Keyring::open(folder.path());
  REQUIRE(keyring->store("day-2026-05-04-99", crypto::Secret::random(31)).ok());
  DayKeys keys(*keyring);
  CHECK(absl::IsResourceExhausted(keys.recipient(kDay).status()));
  CHECK(keyring->names().size() == 1);
}

TEST_CASE("the lost key of today is told of until it is put back, and costs nothing") {
  House house;
  house.record_film(film());
  const bool restarted = GENERATE(true, false);
  const bool damaged = GENERATE(true, false);
  CAPTURE(restarted, damaged);
  const Path key = key_file(house, "day-2026-05-04");
  const Path copy = house.folder.path() / "copy";
  std::filesystem::copy_file(key, copy);
  if (damaged) {
    flip_a_byte(key);
  } else {
    std::filesystem::remove(key);
  }
  if (restarted) house.open();
  record_later(house);
  CHECK(std::filesystem::exists(key) == damaged);
  CHECK(std::filesystem::exists(key_file(house, "day-2026-05-04-2")));
  CHECK(house.archive->keys().days() == std::vector<std::string>{kDay});
  for (const bool repair : {false, true, false}) {
    const CheckReport report = check_all(house, repair);
    REQUIRE(report.keyless.size() == 1);
    CHECK(report.keyless[0].fault.file == "day-2026-05-04.key");
    CHECK(report.keyless[0].fault.what == (damaged ? "is damaged" : "is missing"));
    CHECK(report.keyless[0].fault.has_other);
    CHECK(report.segments == 3);  // of the further key
    CHECK(report.damaged.empty());
    CHECK(report.unreadable.empty());
    CHECK(report.missing.empty());
    CHECK(report.failed.empty());
    if (repair) house.open();
  }
  CHECK(absl::IsDataLoss(house.cut(kFilm).status()));
  CHECK(pictures(house, later(kFilm)) == static_cast<std::size_t>(kFrames));
  CHECK(pictures(house, kHour) == static_cast<std::size_t>(kFrames));
  // As the household is told.
  std::filesystem::copy_file(copy, key, std::filesystem::copy_options::overwrite_existing);
  CHECK(check_all(house, false).clean());
  CHECK(pictures(house, kHour) == static_cast<std::size_t>(2 * kFrames));
  record_later(house, "cccccccccc", 2);
  CHECK(pictures(house, kHour) == static_cast<std::size_t>(3 * kFrames));
  house.open();
  CHECK(check_all(house, true).clean());
}

TEST_CASE("a forgotten day loses all its keys") {
  House house;
  house.record_film(film());
  std::filesystem::remove(key_file(house, "day-2026-05-04"));
  record_later(house);
  house.clock.now_ += std::chrono::hours{24 * 10};
  const auto tick = house.archive->tick();
  REQUIRE(tick.ok());
  CHECK(tick->forgotten_days == std::vector<std::string>{kDay});
  CHECK(house.archive->keys().days().empty());
  CHECK(!std::filesystem::exists(key_file(house, "day-2026-05-04-2")));
  CHECK(keyless_days(*house.archive->day_totals()).empty());
}

TEST_CASE("a crash under a further key is mended, and what lay under the lost one is left alone") {
  House house;
  const auto cut_short = [&house](std::string run, Instant start) {
    test::Recording recording;
    recording.run = std::move(run);
    recording.start = start;
    house.record_film(film(), recording);
    const Path file = house.files().back();
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 10);
    std::filesystem::rename(file, Path(file).replace_extension(".part"));
  };
  cut_short("bbbbbbbbbb", kStart);
  std::filesystem::remove(key_file(house, "day-2026-05-04"));
  cut_short("cccccccccc", kStart + kLater);
  REQUIRE(house.files(".part").size() == 2);
  house.open();
  REQUIRE(house.files(".part").size() == 1);
  CHECK(house.files(".part")[0].string().find("-bbbbbbbbbb") != std::string::npos);
}

TEST_CASE("a damaged key of an earlier day is one fault of that day") {
  House house;
  house.record_film(film());
  test::Recording next_day;
  next_day.start = kStart + std::chrono::hours{24};
  next_day.run = "bbbbbbbbbb";
  house.record_film(film(), next_day);
  const Path key = key_file(house, "day-2026-05-04");
  flip_a_byte(key);
  for (const bool repair : {false, true, false}) {
    const CheckReport report = check_all(house, repair);
    REQUIRE(report.keyless.size() == 1);
    CHECK(report.keyless[0].fault.what == "is damaged");
    CHECK(!report.keyless[0].fault.has_other);
    CHECK(report.keyless[0].segments == 3);
    CHECK(report.segments == 3);  // the other day's
    CHECK(report.damaged.empty());
    CHECK(report.unreadable.empty());
    CHECK(report.failed.empty());
  }
  const absl::Status cut = house.cut(kFilm).status();
  CHECK(absl::IsDataLoss(cut));
  CHECK(message_of(cut).find("the key of 2026-05-04 is damaged") != std::string::npos);
  flip_a_byte(key);
  CHECK(check_all(house, false).clean());
  CHECK(pictures(house, kFilm) == static_cast<std::size_t>(kFrames));
}

TEST_CASE("a segment that is damaged is damaged, whatever keys the day has") {
  House house;
  house.record_film(film());
  std::filesystem::remove(key_file(house, "day-2026-05-04"));
  record_later(house);
  const Path file = house.files().back();
  const auto fd = open_file(file, O_RDWR);
  REQUIRE(fd.ok());
  REQUIRE(pwrite_all(fd->get(), Bytes(64, 0xEE), std::filesystem::file_size(file) - 200).ok());
  const CheckReport report = check_all(house, false);
  CHECK(report.keyless.size() == 1);
  CHECK(report.damaged.size() == 1);
  CHECK(report.unreadable.empty());
}

}  // namespace
}  // namespace latchstring::archive
