// kill -9 while the real recorder's segmenter writes through the real appender.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "gateway/crypto/age.h"
#include "gateway/media/segmenter.h"
#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::House;
using test::kStart;

constexpr std::size_t kPerSecond = 10;
constexpr int kTurns = 4;  // of the film: 80 s, so that a segment ends

// The child says one byte for each picture that it has recorded.
class Progress {
 public:
  Progress() {
    int ends[2] = {-1, -1};
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    read_ = UniqueFd(ends[0]);
    write_ = UniqueFd(ends[1]);
  }
  // In the child.
  void say() const {
    if (::write(write_.get(), "+", 1) != 1) ::_exit(5);
  }
  // In the parent: so many, or all there were before the child's end.
  std::size_t wait_for(std::size_t pictures) {
    write_.reset();
    char byte = 0;
    while (count_ < pictures && ::read(read_.get(), &byte, 1) == 1) ++count_;
    return count_;
  }

 private:
  UniqueFd read_;
  UniqueFd write_;
  std::size_t count_ = 0;
};

std::vector<test::FilmUnit> played(const test::Film& film) {
  std::vector<test::FilmUnit> units;
  const auto length = static_cast<std::int64_t>(film.units.size()) * 100'000'000;
  for (int turn = 0; turn < kTurns; ++turn) {
    for (test::FilmUnit unit : film.units) {
      unit.pts_ns += turn * length;
      units.push_back(std::move(unit));
    }
  }
  return units;
}

[[noreturn]] void record_for_ever(const Options& options, House& house, const StreamInfo& info,
                                  const std::vector<test::FilmUnit>& units,
                                  const Progress& progress) {
  auto archive = Archive::open(options, *house.keyring, house.clock);
  if (!archive.ok()) ::_exit(3);
  const auto sink = (*archive)->appender();
  media::Segmenter segmenter({"front", [](Instant t) { return t + std::chrono::hours{24}; }},
                             *sink);
  segmenter.set_format(Track::video, info.video_caps);
  for (const test::FilmUnit& unit : units) {
    const Duration since{unit.pts_ns / 1000};
    segmenter.add({Track::video, unit.is_key, unit.pts_ns, unit.data, kStart + since, since});
    progress.say();
    ::usleep(300);
  }
  for (;;) ::pause();
}

// Whole and in order from the first on: how many pictures are there.
std::size_t pictures_left(House& house) {
  auto parts = house.cut({kStart, kStart + std::chrono::hours{1}});
  if (!parts.ok()) {
    CHECK(absl::IsNotFound(parts.status()));
    return 0;
  }
  std::vector<Instant> kept;
  for (Part& part : *parts) {
    for (const Instant utc : test::kept_pictures(test::read_all(*part.reader))) kept.push_back(utc);
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    CHECK(kept[i] == kStart + static_cast<int>(i) * test::kFrame);
  }
  return kept.size();
}

TEST_CASE("kill -9 at any moment loses at most two seconds and what fills one age chunk") {
  // A chunk lasts many seconds of the one and less than a second of the other.
  const auto kind = GENERATE(test::Kind::h264, test::Kind::h264_noise);
  const test::Film film = test::make_camera_film(kind, 200, 10);
  const std::vector<test::FilmUnit> units = played(film);
  std::mt19937 random{static_cast<unsigned>(kind) + 1};
  for (int turn = 0; turn < 6; ++turn) {
    House house;
    const Options options = house.options();
    house.archive.reset();
    Progress progress;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) record_for_ever(options, house, film.info, units, progress);
    const std::size_t until = random() % units.size();
    REQUIRE(progress.wait_for(until) == until);
    ::usleep(static_cast<useconds_t>(random() % 1000));
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const std::size_t recorded = progress.wait_for(units.size());

    house.open();
    CHECK(house.archive->found_at_open().unreadable.empty());
    CHECK(house.files(".part").empty());
    const std::size_t left = pictures_left(house);
    INFO(recorded << " pictures were recorded, " << left << " are left");
    // A second in memory, a second that straddles two chunks, and the chunk that was filling.
    std::size_t bytes = 0;
    for (std::size_t i = left + kPerSecond; i + kPerSecond < recorded; ++i) {
      bytes += units[i].data.size();
    }
    CHECK(bytes <= crypto::age::kChunkPlain);
    // And again: nothing is left to do.
    house.open();
    CHECK(house.archive->found_at_open().clean());
    CHECK(house.archive->check(false)->clean());
  }
}

}  // namespace
}  // namespace latchstring::archive
