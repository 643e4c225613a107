// Random lives of requests: whatever happens, in whatever order, stays within the table's rows.
#include <algorithm>
#include <random>

#include "gateway/release/table.h"
#include "tests/support/catch.h"

namespace latchstring::release {
namespace {

using namespace std::chrono_literals;
using policy::Approval;

constexpr int kWalks = 5'000;
constexpr int kSteps = 40;

class Walk {
 public:
  explicit Walk(unsigned seed) : random_(seed) {
    policy_.timezone = "Etc/UTC";
    policy_.residents = {"alex", "sam"};
    policy_.cameras["front_door"] = {"front_door", policy::Sharing::by_rule, {}, 5s};
    facts_.now = from_unix_seconds(1'780'000'000);
    facts_.household.residents = {{"alex", "sam"}};
    facts_.answers_after = std::chrono::days{8};
    state_.subject.id = "aaaaaaaaaa";
    policy_.cameras["drive"] = {"drive", policy::Sharing::by_rule, {}, 5s};
    state_.subject.want_audio = true;
    state_.subject.cameras = {"front_door"};
    state_.subject.footage = {facts_.now - 60min, facts_.now - 30min};
    state_.subject.is_gift = chance(0.2);
    if (!state_.subject.is_gift || chance(0.5)) state_.subject.agency = "springfield_pd";
    change_facts();
  }

  void step() {
    if (chance(0.4)) change_facts();
    const Event event = next_event();
    const State before = state_;
    const Row& row = row_of(before.phase, event);
    const Outcome outcome = Release::step(before, event, facts_);
    INFO(to_string(before.phase) << " x " << row.event << " -> " << to_string(outcome.state.phase)
                                 << " " << outcome.answer);
    ++seen[{before.phase, std::string(row.event)}];
    if (!outcome.answer.ok()) return;  // nothing is stored
    if (row.handle == nullptr) FAIL("an event that does not fit was taken");
    CHECK(says(row.next, to_string(outcome.state.phase)));
    for (const Effect& effect : outcome.effects) {
      CHECK(says(row.effects, kEffects[effect.index()]));
      came_of[&row].insert(kEffects[effect.index()]);
    }
    for (const Entry& entry : outcome.entries) {
      CHECK(says(row.entries, kRecords[static_cast<std::size_t>(entry.what)]));
      came_of[&row].insert(kRecords[static_cast<std::size_t>(entry.what)]);
    }
    came_of[&row].insert(to_string(outcome.state.phase));
    check_life(before, outcome);
    if (std::holds_alternative<event::Given>(event)) begun_ = true;
    state_ = outcome.state;
  }

  static inline std::map<std::pair<Phase, std::string>, int> seen;
  static inline std::map<const Row*, std::set<std::string_view>> came_of;

  // What the row says can come of it, and never did in all walks.
  static std::vector<std::string_view> never_came_of(const Row& row) {
    std::vector<std::string_view> never;
    const auto look = [&](std::string_view cell, std::string_view word) {
      if (says(cell, word) && !came_of[&row].contains(word)) never.push_back(word);
    };
    for (const std::string_view effect : kEffects) look(row.effects, effect);
    for (const std::string_view record : kRecords) look(row.entries, record);
    for (const Phase phase : {Phase::received, Phase::asking, Phase::releasing, Phase::ended}) {
      look(row.next, to_string(phase));
    }
    return never;
  }

 private:
  static constexpr std::array<std::string_view, std::variant_size_v<Effect>> kEffects{
      "SendReceived", "SendClosed", "AskResidents", "TellResidents", "Cut",       "StopWork",
      "Offer",        "DropSealed", "Withdraw",     "DeleteOutbox",  "PinFootage"};
  static constexpr std::array<std::string_view, 8> kRecords{
      "request", "decision", "approval", "release commit", "done", "abort", "revoke", "closed"};

  static bool says(std::string_view list, std::string_view word) {
    return list.find(word) != std::string_view::npos;
  }

  // What holds of every step, whatever the table says.
  void check_life(const State& before, const Outcome& outcome) const {
    const State& after = outcome.state;
    CHECK((before.phase != Phase::ended || after.phase == Phase::ended));
    CHECK((!before.closed_sent || after.closed_sent));
    CHECK((before.close_at == Instant{} || after.close_at == before.close_at));
    bool asked = false;
    for (const Effect& effect : outcome.effects) {
      asked = asked || std::holds_alternative<effect::AskResidents>(effect);
      if (std::holds_alternative<effect::Cut>(effect)) CHECK(facts_.blocked.empty());
      if (std::holds_alternative<effect::Offer>(effect)) CHECK(facts_.blocked.empty());
    }
    for (std::size_t i = 0; i < after.pieces.size(); ++i) {
      const PieceState now = after.pieces[i].state;
      const bool is_new = i >= before.pieces.size();
      if (now == PieceState::waiting && (is_new || before.pieces[i].state != now)) {
        CHECK(asked);  // whoever is to answer is asked, and has time to
        CHECK(after.answer_by > facts_.now);
      }
    }
  }

  bool chance(double share) { return std::bernoulli_distribution(share)(random_); }
  int below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }

  void change_facts() {
    constexpr std::array kRests{0min, 1min, 60min, 24h * 1 + 0min, 24h * 7 + 0min, 24h * 15 + 0min};
    facts_.now += kRests[static_cast<std::size_t>(below(kRests.size()))];
    facts_.clock_is_right = chance(0.9);
    facts_.blocked = chance(0.2) ? "paused" : !facts_.clock_is_right ? "no clock" : "";
    facts_.policies = {&policy_};
    facts_.requester_is_valid = chance(0.9);
    facts_.lists_are_fresh = chance(0.8);
    facts_.too_many_open = chance(0.05);
    facts_.in_work.clear();
    for (const int piece : {1, 2}) {
      if (chance(0.5)) facts_.in_work.insert(piece);
    }
    facts_.decisions.clear();
    facts_.decisions["front_door"].pieces.push_back(decided());
    if (!state_.subject.is_gift && chance(0.7))
      facts_.decisions["drive"].pieces.push_back(decided());
    facts_.decisions_of_committed = facts_.decisions;
  }

  policy::Piece decided() {
    policy::Piece piece;
    piece.footage = state_.subject.footage;
    piece.approval = static_cast<Approval>(below(4));
    piece.answer_within = 48h;
    if (piece.approval != Approval::refuse && chance(0.5)) piece.redact = {"audio"};
    return piece;
  }

  // Of what is on offer it is the file that is lost.
  Event work_failed(int piece, bool no_footage) const {
    const bool offered =
        std::any_of(state_.pieces.begin(), state_.pieces.end(), [piece](const Piece& one) {
          return one.number == piece && one.state == PieceState::offered;
        });
    return event::WorkFailed{piece, "broken", no_footage, offered};
  }

  int some_piece() { return 1 + below(2); }

  Event next_event() {
    const std::string who = chance(0.5) ? "alex" : "sam";
    if (!begun_) {
      begun_ = !state_.subject.is_gift;
      if (state_.subject.is_gift) return event::Given{{"alex", "sam"}};
      return event::Received{};
    }
    switch (below(12)) {
      case 0:
        return event::Answered{who, chance(0.85)};
      case 1:
      case 2:
        return event::Sealed{some_piece()};
      case 3:
        return work_failed(some_piece(), chance(0.5));
      case 4:
        return event::ReceiptStored{some_piece(), chance(0.8)};
      case 5:
        if (chance(0.3)) return event::Revoked{who};
        return event::Reconsider{};
      case 6:
        if (chance(0.2)) return event::Cancelled{};
        return event::Reconsider{};
      case 7:
        return event::HandedOver{1};
      case 8:
        return event::Tick{};
      case 9:
        // Of one that was received before; a second row with its id is refused.
        if (state_.phase != Phase::received) return event::Received{};
        return event::Tick{};
      case 10:
        return event::Given{{who}};
      default:
        return event::Reconsider{};
    }
  }

  std::mt19937 random_;
  policy::Policy policy_;
  Facts facts_;
  State state_;
  bool begun_ = false;
};

TEST_CASE("every life stays within the rows of the table") {
  for (unsigned seed = 1; seed <= kWalks; ++seed) {
    INFO("seed " << seed);
    Walk walk(seed);
    for (int i = 0; i < kSteps; ++i) walk.step();
  }
  for (const Row& row : table()) {
    INFO(to_string(row.phase) << " x " << row.event);
    const bool met = Walk::seen.contains({row.phase, std::string(row.event)});
    CHECK(met);
    for (const std::string_view never : Walk::never_came_of(row)) FAIL_CHECK("never: " << never);
  }
}

}  // namespace
}  // namespace latchstring::release
