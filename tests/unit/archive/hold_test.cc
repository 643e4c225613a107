#include "gateway/archive/segment_file.h"
#include "gateway/crypto/encoding.h"
#include "tests/unit/archive/film.h"

namespace latchstring::archive {
namespace {

using test::House;
using test::kStart;

const test::Film& film() {
  static const test::Film film = test::make_film(80, 20);
  return film;
}

struct HoldFixture {
  HoldFixture() { house.record_film(film()); }
  Path hold() const { return house.folder.path() / "archive" / "holds" / "aaaaaaaaaa"; }
  absl::StatusOr<HoldJob> plan() {
    auto footage = house.archive->footage("front", {kStart, kStart + std::chrono::seconds{8}});
    REQUIRE(footage.ok());
    return house.archive->plan_hold("aaaaaaaaaa", *footage, household.recipient());
  }
  House house;
  const crypto::age::Identity household = crypto::age::Identity::generate();
};

TEST_CASE("a hold is the same plaintext for the household, and outlives the day's key") {
  HoldFixture f;
  const auto before = f.house.archive->uncommitted(f.house.clock.now_);
  {
    const auto job = f.plan();
    REQUIRE(job.ok());
    const auto held = run_hold(*job, f.house.archive->keys());
    REQUIRE(held.ok());
    REQUIRE(held->files.size() == 2);
    CHECK(held->files[0].sha256 == before->front().sha256);
    REQUIRE(f.house.archive->record_hold(*held, kStart + std::chrono::hours{48}).ok());
  }
  f.house.keep_bytes = 0;
  f.house.clock.now_ += std::chrono::hours{24};
  f.house.open();
  CHECK(f.house.archive->tick()->evicted == 2);
  CHECK(f.house.archive->keys().days().empty());

  crypto::Sha256 hash;
  const Path file = f.hold() / "front.2026-05-04.1777888800000000-abcdefghij.age";
  const auto plain = open_plain(file, f.household);
  REQUIRE(plain.ok());
  REQUIRE(read_through(*plain, [&](ByteView bytes) {
            hash.update(bytes);
            return absl::OkStatus();
          }).ok());
  CHECK(crypto::to_hex(hash.finish()) == before->front().sha256);

  f.house.clock.now_ += std::chrono::hours{25};
  CHECK(f.house.archive->tick().ok());
  CHECK(!std::filesystem::exists(f.hold()));
}

TEST_CASE("what the household decrypts plays in stock tools, frame by frame") {
  HoldFixture f;
  const auto held = run_hold(*f.plan(), f.house.archive->keys());
  REQUIRE(held.ok());
  const Path key = f.house.folder.path() / "key.txt";
  REQUIRE(write_file_durably(key, as_text(f.household.text().view()), 0600).ok());
  for (const HeldFile& file : held->files) {
    const Path clear = f.house.folder.path() / "clear.mp4";
    REQUIRE(std::system(fmt::format("age -d -i {} -o {} {}", key.string(), clear.string(),
                                    (held->folder / file.file).string())
                            .c_str()) == 0);
    REQUIRE(std::system(fmt::format("test $(ffprobe -v error -count_frames -select_streams v"
                                    " -show_entries stream=nb_read_frames -of csv=p=0 {}) = 40",
                                    clear.string())
                            .c_str()) == 0);
  }
}

TEST_CASE("over hold_bytes nothing is held") {
  HoldFixture f;
  f.house.hold_bytes = f.house.archive->bytes() - 1;
  f.house.open();
  CHECK(absl::IsResourceExhausted(f.plan().status()));
  f.house.hold_bytes = 2 * f.house.archive->bytes() - 1;
  f.house.open();
  const auto held = run_hold(*f.plan(), f.house.archive->keys());
  REQUIRE(f.house.archive->record_hold(*held, kStart + std::chrono::hours{48}).ok());
  CHECK(absl::IsFailedPrecondition(f.plan().status()));
  const auto footage =
      f.house.archive->footage("front", {kStart, kStart + std::chrono::seconds{8}});
  CHECK(absl::IsResourceExhausted(
      f.house.archive->plan_hold("bbbbbbbbbb", *footage, f.household.recipient()).status()));
  CHECK(!f.house.archive->plan_hold("../../x", *footage, f.household.recipient()).ok());
}

TEST_CASE(
    "a hold that a crash cut short is gone after the next start; a damaged segment is not held") {
  HoldFixture f;
  REQUIRE(run_hold(*f.plan(), f.house.archive->keys()).ok());  // never recorded
  CHECK(std::filesystem::exists(f.hold()));
  f.house.open();
  CHECK(!std::filesystem::exists(f.hold()));

  const auto job = f.plan();
  const Path file = f.house.files()[1];
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  CHECK(absl::IsDataLoss(run_hold(*job, f.house.archive->keys()).status()));
  CHECK(!std::filesystem::exists(f.hold()));
}

}  // namespace
}  // namespace latchstring::archive
