// The release worker: one thread that cuts, redacts and seals, one piece at a time.
// Threads: start(), cancel(), progress() on the loop; the work on its own thread, which posts the
// outcome to the loop. Footage is leased, so that it is not evicted meanwhile.
// If it falls behind: is_free() says no, and pieces wait with the caller; `request.show` says how
// far each one is.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/archive/archive.h"
#include "gateway/base/loop.h"
#include "gateway/redact/redact.h"
#include "gateway/seal/gift_file.h"
#include "gateway/seal/seal.h"

namespace latchstring::daemon {

// A piece whose footage has more gaps than this is not released: something is wrong with it.
inline constexpr std::size_t kPartsMax = 16;
static_assert(archive::kSourcesPerPartMax <= wire::kSourcesMax);

class ReleaseWorker {
 public:
  using Key = std::pair<std::string, int>;  // release id, piece
  struct Work {
    Grant grant;
    archive::Footage footage;
    seal::Context context;
    Path folder;  // in the outbox, made by the worker; empty: a gift in a file, which is packed
  };
  using Parts = std::variant<std::vector<SealedClip>, std::vector<seal::PackedClip>>;
  struct Made {
    Key key;
    absl::StatusOr<Parts> parts;
    Instant delete_after;  // as the manifests ask it
  };

  ReleaseWorker(Loop& loop, archive::Cutter cutter, const redact::Redactor& redactor,
                const seal::Sealer& sealer, std::function<void(Made)> on_made);
  ~ReleaseWorker();  // cancels what runs
  ReleaseWorker(const ReleaseWorker&) = delete;
  ReleaseWorker& operator=(const ReleaseWorker&) = delete;

  void start(Work work);
  // Takes it out of the queue, or kills its worker process; nothing of it is reported afterwards.
  void cancel(const Key& key);
  // Nothing is queued or at work, but for what was cancelled.
  bool is_free() const;
  // Pieces of one release that are queued or at work.
  std::set<int> pieces_of(const std::string& release) const;
  // [0, 1] of the piece at work; nothing for others.
  std::optional<double> progress(const Key& key) const;

 private:
  struct Job {
    Work work;
    std::shared_ptr<worker::Cancel> cancel;  // shared: the loop cancels what the thread runs
  };
  static Key key_of(const Work& work);
  void serve();
  void report(Made done, std::shared_ptr<worker::Cancel> cancel);
  absl::StatusOr<Parts> make(Job& job);
  absl::Status add(RedactedClip redacted, const Work& work, const worker::Cancel& cancel,
                   Parts& parts);
  absl::StatusOr<RedactedClip> redact(Clip clip, const worker::Cancel& cancel, double share_from,
                                      double share);

  Loop& loop_;
  const archive::Cutter cutter_;
  const redact::Redactor& redactor_;
  const seal::Sealer& sealer_;
  const std::function<void(Made)> on_made_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;                              // guarded by mutex_
  std::map<Key, std::shared_ptr<worker::Cancel>> held_;  // guarded by mutex_: queued or at work
  std::optional<Key> at_work_;                           // guarded by mutex_
  double progress_ = 0;                                  // guarded by mutex_
  bool stopping_ = false;                                // guarded by mutex_
  std::thread thread_;
};

}  // namespace latchstring::daemon
