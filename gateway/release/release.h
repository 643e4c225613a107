// The life of one request, as a pure state machine: state and event in, state, effects and ledger
// entries out. No I/O, no clock, no database: what is true outside comes in as Facts.
// The table of states and events is in table.h; docs/design/01-life-of-a-request.md is printed from
// it. gateway/state writes what step() returns in one transaction, before any effect runs.
// Limits: kPiecesMax pieces per request.
#pragma once

#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "gateway/base/stages.h"
#include "gateway/base/status.h"
#include "gateway/release/event.h"
#include "gateway/release/household.h"
#include "gateway/release/state.h"

namespace latchstring::release {

inline constexpr std::size_t kPiecesMax = 64;
inline constexpr Duration kOfferLifetime = std::chrono::days{14};
inline constexpr Duration kGiftWaits = std::chrono::days{14};  // for an officer of the agency

// What is true outside, gathered by gateway/state inside the transaction of the step.
struct Facts {
  Instant now;
  bool clock_is_right = true;
  std::string blocked;  // why nothing may be judged or released now; empty: nothing blocks
  // All that count, the present one first; empty while blocked by a broken file.
  std::vector<const policy::Policy*> policies;
  std::map<std::string, policy::Decision> decisions;  // per camera asked, over all the footage
  // The same for pieces that were committed: their share of the quota is taken already.
  std::map<std::string, policy::Decision> decisions_of_committed;
  Household household;             // who may answer
  bool requester_is_valid = true;  // agency pinned, credential in date and not revoked
  bool lists_are_fresh = true;     // else automatic becomes ask_one
  bool too_many_open = false;      // open_requests_per_agency is reached
  Duration answers_after{0};
  std::set<int> in_work;  // pieces that a release worker holds at this moment
};

namespace effect {
struct SendReceived {};  // to the requester, at once
struct SendClosed {};    // to the requester, at the due time
struct AskResidents {
  Instant answer_by;
};
struct TellResidents {
  std::string text;
};
struct Cut {
  int piece = 0;
  Grant grant;
};  // start the release worker
struct StopWork {
  int piece = 0;
};  // kill it, delete what it made
struct Offer {
  int piece = 0;
};
struct PinFootage {};  // of a gift that waits
struct DropSealed {
  int piece = 0;
};  // sealed, but not to be offered
struct Withdraw {
  int piece = 0;
};  // REVOKE, empty the queue, delete
struct DeleteOutbox {
  int piece = 0;
};  // delivered or expired: the copy goes
}  // namespace effect

using Effect =
    std::variant<effect::SendReceived, effect::SendClosed, effect::AskResidents,
                 effect::TellResidents, effect::Cut, effect::StopWork, effect::Offer,
                 effect::DropSealed, effect::Withdraw, effect::DeleteOutbox, effect::PinFootage>;

// What the ledger says of it.
enum class Record : std::uint8_t {
  request,
  decision,
  approval,
  release_commit,
  done,
  abort,
  revoke,
  closed
};

struct Entry {
  Record what = Record::decision;
  int piece = 0;       // 0: the request as a whole
  std::string word;    // a state, an approval, an answer: [a-z_]
  std::string detail;  // for the household's own, deletable record; never a word of the request
};

struct Outcome {
  State state;
  std::vector<Effect> effects;
  std::vector<Entry> entries;
  absl::Status answer;  // for who caused the event: why nothing happened
};

class Release {
 public:
  // Pure. An event that does not fit the phase changes nothing and says so in `answer`.
  static Outcome step(const State& state, const Event& event, const Facts& facts);
  // What a clip of this piece is to hide.
  static RedactionPlan plan_of(const State& state, const Piece& piece, const policy::Piece& decided,
                               const std::vector<const policy::Policy*>& policies);
  // What somebody of the household asked to see with their own eyes; never a release.
  static Look look(std::string camera, Interval footage, RedactionPlan redaction);

 private:
  friend class Step;
  static Grant make_grant(const State& state, const Piece& piece, const policy::Piece& decided,
                          const std::vector<const policy::Policy*>& policies);
};

// What the strictest decision over a piece's footage is, from a new decision of the whole request.
// Refuse where any instant of it is refused; redactions are the union, limits the strictest.
policy::Piece strictest_over(const policy::Decision& decision, const Interval& footage);

// What the clip that was made of a piece hides, or is to hide: classes, zones, audio.
std::set<std::string> hidden_names(const Piece& piece);
// What it would hide if it were made as this decision says.
std::set<std::string> hidden_names(const State& state, const Piece& piece,
                                   const policy::Piece& decided,
                                   const std::vector<const policy::Policy*>& policies);

}  // namespace latchstring::release
