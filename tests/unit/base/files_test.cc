#include "gateway/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/lock_file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring {
namespace {

TEST_CASE("a durable write replaces the whole file and leaves nothing beside it") {
  const test::TemporaryFolder folder;
  const Path file = folder.path() / "rules.yaml";
  REQUIRE(write_file_durably(file, "old and longer").ok());
  REQUIRE(write_file_durably(file, "new").ok());
  CHECK(*read_file(file, 100) == "new");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("reading has a limit and names the file") {
  const test::TemporaryFolder folder;
  const Path file = folder.path() / "big";
  REQUIRE(write_file_durably(file, std::string(1001, 'x')).ok());
  CHECK(read_file(file, 1001).ok());
  CHECK(absl::IsResourceExhausted(read_file(file, 1000).status()));
  const auto missing = read_file(folder.path() / "none", 10);
  CHECK(absl::IsNotFound(missing.status()));
  CHECK(missing.status().ToString().find("none") != std::string::npos);
}

TEST_CASE("a named pipe in a file's place is refused in words, and holds nobody up") {
  const test::TemporaryFolder folder;
  const Path pipe = folder.path() / "key";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto read = read_file(pipe, 10);
  CHECK(absl::IsInvalidArgument(read.status()));
  CHECK(read.status().message() == "`" + pipe.string() + "` is a pipe, and must be a file");
}

TEST_CASE("a short file is DataLoss for pread_all") {
  const test::TemporaryFolder folder;
  const Path file = folder.path() / "short";
  REQUIRE(write_file_durably(file, "12345").ok());
  const auto fd = open_file(file, O_RDONLY);
  Bytes out(5);
  CHECK(pread_all(fd->get(), out, 0).ok());
  CHECK(absl::IsDataLoss(pread_all(fd->get(), out, 1)));
}

TEST_CASE("folders are made with their parents, private to us") {
  const test::TemporaryFolder folder;
  const Path deep = folder.path() / "a" / "b";
  REQUIRE(make_folder(deep).ok());
  CHECK((std::filesystem::status(deep).permissions() & std::filesystem::perms::others_all) ==
        std::filesystem::perms::none);
  REQUIRE(write_file_durably(deep / "file", "x").ok());
  CHECK(!make_folder(deep / "file").ok());
}

TEST_CASE("a lock is one holder's until it goes, and the file stays") {
  const test::TemporaryFolder folder;
  const Path file = folder.path() / "house.lock";
  {
    const auto first = lock_file(file, "held by another");
    REQUIRE(first.ok());
    const auto second = lock_file(file, "held by another");
    CHECK(absl::IsFailedPrecondition(second.status()));
    CHECK(second.status().message() == "held by another");
  }
  CHECK(std::filesystem::exists(file));
  CHECK(lock_file(file, "held by another").ok());
  const auto nowhere = lock_file(folder.path() / "none" / "house.lock", "held by another");
  CHECK(!nowhere.ok());
  CHECK(!absl::IsFailedPrecondition(nowhere.status()));
}

}  // namespace
}  // namespace latchstring
