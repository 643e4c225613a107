// From a grant to sealed files: waits until the footage is out of the open segment and the release
// worker is free, gathers what the manifest says, gives it to the worker, and brings the result
// back to the docket. One piece at a time, so that each is sealed under the number that it leaves
// under (state::Docket::next_clip).
// Threads: loop only.
// Limits: kSegmentPatience; then what is there is cut. kTriesMax.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "gateway/archive/archive.h"
#include "gateway/daemon/house_keys.h"
#include "gateway/daemon/recorders.h"
#include "gateway/daemon/release_worker.h"
#include "gateway/state/docket.h"

namespace latchstring::daemon {

inline constexpr Duration kSegmentPatience = std::chrono::seconds{30};
// Of one piece, where the worker was silent or killed: the machine may have been under load.
inline constexpr int kTriesMax = 3;
// Ends the reason of a piece that failed through no fault of the rules: `status` warns of it.
inline constexpr std::string_view kMayAskAgain = "the officer may ask again";
static_assert(archive::kMendFirst.ends_with(kMayAskAgain));

class Cuts {
 public:
  struct Parts {
    Loop& loop;
    const Clock& clock;
    const config::Config& config;
    const HouseKeys& keys;
    archive::Archive& archive;
    Recorders& recorders;
    state::Docket& docket;
    redact::Redactor redactor;
    std::string ledger_vkey;
    // Commits to all footage recorded so far.
    std::function<absl::Status()> commit_segments;
    std::function<void(absl::StatusOr<state::Step>)> on_step;
    // A gift in a file is ready to be written.
    std::function<void(const ReleaseWorker::Key&, std::vector<seal::PackedClip>)> on_packed;
  };
  explicit Cuts(Parts parts);

  void begin(Grant grant);
  void stop(const std::string& release, int piece);
  // It cannot be made; or not now, and the docket has it cut anew (state::kRedoEvery).
  void fail(const ReleaseWorker::Key& key, const absl::Status& why);
  // A segment ended, or time passed.
  void retry();
  std::set<int> pieces_of(const std::string& release) const;
  // True while this folder of the outbox belongs to a piece that is being made.
  bool is_filling(const std::string& folder) const;
  std::optional<double> progress(const std::string& release, int piece) const;
  const redact::Redactor& redactor() const { return parts_.redactor; }

 private:
  struct Waiting {
    Grant grant;
    Duration until{0};  // steady time
    bool is_ready = false;
  };
  void look_at_waiting();
  std::optional<Grant> take_ready();
  void start(Grant grant);
  absl::StatusOr<ReleaseWorker::Work> work_for(Grant grant);
  absl::StatusOr<archive::Footage> committed_footage(const GrantTerms& terms);
  absl::StatusOr<seal::Context> context_for(const GrantTerms& terms);
  void on_made(ReleaseWorker::Made made);
  bool is_tried_again(const ReleaseWorker::Key& key, const absl::Status& why);

  Parts parts_;
  const seal::Sealer sealer_;
  std::list<Waiting> waiting_;
  std::map<ReleaseWorker::Key, std::string> filling_;  // folder in the outbox
  std::map<ReleaseWorker::Key, int> tries_;            // that failed, of what is tried again
  ReleaseWorker worker_;
};

}  // namespace latchstring::daemon
