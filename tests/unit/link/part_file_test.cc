#include "gateway/link/part_file.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::link {
namespace {

Incoming file_of(std::uint64_t size) {
  Incoming file;
  file.size = size;
  file.chunks = wire::chunk_count(size);
  file.merkle_root.fill(7);
  return file;
}

struct Saved {
  test::TemporaryFolder folder;
  Incoming file = file_of(150'000);
  Saved() {
    auto part = *PartFile::open(folder.path(), "clip");
    REQUIRE(part->load_map(file)->count() == 0);
    Bitmap stored(3);
    stored.set(0);  // file chunk 1
    REQUIRE(part->write(wire::kChunkBytes, Bytes(wire::kChunkBytes, 1)).ok());
    REQUIRE(part->save_map(stored).ok());
  }
  std::uint64_t loaded(const Incoming& wanted) const {
    return (*PartFile::open(folder.path(), "clip"))->load_map(wanted)->count();
  }
};

TEST_CASE("a map is found again, for this very file only") {
  Saved saved;
  CHECK(saved.loaded(saved.file) == 1);
  Incoming other = saved.file;
  other.merkle_root.fill(8);
  CHECK(saved.loaded(other) == 0);
  other = file_of(saved.file.size - 1);
  CHECK(saved.loaded(other) == 0);
}

TEST_CASE("a map that claims more than the part holds is not believed") {
  Saved saved;
  std::filesystem::resize_file(saved.folder.path() / "clip.part", wire::kChunkBytes * 2 - 1);
  CHECK(saved.loaded(saved.file) == 0);
}

TEST_CASE("a damaged map is an empty one; a newer version is refused in words") {
  Saved saved;
  const Path map = saved.folder.path() / "clip.map";
  std::string content = *read_file(map, 1000);
  REQUIRE(write_file_durably(map, content.substr(0, content.size() - 1)).ok());
  CHECK(saved.loaded(saved.file) == 0);
  REQUIRE(write_file_durably(map, "x").ok());
  CHECK(saved.loaded(saved.file) == 0);
  content[4] = 2;
  REQUIRE(write_file_durably(map, content).ok());
  const auto newer = (*PartFile::open(saved.folder.path(), "clip"))->load_map(saved.file);
  CHECK(absl::IsFailedPrecondition(newer.status()));
}

TEST_CASE("finished, the part has its name and the map is gone; discarded, both are") {
  Saved saved;
  REQUIRE((*PartFile::open(saved.folder.path(), "clip"))
              ->finish(saved.folder.path() / "clip.age")
              .ok());
  CHECK(std::filesystem::exists(saved.folder.path() / "clip.age"));
  CHECK(!std::filesystem::exists(saved.folder.path() / "clip.part"));
  CHECK(!std::filesystem::exists(saved.folder.path() / "clip.map"));
  Saved another;
  REQUIRE((*PartFile::open(another.folder.path(), "clip"))->discard().ok());
  CHECK(std::filesystem::is_empty(another.folder.path()));
}

}  // namespace
}  // namespace latchstring::link
