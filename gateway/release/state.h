// What is known of one request: the part of the life of a request that is stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/time.h"
#include "policy/engine/decide.h"

namespace latchstring::release {

enum class Phase : std::uint8_t {
  received,   // committed and acknowledged, not judged yet
  asking,     // some piece waits for the residents
  releasing,  // nothing is asked any more; pieces are worked on, offered or delivered
  ended,      // nothing more will be given
};

enum class PieceState : std::uint8_t {
  waiting,    // for the residents
  working,    // being cut, redacted and sealed (or will be, once nothing blocks it)
  offered,    // committed: the requester may fetch it
  delivered,  // the requester's receipt is stored
  refused,
  revoked,
  expired,
  failed,
  lapsed,  // never (or no longer) given
};

// A stretch of one camera's footage with one outcome.
struct Piece {
  int number = 1;  // at home only: which pieces there are tells what the rules permit
  std::string camera;
  Interval footage;
  policy::Approval approval = policy::Approval::refuse;  // as judged last
  PieceState state = PieceState::waiting;
  Instant expires;                  // of the offer; Instant{} before
  std::string reason;               // why it is refused, failed, ...; for the household
  std::vector<std::string> hidden;  // in what was made, or is being made: a line each; demands.h

  friend bool operator==(const Piece&, const Piece&) = default;
};

// Not over: a decision can still change it.
bool is_open(const Piece& piece);

// Reasons of a piece that mean something to the program too.
inline constexpr std::string_view kNobodyAnswered = "nobody answered in time";
inline constexpr std::string_view kNoFootage = "there is no footage of that time";
inline constexpr std::string_view kFileLost = "its file on offer was damaged or gone";

struct Answer {
  std::string resident;
  bool yes = false;
  Instant at;

  friend bool operator==(const Answer&, const Answer&) = default;
};

// What was asked, or is given of the household's own accord; never changes, but that an officer
// comes for a gift.
struct Subject {
  std::string id;                    // [a-z2-7]{10}
  std::string agency;                // id in the policy
  std::string officer;               // badge
  std::vector<std::string> cameras;  // ids or labels; empty: any
  std::optional<Area> area;          // the place that it is about, where it is about one
  policy::Basis basis = policy::Basis::consent;
  std::string purpose;
  Interval footage;
  bool want_audio = false;
  bool want_native = false;
  Instant received;
  bool is_gift = false;

  // For whoever waits at the household's door, not for an agency.
  bool is_gift_file() const { return is_gift && agency.empty(); }
  // A gift to an agency is made when one of its officers comes.
  bool has_addressee() const { return !is_gift || agency.empty() || !officer.empty(); }

  friend bool operator==(const Subject&, const Subject&) = default;
};

struct State {
  Subject subject;
  Phase phase = Phase::received;
  std::string outcome;  // in a word, once ended: refused, delivered, ...
  Instant answer_by;    // Instant{}: nothing is asked
  Instant close_at;     // Instant{}: the clock was never right since it came
  bool closed_sent = false;
  std::vector<Piece> pieces;
  std::vector<Answer> answers;

  friend bool operator==(const State&, const State&) = default;
};

// What the requester may be told where the household says why (`when_refused_say: reason`).
// pending, processing, released, refused, revoked, expired, cancelled, failed, lapsed, not_judged.
std::string public_word(const State& state);
// Why, as coarse as that: rules, residents, no_answer, no_footage, too_many_open, or empty.
std::string_view public_reason(const State& state);

std::string_view to_string(Phase phase);
std::string_view to_string(PieceState state);
absl::StatusOr<Phase> phase_from(std::string_view text);
absl::StatusOr<PieceState> piece_state_from(std::string_view text);

}  // namespace latchstring::release
