// Gifts in files: who waits for one at the household's door, and writing it into their pipe once
// the release is committed. A copy of each, sealed to the household's archive recipient, is kept
// in the folder `gifts` of the state: GIFT.tar.age.
// Threads: loop only; writing is a chore, since the reader of the pipe may be slow.
// Limits: kCallersMax. Nobody waits after a restart: such a gift fails.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/control/request.h"
#include "gateway/daemon/chores.h"
#include "gateway/daemon/house_keys.h"
#include "gateway/daemon/release_worker.h"
#include "gateway/state/docket.h"

namespace latchstring::daemon {

inline constexpr std::size_t kCallersMax = 8;

class Gifts {
 public:
  struct Parts {
    Chores& chores;
    const HouseKeys& keys;
    state::Docket& docket;
    Path folder;
    std::function<void(absl::StatusOr<state::Step>)> on_step;
    // Tells the docket that it cannot be made.
    std::function<void(const ReleaseWorker::Key&, const absl::Status&)> on_failed;
  };
  struct Caller {
    crypto::Secret passphrase;
    UniqueFd pipe;
    control::Reply reply;
  };
  explicit Gifts(Parts parts) : parts_(std::move(parts)) {}

  bool full() const { return waiting_.size() >= kCallersMax; }
  // Before the effects of the step that made it are run.
  void wait(const std::string& gift, Caller caller);
  // Cut and redacted: decided again, committed, written.
  void write(const ReleaseWorker::Key& key, std::vector<seal::PackedClip> clips);
  // Time passed: what could not be told to the docket is told again.
  void retry();
  // Something happened to it: when it is over, its caller hears why.
  void look_at(const state::StoredRequest& request);
  // Nothing more of any file is written.
  void interrupt();
  // Its piece, while somebody waits for it.
  std::set<int> pieces_of(const std::string& gift) const;

 private:
  struct Waiting {
    Caller caller;
    // Shared with the chore that writes.
    std::shared_ptr<std::atomic<bool>> stopped = std::make_shared<std::atomic<bool>>(false);
    std::optional<json::Writer> written = {};  // the answer, once the file is whole
    absl::Status failed = {};                  // why it never will be
  };
  struct Writing;
  absl::Status start(const ReleaseWorker::Key& key, Waiting& waiting,
                     std::vector<seal::PackedClip> clips, std::vector<ledger::ProvenLeaf> proofs);
  void finish(Writing& writing);
  void fail(const ReleaseWorker::Key& key, const absl::Status& why);
  void hand_over(const std::string& gift);

  Parts parts_;
  std::map<std::string, Waiting> waiting_;
};

}  // namespace latchstring::daemon
