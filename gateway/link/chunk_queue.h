// ChunkQueue: which chunks of which outbox files are to leave, and the reading of them.
// Threads: add(), want(), forget(), clear() from any; publish_next() from one, the link's.
// Invariant: when forget() has returned, no chunk of that transfer is published any more, also not
// one that was being read.
// Limits: kJobsMax indices waiting; kOpenFilesMax descriptors; kTreeBytesMax of trees. A file is
// read from end to end when its first chunk is asked for; its tree stays, also when others come.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "gateway/link/chunk_file.h"
#include "gateway/wire/data.h"
#include "gateway/wire/topics.h"

namespace latchstring::link {

inline constexpr std::size_t kJobsMax = 4'096;
inline constexpr std::size_t kOpenFilesMax = 8;
// 64 bytes for each chunk: enough for 60 GB on offer at once. Beyond it the tree that was not used
// for longest goes, and its file is read anew when somebody asks for it.
inline constexpr std::uint64_t kTreeBytesMax = 64u << 20;

class ChunkQueue {
 public:
  using Open = std::function<absl::StatusOr<std::unique_ptr<ChunkFile>>(const Path&)>;
  using Publish = std::function<absl::Status(const wire::Peer& to, const wire::Data& data)>;
  // The file cannot be read or is not what was offered; what was wanted of it is dropped.
  using Broken = std::function<void(const wire::TransferId&, const absl::Status& why)>;

  explicit ChunkQueue(Broken broken, Open open = &ChunkFile::open);

  // One that is there already keeps what is wanted of it.
  void add(const wire::TransferId& transfer, const Path& path, const crypto::Hash& merkle_root);
  // False: not there, or too much waits.
  bool want(const wire::Peer& peer, const wire::TransferId& transfer,
            const std::vector<std::uint64_t>& indices);
  // Waits for a chunk that is being published, not for one that is being read.
  void forget(const wire::TransferId& transfer);
  void clear();  // nobody wants anything any more

  struct Published {
    wire::TransferId transfer{};
    std::uint64_t index = 0;
  };
  // Reads the next chunk and publishes it; nothing where none is wanted. Transfers take turns.
  // Errors: those of `publish`.
  absl::StatusOr<std::optional<Published>> publish_next(const Publish& publish);

 private:
  struct File {
    Path path;
    crypto::Hash merkle_root{};
    std::uint64_t generation = 0;  // tells it from one that was forgotten and added again
    wire::Peer peer;
    std::set<std::uint64_t> wanted;  // the last index of a file sorts last, as it must
  };
  struct Job {
    wire::TransferId transfer{};
    std::uint64_t index = 0;
    std::uint64_t generation = 0;
    Path path;
    crypto::Hash merkle_root{};
    wire::Peer peer;
  };
  struct Opened {
    std::unique_ptr<ChunkFile> file;
    std::uint64_t used = 0;
  };
  std::optional<Job> next_job();
  absl::StatusOr<wire::Data> read(const Job& job);
  absl::StatusOr<const ChunkFile*> opened(const Job& job);
  void keep_limits();
  std::map<wire::TransferId, Opened>::iterator least_used(bool open_only);
  bool is_current(const Job& job) const;
  void drop_wanted(File& file);

  const Broken broken_;
  const Open open_;

  std::mutex mutex_;
  std::map<wire::TransferId, File> files_;   // guarded by mutex_
  std::size_t jobs_ = 0;                     // guarded by mutex_; all `wanted` together
  std::uint64_t next_generation_ = 1;        // guarded by mutex_
  wire::TransferId served_last_{};           // guarded by mutex_; transfers take turns
  std::vector<wire::TransferId> forgotten_;  // guarded by mutex_; to be closed

  // The publishing thread only.
  std::map<wire::TransferId, Opened> opened_;
  std::uint64_t uses_ = 0;
};

}  // namespace latchstring::link
