// What is true outside the gateway, and what may therefore never happen: the invariants of
// docs/ARCHITECTURE.md, checked where something leaves the house, at every start and at the end.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/ledger/ledger.h"
#include "gateway/state/docket.h"
#include "tests/sim/faults.h"
#include "tests/sim/world.h"

namespace latchstring::sim {

// How long what is suspended may still leave: a tick, and what the link had queued.
inline constexpr Duration kSuspendedWithin = seconds{3};
// How late `closed` may be: a slow tick, the link's longest absence, starts after crashes.
inline constexpr Duration kClosedWithin = hours{30};

class Truth {
 public:
  Truth(const World& world, const SimClock& clock) : world_(world), clock_(clock) {}

  struct Agreed {
    std::map<std::string, int> said_yes;  // resident -> times; also where the power went meanwhile
    bool taken_back = false;              // a no or a revocation was acknowledged
  };
  struct Asked : Agreed {
    const OfficerKeys* officer = nullptr;
    wire::Request request;
    std::string sha256;
    std::optional<Instant> terms_from;  // came, and the clock was right: no term begins before
    std::optional<Instant> answered;    // `received` left, and the clock was right: they run
    bool was_answered = false;
    std::map<std::string, std::string> notices;  // state -> the one decision object
    std::set<int> delivered;                     // pieces whose receipt its officer signed
  };
  std::map<std::string, Asked> asked;
  // What the household gives of its own accord.
  struct Gift : Agreed {
    release::Subject subject;
    bool acknowledged = false;
    bool handed_over = false;  // who waited for the file was told that it is whole
  };
  std::map<std::string, Gift> gifts;
  Agreed& agreed(const std::string& id);
  // By the rules and the residents, whatever the quota says; not while something blocks.
  bool may_be_given(const Gift& gift) const;

  // What the worker made of a piece, by the grant it had.
  struct Made {
    std::string camera;
    Interval footage;
    bool hides_hedge = false;
    std::vector<std::string> recipients;  // to whom it was sealed; none: a file
  };
  std::map<std::pair<std::string, int>, Made> made;  // request, piece: the last one
  std::set<std::string> last_left;                   // transfers whose last index left the house

  // The household as it is.
  Rules rules;  // null: broken
  bool paused = false;
  void set_suspended(bool suspended);
  void clock_became_right();

  void came(const std::string& request);
  void check_letter(store::Database& database, const wire::Peer& peer, const Bytes& sealed);
  void check_chunk(store::Database& database, const std::string& transfer, std::uint64_t index);
  // The effects of a step that was just committed.
  void check_step(state::Docket& docket, const state::Step& step);
  // A gift in a file was just committed, or some of it is about to be written.
  void check_file_commit(state::Docket& docket, const std::string& gift,
                         const std::vector<ledger::ProvenLeaf>& proofs,
                         const std::vector<std::string>& manifests);
  void check_file_bytes(store::Database& database, const std::string& gift);
  void check_approvals(store::Database& database);
  void check_end(store::Database& database, state::Docket& docket);

 private:
  struct Given {
    Instant at;
    Duration length;
  };
  void check_notice(store::Database& database, const wire::Notice& notice);
  void check_offer(store::Database& database, const wire::Offer& offer, const OfficerKeys& officer);
  void check_release(const state::StoredRequest& stored, const release::Piece& piece);
  void check_receiver(const state::StoredRequest& stored, const Made& what) const;
  void check_quota(const std::string& agency, const release::Piece& piece);
  void check_permitted(const std::string& id, int piece, std::string_view when);
  void check_is_asked(const std::string& id, const Made& what) const;
  policy::Decision judge(const std::string& id, const std::string& camera,
                         const Interval& footage) const;
  policy::Decision judge_gift(const Gift& gift, const Interval& footage) const;
  void check_gifts(store::Database& database, state::Docket& docket);
  void check_closed(store::Database& database);
  void check_chunk_row(store::Database& database, const store::Row& row,
                       const std::string& transfer, std::uint64_t index);
  static void check_all_others_marked(store::Database& database, const std::string& request,
                                      int piece);

  const World& world_;
  const SimClock& clock_;
  std::set<std::string> seen_;  // letters, by hash
  std::set<std::string> came_;  // arrived at a running gateway, so that it may be known to it
  std::optional<Instant> suspended_since_;
  std::map<std::string, std::vector<Given>> given_;                      // by agency
  std::map<std::pair<wire::Peer, std::uint64_t>, std::string> letters_;  // seq -> its bytes
};

}  // namespace latchstring::sim
