// What is taken back while its chunk is being read or published, and files on offer in numbers.
#include "gateway/link/chunk_queue.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "gateway/base/status.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace latchstring::link {
namespace {

using std::chrono::milliseconds;

const wire::Peer kPeer{"bbbbbbbbbb", "cccccccccc"};
constexpr std::size_t kSize = 3 * wire::kChunkBytes;

struct Outbox {
  test::TemporaryFolder folder;
  std::vector<wire::TransferId> published;
  std::vector<wire::TransferId> broken;
  std::atomic<int> opened = 0;
  std::function<void()> while_opening;
  ChunkQueue queue{
      [this](const wire::TransferId& id, const absl::Status&) { broken.push_back(id); },
      [this](const Path& path) {
        ++opened;
        if (while_opening) while_opening();
        return ChunkFile::open(path);
      }};

  Path write(const std::string& name) const {
    const Path path = folder.path() / name;
    REQUIRE(write_file_durably(path, std::string(kSize, name[0])).ok());
    return path;
  }
  wire::TransferId offer(const std::string& name) {
    const wire::TransferId id = wire::random_transfer_id();
    const Path path = write(name);
    queue.add(id, path, (*ChunkFile::open(path))->root());
    return id;
  }
  // True: a chunk was published.
  bool next() {
    const auto done = queue.publish_next([this](const wire::Peer& to, const wire::Data& data) {
      CHECK(to == kPeer);
      published.push_back(data.transfer);
      return absl::OkStatus();
    });
    REQUIRE(done.ok());
    return done->has_value();
  }
};

TEST_CASE("what is forgotten while its chunk is read does not leave") {
  Outbox outbox;
  const auto id = outbox.offer("clip");
  REQUIRE(outbox.queue.want(kPeer, id, {0, 1, 2}));
  // On another thread, as the loop does it while the link reads a large file.
  outbox.while_opening = [&] {
    std::async(std::launch::async, [&] { outbox.queue.forget(id); }).get();
  };
  CHECK(!outbox.next());
  CHECK(outbox.published.empty());
  CHECK(outbox.broken.empty());
  CHECK(!outbox.queue.want(kPeer, id, {0}));
}

TEST_CASE("what is forgotten and given back meanwhile leaves only when it is asked for again") {
  Outbox outbox;
  const auto id = outbox.offer("clip");
  const Path path = outbox.folder.path() / "clip";
  const auto root = (*ChunkFile::open(path))->root();
  REQUIRE(outbox.queue.want(kPeer, id, {0}));
  outbox.while_opening = [&] {
    outbox.queue.forget(id);
    outbox.queue.add(id, path, root);
  };
  CHECK(!outbox.next());
  outbox.while_opening = nullptr;
  REQUIRE(outbox.queue.want(kPeer, id, {0}));
  CHECK(outbox.next());
}

TEST_CASE("a file that is deleted because it was taken back is not called broken") {
  Outbox outbox;
  const auto id = outbox.offer("clip");
  REQUIRE(outbox.queue.want(kPeer, id, {0}));
  outbox.while_opening = [&] {
    outbox.queue.forget(id);
    REQUIRE(remove_durably(outbox.folder.path() / "clip").ok());
  };
  CHECK(!outbox.next());
  CHECK(outbox.broken.empty());
}

TEST_CASE("forget() does not return while a chunk of it is being published") {
  Outbox outbox;
  const auto id = outbox.offer("clip");
  REQUIRE(outbox.queue.want(kPeer, id, {0, 1, 2}));
  std::atomic<bool> leaving = false;
  std::atomic<bool> left = false;
  std::atomic<bool> left_before_forgotten = false;
  std::thread revoker([&] {
    while (!leaving) std::this_thread::yield();
    outbox.queue.forget(id);
    left_before_forgotten = left.load();
  });
  const auto done = outbox.queue.publish_next([&](const wire::Peer&, const wire::Data&) {
    leaving = true;
    std::this_thread::sleep_for(milliseconds{200});
    left = true;
    return absl::OkStatus();
  });
  revoker.join();
  REQUIRE(done.ok());
  CHECK(done->has_value());
  CHECK(left_before_forgotten);
  CHECK(!outbox.next());  // the two others were dropped
}

TEST_CASE("many files on offer are each read from end to end once") {
  Outbox outbox;
  std::vector<wire::TransferId> ids;
  for (std::size_t i = 0; i < 3 * kOpenFilesMax; ++i) {
    ids.push_back(outbox.offer(std::string(1, static_cast<char>('a' + i))));
  }
  for (std::uint64_t index = 0; index < 3; ++index) {
    for (const auto& id : ids) REQUIRE(outbox.queue.want(kPeer, id, {index}));
    while (outbox.next()) {
    }
  }
  CHECK(outbox.published.size() == 3 * ids.size());
  CHECK(outbox.broken.empty());
  CHECK(outbox.opened == static_cast<int>(ids.size()));
}

TEST_CASE("a file that was exchanged while its descriptor was closed is never sent") {
  Outbox outbox;
  const auto first = outbox.offer("a");
  REQUIRE(outbox.queue.want(kPeer, first, {0}));
  REQUIRE(outbox.next());
  for (std::size_t i = 0; i < kOpenFilesMax; ++i) {
    const auto id = outbox.offer(std::string(1, static_cast<char>('b' + i)));
    REQUIRE(outbox.queue.want(kPeer, id, {0}));
    REQUIRE(outbox.next());
  }
  REQUIRE(write_file_durably(outbox.folder.path() / "a", std::string(kSize, 'x')).ok());
  outbox.published.clear();
  REQUIRE(outbox.queue.want(kPeer, first, {1}));
  CHECK(!outbox.next());
  CHECK(outbox.published.empty());
  CHECK(outbox.broken == std::vector<wire::TransferId>{first});
}

TEST_CASE("bytes that were damaged while the file is open are never sent") {
  Outbox outbox;
  const auto id = outbox.offer("clip");
  REQUIRE(outbox.queue.want(kPeer, id, {0}));
  REQUIRE(outbox.next());
  {
    // In place, as a disk does it: the descriptor still reads this file. Index 1 is chunk 2.
    const auto fd = open_file(outbox.folder.path() / "clip", O_WRONLY);
    REQUIRE(fd.ok());
    REQUIRE(::pwrite(fd->get(), "X", 1, 2 * wire::kChunkBytes + 5) == 1);
  }
  REQUIRE(outbox.queue.want(kPeer, id, {1}));
  CHECK(!outbox.next());
  CHECK(outbox.published.size() == 1);
  CHECK(outbox.broken == std::vector<wire::TransferId>{id});
}

TEST_CASE("a file on offer that is gone is called broken") {
  Outbox outbox;
  const auto id = outbox.offer("clip");
  REQUIRE(remove_durably(outbox.folder.path() / "clip").ok());
  REQUIRE(outbox.queue.want(kPeer, id, {0, 1, 2}));
  CHECK(!outbox.next());
  CHECK(outbox.broken == std::vector<wire::TransferId>{id});
}

TEST_CASE("more than the limit is not taken, and a lost connection empties the queue") {
  Outbox outbox;
  const auto id = outbox.offer("clip");
  std::vector<std::uint64_t> many(kJobsMax);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = i;
  REQUIRE(outbox.queue.want(kPeer, id, many));
  CHECK(!outbox.queue.want(kPeer, id, {kJobsMax}));
  outbox.queue.clear();
  CHECK(!outbox.next());
  CHECK(outbox.queue.want(kPeer, id, {0}));
}

}  // namespace
}  // namespace latchstring::link
